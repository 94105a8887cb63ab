using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Server;

/// <summary>A user's phone in the terminal, on the same machine as the server: the built program and no fake.</summary>
internal sealed partial class TerminalPhone
{
    public const string KeyFile = "/home/alice/.config/sallyport/phone.json";

    private const string Program = "/usr/bin/sallyport";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DuoHost _host;

    private TerminalPhone(DuoHost host) => _host = host;

    /// <summary>Of alice, who is added to host and server for it, with nothing else to prove herself with.</summary>
    public static Task<TerminalPhone> ActivateAsync(DuoHost host) => ActivateAsync(host, "--ca", DuoHost.CaFile);

    /// <summary>With options of its own.</summary>
    public static async Task<TerminalPhone> ActivateAsync(DuoHost host, params string[] options)
    {
        host.Sandbox.Copy(Built.Command, Program);
        await host.AddAccountAsync("alice");
        await host.Server.RunAsync("user", "add", "alice");
        TerminalPhone phone = new(host);
        string code = Code().Match(await host.Server.RunAsync("device", "add-phone", "alice")).Groups[1].Value;
        Outcome activated = await phone.TryAsync(
            ["activate", .. options, "--name", "notebook", DuoServer.Host, code]);
        Assert.True(activated.ExitCode == 0, activated.ToString());
        return phone;
    }

    /// <summary>"sallyport phone WORD...", as alice.</summary>
    public Task<Outcome> TryAsync(params string[] words) => _host.Sandbox.TryAsync(
        ["runuser", "-u", "alice", "--", "env", "HOME=/home/alice", Program, "phone", .. words]);

    public async Task<string> RunAsync(params string[] words)
    {
        Outcome outcome = await TryAsync(words);
        Assert.True(outcome.ExitCode == 0, $"{string.Join(' ', words)}: {outcome}");
        return outcome.Output;
    }

    /// <summary>"sallyport phone watch", and what it says on both streams into a file.</summary>
    public Command Watch(string file)
    {
        _host.Sandbox.Write(file, "");
        return _host.Sandbox.Start(
            ["sh", "-c", $"exec runuser -u alice -- env HOME=/home/alice {Program} phone watch >>{file} 2>&1"]);
    }

    /// <summary>The line of the login that waits, as soon as one does.</summary>
    public async Task<string> WaitingAsync()
    {
        using CancellationTokenSource limit = new(Patience);
        while (!limit.IsCancellationRequested)
        {
            if (await RunAsync("list") is { Length: > 0 } line)
            {
                return line;
            }
        }

        Assert.Fail($"after {Patience.TotalSeconds} s nothing waits for the phone\n{_host.Syslog}");
        return "";
    }

    [GeneratedRegex("^Code, shown only now: ([A-Z0-9-]+)")]
    private static partial Regex Code();
}
