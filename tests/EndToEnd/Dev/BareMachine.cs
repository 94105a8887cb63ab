using Built = Sallyport.EndToEnd.Harness.Built;

namespace Sallyport.EndToEnd.Dev;

/// <summary>
/// A copy of the dev script in a folder of its own, with a PATH that has this machine's programs except the .NET SDK,
/// and with an apt that writes down what it is asked instead of doing it.
/// </summary>
internal sealed class BareMachine : IDisposable
{
    private const UnixFileMode RunnableByAll = (UnixFileMode)0b111_101_101;

    public BareMachine()
    {
        Root = Directory.CreateTempSubdirectory("sallyport-dev-").FullName;
        Bin = Directory.CreateDirectory(Path.Combine(Root, "bin")).FullName;
        foreach (string program in Directory.EnumerateFiles("/usr/bin").Where(p => Path.GetFileName(p) != "dotnet"))
        {
            File.CreateSymbolicLink(Path.Combine(Bin, Path.GetFileName(program)), program);
        }

        AddProgram("dpkg-query", "printf installed");
        AddProgram("apt-cache", "exit 0");
        AddProgram("apt-get", $"echo \"$*\" >>{Root}/apt.log");

        CopyToRoot("dev", "global.json");
        CopyToRoot([.. Directory.EnumerateFiles(Path.Combine(Built.Root, "eng", "dev"))
            .Select(f => Path.GetRelativePath(Built.Root, f))]);
    }

    public string Root { get; }

    /// <summary>The only folder of PATH.</summary>
    public string Bin { get; }

    /// <summary>What apt was asked, one line a call.</summary>
    public string AptLog => File.Exists(Path.Combine(Root, "apt.log")) ? File.ReadAllText(Path.Combine(Root, "apt.log")) : "";

    public void AddProgram(string name, string body)
    {
        string file = Path.Combine(Bin, name);
        File.Delete(file);
        File.WriteAllText(file, $"#!/bin/bash\n{body}\n");
        File.SetUnixFileMode(file, RunnableByAll);
    }

    public void Write(string path, string text)
    {
        string file = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    public Task<Command> DevAsync(string scriptUrl, params string[] arguments) =>
        Command.RunAsync(Path.Combine(Root, "dev"), arguments, Root, new Dictionary<string, string?>
        {
            ["PATH"] = Bin,
            ["DOTNET_ROOT"] = null,
            ["SALLYPORT_SDK_SCRIPT_URL"] = scriptUrl,
        });

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private void CopyToRoot(params string[] paths)
    {
        foreach (string path in paths)
        {
            string copy = Path.Combine(Root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Path.Combine(Built.Root, path), copy);
        }
    }
}
