using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Sallyport.Host.Tests.Files.PowerCut;

/// <summary>
/// What the store really asks of the kernel, as strace saw it: the script is played by this program once more, as a
/// child (<see cref="Given_the_script_of_the_store"/>).
/// </summary>
internal sealed partial class DiskRecorder(string folder)
{
    // A question mark: not on every architecture. What could change a file without being in the list would be found by
    // the comparison at the end of the script's test.
    private const string Calls = "trace=?open,openat,?creat,write,pwrite64,writev,pwritev,?pwritev2,ftruncate,truncate,"
        + "fallocate,?rename,renameat,renameat2,?link,linkat,?unlink,unlinkat,fsync,fdatasync,sync_file_range,"
        + "copy_file_range,sendfile,?dup2,dup3,dup,close";

    private readonly List<DiskCall> _calls = [];
    private readonly Dictionary<int, int> _files = [];
    private readonly Dictionary<string, int> _names = [];
    private int _folder = -1;
    private int _marker = -1;
    private int _created;

    /// <summary>Plays the script in the folder and returns what it did to it.</summary>
    public static IReadOnlyList<DiskCall> Record(string folder)
    {
        DirectoryInfo traces = Directory.CreateTempSubdirectory("sallyport-trace-");
        try
        {
            Run(folder, Path.Combine(traces.FullName, "thread"));
            string[] played =
            [
                .. traces.GetFiles().Select(file => File.ReadAllText(file.FullName))
                    .Where(text => text.Contains(Hex(ScriptMarks.Begin(0)), StringComparison.Ordinal)),
            ];
            var recorder = new DiskRecorder(folder);
            foreach (string line in Assert.Single(played).Split('\n'))
            {
                recorder.Take(line);
            }

            return recorder._calls;
        }
        finally
        {
            traces.Delete(recursive: true);
        }
    }

    private static void Run(string folder, string output)
    {
        var start = new ProcessStartInfo("strace",
            [
                "-ff", "--seccomp-bpf", "-qq", "-o", output, "-xx", "-s", "20000", "-e", "signal=none", "-e", Calls,
                Path.Combine(AppContext.BaseDirectory, "Sallyport.Host.Tests"), "-noColor", "-noLogo",
                "-class", typeof(Given_the_script_of_the_store).FullName!,
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[ScriptMarks.Folder] = folder;
        const string Advice = "strace is needed, and must be allowed to trace; ./dev test installs what it needs";
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{Advice}\n{text}\n{errors.GetAwaiter().GetResult()}");
        }
        catch (Win32Exception missing)
        {
            Assert.Fail($"{Advice}: {missing.Message}");
        }
    }

    private static string Hex(string text) =>
        string.Concat(Encoding.Latin1.GetBytes(text).Select(value => $"\\x{value:x2}"));

    private static byte[] Bytes(string quoted) => Convert.FromHexString(
        quoted.Trim('"').Replace("\\x", "", StringComparison.Ordinal));

    private static string Text(string quoted) => Encoding.Latin1.GetString(Bytes(quoted));

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(\w+)\((.*)\) += (-?\d+)")]
    private static partial Regex Call();

    private void Take(string line)
    {
        Match call = Call().Match(line);
        int result = call.Success ? Number(call.Groups[3].Value) : -1;
        if (result < 0)
        {
            return; // it did nothing, or it is no call
        }

        string name = call.Groups[1].Value;
        string[] arguments = call.Groups[2].Value.Split(", ");
        if (name == "openat")
        {
            Open(arguments, result);
            return;
        }

        if (!int.TryParse(arguments[0], CultureInfo.InvariantCulture, out int at))
        {
            bool inside = arguments.Any(argument => argument is ['"', ..] && Text(argument).StartsWith(folder, StringComparison.Ordinal));
            Assert.False(inside, $"the recorder does not know what this does: {line}");
            return;
        }

        if (at == _marker || at == _folder || _files.ContainsKey(at))
        {
            Change(name, arguments, at, result);
        }
    }

    private void Open(string[] arguments, int descriptor)
    {
        string path = Text(arguments[1]);
        _files.Remove(descriptor);
        if (path == folder)
        {
            _folder = descriptor;
        }
        else if (path == ScriptMarks.Path)
        {
            _marker = descriptor;
        }
        else if (arguments[0] == $"{_folder}")
        {
            Assert.DoesNotContain("O_TRUNC", arguments[2], StringComparison.Ordinal);
            if (!_names.TryGetValue(path, out int file))
            {
                _names[path] = file = _created++;
                _calls.Add(new DiskCall.Created(file, path));
            }

            _files[descriptor] = file;
        }
    }

    private void Change(string name, string[] arguments, int at, int result)
    {
        switch (name)
        {
            case "write" when at == _marker:
                _calls.Add(ScriptMarks.Parse(Text(arguments[1])));
                break;
            case "pwrite64":
                _calls.Add(new DiskCall.Wrote(_files[at], Number(arguments[3]), Bytes(arguments[1])[..result]));
                break;
            case "fsync" or "fdatasync":
                _calls.Add(at == _folder ? new DiskCall.SyncedFolder() : new DiskCall.SyncedFile(_files[at]));
                break;
            case "renameat" or "renameat2" when at == _folder && arguments[2] == arguments[0]:
                (string from, string to) = (Text(arguments[1]), Text(arguments[3]));
                _calls.Add(new DiskCall.Renamed(from, to));
                _names[to] = _names[from];
                _names.Remove(from);
                break;
            case "unlinkat" when at == _folder:
                _calls.Add(new DiskCall.Removed(Text(arguments[1])));
                _names.Remove(Text(arguments[1]));
                break;
            case "close":
                _files.Remove(at);
                _folder = at == _folder ? -1 : _folder;
                _marker = at == _marker ? -1 : _marker;
                break;
            default:
                Assert.Fail($"the recorder does not know what this does: {name}({string.Join(", ", arguments)})");
                break;
        }
    }
}
