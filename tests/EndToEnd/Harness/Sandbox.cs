using System.Diagnostics;
using System.Globalization;

namespace Sallyport.EndToEnd.Harness;

/// <summary>
/// A throw-away copy of this machine (eng/sandbox.sh): root inside it may change everything, nothing outside changes,
/// and closing its standard input, also by our own death, ends all that runs in it.
/// </summary>
internal sealed class Sandbox : IAsyncDisposable
{
    private static readonly Dictionary<string, string> NoVariables = [];

    private readonly Process _holder;
    private readonly CancellationToken _cancellationToken;

    private Sandbox(Process holder, int pid, CancellationToken cancellationToken)
    {
        _holder = holder;
        Pid = pid;
        _cancellationToken = cancellationToken;
    }

    public static async Task<Sandbox> StartAsync(CancellationToken cancellationToken)
    {
        Assert.True(Environment.IsPrivilegedProcess, "the end-to-end tests make namespaces and users: run them as root");
        Process holder = Process.Start(Command.Describe([Built.SandboxScript], NoVariables))!;
        string? pid = await holder.StandardOutput.ReadLineAsync(cancellationToken);
        if (pid is null)
        {
            Assert.Fail(await holder.StandardError.ReadToEndAsync(cancellationToken));
        }

        return new Sandbox(holder, int.Parse(pid, CultureInfo.InvariantCulture), cancellationToken);
    }

    /// <summary>Its first process, as we count.</summary>
    public int Pid { get; }

    /// <summary>Where a path of the sandbox is for us.</summary>
    public string Outside(string path) => $"/proc/{Pid}/root{path}";

    public bool Exists(string path) => File.Exists(Outside(path));

    public string Read(string path) => File.ReadAllText(Outside(path));

    /// <summary>Writes a file as root, readable for all unless said otherwise; makes its folders.</summary>
    public void Write(string path, string text, UnixFileMode mode = (UnixFileMode)0x1A4 /* 0644 */)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Outside(path))!);
        File.WriteAllText(Outside(path), text);
        File.SetUnixFileMode(Outside(path), mode);
    }

    public void Copy(string from, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Outside(path))!);
        File.Copy(from, Outside(path), overwrite: true);
    }

    public Command Start(IEnumerable<string> command, IReadOnlyDictionary<string, string>? environment = null) =>
        Command.Start(
            [Built.SandboxScript, "enter", Pid.ToString(CultureInfo.InvariantCulture), .. command],
            environment ?? NoVariables,
            _cancellationToken);

    /// <summary>Runs a command to its end; any exit code is an answer.</summary>
    public async Task<Outcome> TryAsync(params string[] command)
    {
        using Command running = Start(command);
        return await running.EndAsync(_cancellationToken);
    }

    /// <summary>Runs a command that has to succeed, and returns its output.</summary>
    public async Task<string> RunAsync(params string[] command)
    {
        Outcome outcome = await TryAsync(command);
        Assert.True(outcome.ExitCode == 0, $"{string.Join(' ', command)}: {outcome}");
        return outcome.Output;
    }

    public async ValueTask DisposeAsync()
    {
        _holder.StandardInput.Close();
        await _holder.WaitForExitAsync(CancellationToken.None);
        _holder.Dispose();
    }
}
