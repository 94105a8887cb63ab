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
    private readonly string _user;
    private readonly string _home;

    private TerminalPhone(DuoHost host, string user, string home) => (_host, _user, _home) = (host, user, home);

    /// <summary>Of alice, who is added to host and server for it, with nothing else to prove herself with.</summary>
    public static Task<TerminalPhone> ActivateAsync(DuoHost host) => ActivateAsync(host, "--ca", DuoHost.CaFile);

    /// <summary>With options of its own.</summary>
    public static async Task<TerminalPhone> ActivateAsync(DuoHost host, params string[] options)
    {
        host.Sandbox.Copy(Built.Command, Program);
        await host.AddAccountAsync("alice");
        TerminalPhone phone = new(host, "alice", "/home/alice");
        await phone.EnrolAsync(options);
        return phone;
    }

    /// <summary>Of root, who is added to the server for it; behind that of alice.</summary>
    public static async Task<TerminalPhone> OfRootAsync(DuoHost host)
    {
        TerminalPhone phone = new(host, "root", "/root");
        await phone.EnrolAsync("--ca", DuoHost.CaFile);
        return phone;
    }

    /// <summary>"sallyport phone WORD...", as its user.</summary>
    public Task<Outcome> TryAsync(params string[] words) => _host.Sandbox.TryAsync(
        ["runuser", "-u", _user, "--", "env", $"HOME={_home}", Program, "phone", .. words]);

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
            ["sh", "-c", $"exec runuser -u {_user} -- env HOME={_home} {Program} phone watch >>{file} 2>&1"]);
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

    private async Task EnrolAsync(params string[] options)
    {
        await _host.Server.RunAsync("user", "add", _user);
        string code = Code().Match(await _host.Server.RunAsync("device", "add-phone", _user)).Groups[1].Value;
        Outcome activated = await TryAsync(["activate", .. options, "--name", "notebook", DuoServer.Host, code]);
        Assert.True(activated.ExitCode == 0, activated.ToString());
    }

    [GeneratedRegex("^Code, shown only now: ([A-Z0-9-]+)")]
    private static partial Regex Code();
}
