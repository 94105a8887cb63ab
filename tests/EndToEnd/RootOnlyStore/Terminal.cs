using System.Diagnostics;
using System.Text;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.Systemd;

namespace Sallyport.EndToEnd.RootOnlyStore;

/// <summary>
/// Somebody logged in on the host, under his own user id, at a terminal of 80 columns. He reads what is asked before he
/// answers.
/// </summary>
internal sealed class Terminal : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _seen = new();
    private int _read;

    private Terminal(Process process) => _process = process;

    /// <summary>All that stood on the screen, with what was typed.</summary>
    public string Seen => _seen.ToString().Replace("\r\n", "\n", StringComparison.Ordinal);

    public static Terminal Open(Sandbox sandbox, string user, string command, string locale = "C.UTF-8") => Start(
        [Built.SandboxScript, "enter", $"{sandbox.Pid}", "runuser", "-u", user, "--"], $"/home/{user}", "/", command, locale);

    /// <summary>In a sandbox, as its root.</summary>
    public static Terminal Open(Sandbox sandbox, string command) => Start(
        [Built.SandboxScript, "enter", $"{sandbox.Pid}"], "/root", "/root", command, "C.UTF-8");

    /// <summary>At a booted host, as its root.</summary>
    public static Terminal Open(BootedHost host, string command) => Start(host.Enter, "/root", "/root", command, "C.UTF-8");

    private static Terminal Start(IEnumerable<string> enter, string home, string folder, string command, string locale)
    {
        ProcessStartInfo start = Command.Describe(
            [
                .. enter, "env", $"--chdir={folder}", $"HOME={home}", $"LANG={locale}", "SHELL=/bin/sh",
                "script", "--quiet", "--return", "--flush",
                "--command", $"stty cols 80 rows 24; exec {command}", "/dev/null",
            ],
            new Dictionary<string, string>());
        start.StandardOutputEncoding = Encoding.UTF8;
        return new Terminal(Process.Start(start)!);
    }

    /// <summary>Waits for the prompt, the first one behind what was answered before.</summary>
    public async Task AskedAsync(string prompt)
    {
        await ReadAsync(
            () => _seen.ToString(_read, _seen.Length - _read).EndsWith(prompt, StringComparison.Ordinal), prompt);
        _read = _seen.Length;
    }

    public async Task TypeAsync(string line)
    {
        await _process.StandardInput.WriteAsync(line + "\n");
        await _process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
    }

    public async Task AnswerAsync(string prompt, string line)
    {
        await AskedAsync(prompt);
        await TypeAsync(line);
    }

    /// <summary>Reads to the end and returns the exit code.</summary>
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
}
