using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Enrolment;

/// <summary>Somebody at a terminal of 80 columns, who reads what is asked before he answers.</summary>
internal sealed partial class Typist : IDisposable
{
    public const int Columns = 80;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly StringBuilder _seen = new();
    private int _read;

    private Typist(Process process) => _process = process;

    /// <summary>All that stood on the screen, with what was typed.</summary>
    public string Seen => _seen.ToString().Replace("\r\n", "\n", StringComparison.Ordinal);

    /// <summary>The secret that is shown.</summary>
    public string Secret => Key().Match(Seen).Groups[1].Value;

    public static Typist Start(
        EnrolmentHost host, Maker maker, string line,
        string locale = "C.UTF-8", string? home = null, int columns = Columns)
    {
        home ??= host.NewHome();
        string command = $"mkdir -p {home}; stty cols {columns} rows 24; exec google-authenticator {line}";
        var variables = new Dictionary<string, string>
        {
            ["PATH"] = $"{EnrolmentHost.Folder(maker)}:/usr/sbin:/usr/bin:/sbin:/bin",
            ["HOME"] = home,
            ["LANG"] = locale,
            ["SHELL"] = "/bin/sh",
        };
        string[] settings = [.. variables.Select(variable => $"{variable.Key}={variable.Value}")];
        ProcessStartInfo start = Command.Describe(
            [
                Built.SandboxScript, "enter", $"{host.Sandbox.Pid}", "env", .. settings,
                "script", "--quiet", "--return", "--flush", "--command", command, "/dev/null",
            ],
            variables.Where(variable => variable.Key != "PATH").ToDictionary());
        start.StandardOutputEncoding = Encoding.UTF8;
        return new Typist(Process.Start(start)!);
    }

    /// <summary>Waits for the prompt, the first one behind what was answered, and types the line.</summary>
    public async Task AnswerAsync(string prompt, string line)
    {
        await ReadAsync(
            () => _seen.ToString(_read, _seen.Length - _read).EndsWith(prompt, StringComparison.Ordinal), prompt);
        _read = _seen.Length;
        await TypeAsync(line);
    }

    /// <summary>Types behind a prompt that was waited for already.</summary>
    public async Task TypeAsync(string line)
    {
        await _process.StandardInput.WriteAsync(line);
        await _process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Reads to the end and returns the exit code; a death by a signal is 128 and more.</summary>
    public async Task<int> EndAsync()
    {
        await ReadAsync(() => false, null);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private async Task ReadAsync(Func<bool> enough, string? expected)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        char[] next = new char[1024];
        while (!enough())
        {
            int got;
            try
            {
                got = await _process.StandardOutput.ReadAsync(next, limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"gave up waiting for '{expected ?? "the end"}' behind:\n{Seen}");
                throw;
            }

            if (got == 0)
            {
                Assert.True(expected is null, $"it ended without asking '{expected}':\n{Seen}");
                return;
            }

            _seen.Append(next, 0, got);
        }
    }

    [GeneratedRegex("^Your new secret key is: ([A-Z2-7]+)", RegexOptions.Multiline)]
    private static partial Regex Key();
}
