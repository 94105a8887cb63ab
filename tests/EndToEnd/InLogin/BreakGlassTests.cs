using System.Diagnostics;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.InLogin;

/// <summary>The day when the agent gives no verdict: the one account of the PAM line gets in by its key, and nobody else by anything.</summary>
public sealed class BreakGlassTests
{
    private const string Policy = """
        [policy]
        [break_glass ops]
        reason = sealed key in the safe
        until = 2999-12-31
        [exempt deploy]
        reason = nightly copies
        until = 2999-12-31

        """;

    private const string Line = "break_glass=ops:2999-12-31";
    private const string Shout = "BREAK-GLASS account ops is used while the agent does not answer, from 127.0.0.1";

    // Once as setup writes it, and once where a password is all that there is.
    private const string Keys = "Match User ops,deploy,root\nAuthenticationMethods publickey\n";
    private const string Password = "Match User ops\nPasswordAuthentication yes\nAuthenticationMethods password\n";

    [Fact]
    public async Task With_no_agent_it_gets_in_and_nobody_else_does()
    {
        await using StoreHost host = await StartAsync();
        Enrolled alice = await host.EnrolByRootAsync("alice");
        await host.World.Agent.KillAsync();

        await GetsInAsync(host);

        LogLine alert = await host.World.Syslog.LineAsync(Shout);
        Assert.Equal((LogLine.AuthPriv, LogLine.Alert), (alert.Facility, alert.Severity));
        Assert.StartsWith("sshd(pam_google_auth)", alert.Text, StringComparison.Ordinal);
        await IsRefusedAsync(host, "deploy");
        (await host.World.Client.RunAsync(["ssh", "alice@server", "id -un"], await host.OathToolAsync(alice.Phone.Secret)))
            .MustBeRefused(host.World);
        Assert.Equal(1, host.World.Syslog.Count("BREAK-GLASS"));
    }

    [Fact]
    public async Task With_an_agent_that_is_frozen_it_gets_in_within_seconds()
    {
        await using StoreHost host = await StartAsync();
        await host.World.Agent.FreezeAsync();
        long start = Stopwatch.GetTimestamp();

        await GetsInAsync(host);

        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 5, 15);
        await host.World.Syslog.LineAsync("session without a verdict: sallyport-agent was silent for 5 s");
        await host.World.Syslog.LineAsync(Shout);
    }

    [Theory]
    [InlineData("echo '[nonsense]' > /etc/sallyport/sallyport.conf")]
    [InlineData("chmod 0644 /etc/sallyport/sallyport.conf")]
    [InlineData("chown alice /etc/sallyport/sallyport.conf")]
    [InlineData("rm /etc/sallyport/sallyport.conf")]
    public async Task With_a_configuration_that_cannot_be_used_it_gets_in_and_nobody_else_does(string damage)
    {
        await using StoreHost host = await StartAsync();
        await host.Sandbox.RunAsync("sh", "-c", damage);

        await GetsInAsync(host);

        await host.World.Syslog.LineAsync(Shout);
        await IsRefusedAsync(host, "deploy");
    }

    [Fact]
    public async Task With_an_agent_that_hangs_up_it_gets_in()
    {
        await using StoreHost host = await StartAsync();
        await host.World.Agent.KillAsync();
        await host.World.Agent.ReplaceAsync("");

        await GetsInAsync(host);

        await host.World.Syslog.LineAsync("session without a verdict: sallyport-agent closed the connection without a verdict");
        await IsRefusedAsync(host, "deploy");
    }

    [Fact]
    public async Task With_an_agent_that_answers_its_line_changes_nothing()
    {
        await using StoreHost host = await StartAsync();

        await GetsInAsync(host);

        await host.World.Syslog.LineAsync("BREAK-GLASS account ops is used (sealed key in the safe, until 2999-12-31)");
        Assert.Equal(0, host.World.Syslog.Count("does not answer"));
    }

    [Theory]
    [InlineData("[policy]\n")]
    [InlineData("[policy]\nask = no-such-group\n")]
    [InlineData("[policy]\n[break_glass ops]\nreason = was once\nuntil = 2020-01-01\n")]
    [InlineData("[policy]\n[break_glass alice]\nreason = another\nuntil = 2999-12-31\n")]
    public async Task A_refusal_is_not_overridden(string configuration)
    {
        await using StoreHost host = await StartAsync();
        host.World.Agent.Configure(configuration);

        await IsRefusedAsync(host, "ops");
    }

    [Theory]
    [InlineData(@"V\0\0\0\1\3")]
    [InlineData(@"V\0\0\0\1\2")]
    [InlineData(@"V\0\0\0\2\4\4")]
    [InlineData(@"Z\0\0\0\1x")]
    public async Task What_an_agent_says_that_is_no_allow_is_a_refusal(string bytes)
    {
        await using StoreHost host = await StartAsync();
        await host.World.Agent.KillAsync();
        await host.World.Agent.ReplaceAsync(bytes);

        await IsRefusedAsync(host, "ops");
    }

    [Theory]
    [InlineData("break_glass=ops:2026-01-01")] // past
    [InlineData("break_glass=ops:2999-02-30")]
    [InlineData("break_glass=ops")]
    [InlineData("break_glass=:2999-12-31")]
    [InlineData("break_glass=alice:2999-12-31")]
    [InlineData("break_glass=ops:2999-12-31 break_glass=ops:2999-12-31")]
    [InlineData("")]
    public async Task A_line_that_is_not_for_it_today_opens_nothing(string line)
    {
        await using StoreHost host = await StartAsync(line);
        await host.World.Agent.KillAsync();

        await IsRefusedAsync(host, "ops");
    }

    [Fact]
    public async Task Root_does_not_get_in_by_it()
    {
        await using StoreHost host = await StartAsync("break_glass=root:2999-12-31");
        host.Sandbox.Write("/etc/ssh/authorized_keys/root", host.World.Client.PublicKey + "\n");
        await host.World.Agent.KillAsync();

        await IsRefusedAsync(host, "root");
    }

    [Fact]
    public async Task By_its_password_it_does_not_get_in()
    {
        await using StoreHost host = await StartAsync();
        host.World.SetPam("sshd", "auth required pam_unix.so", World.AnyAccount, $"session required pam_sallyport.so {Line}");
        await host.World.StartHostAsync("words", Password);
        await host.Sandbox.RunAsync("sh", "-c", "echo ops:correct-horse | chpasswd");
        await host.World.Agent.KillAsync();

        Login login = await host.World.Client.RunAsync(["ssh", "ops@words", "id -un"], "correct-horse");

        await host.World.Syslog.LineAsync("Accepted password for ops");
        Assert.NotEqual(0, login.ExitCode);
        Assert.Equal("", login.Output);
        Assert.Equal(0, host.World.Syslog.Count("BREAK-GLASS"));
    }

    /// <summary>Also where somebody has made PAM say there what only sshd may say.</summary>
    [Theory]
    [InlineData("su", "su", "ops", "-c", "id -un")]
    [InlineData("sudo", "sudo", "-u", "ops", "id", "-un")]
    public async Task Sudo_and_su_do_not_lead_to_it(string service, params string[] command)
    {
        await using StoreHost host = await StartAsync();
        await host.World.Agent.KillAsync();
        host.Sandbox.Write("/etc/lie", "SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA\n");
        string[] before = ["auth sufficient pam_rootok.so", World.AnyAccount, "session required pam_env.so envfile=/etc/lie"];

        host.World.SetPam(service, before);
        Outcome without = await host.Sandbox.TryAsync(command);
        host.World.SetPam(service, [.. before, $"session required pam_sallyport.so {Line}"]);
        Outcome behind = await host.Sandbox.TryAsync(command);

        Assert.Equal((0, "ops\n"), (without.ExitCode, without.Output));
        Assert.NotEqual(0, behind.ExitCode);
        Assert.Equal("", behind.Output);
        await host.World.Syslog.LineAsync("pam_sallyport: session refused: cannot reach sallyport-agent");
    }

    private static async Task<StoreHost> StartAsync(string line = Line)
    {
        StoreHost host = await StoreHost.StartAsync();
        foreach (string name in (string[])["ops", "deploy", "alice"])
        {
            await host.World.AddAccountAsync(name);
        }

        host.World.SetPam("sshd", SecondFactor.Sallyport.Auth(), World.AnyAccount, $"session required pam_sallyport.so {line}");
        await host.World.StartHostAsync("safe", Keys);
        host.World.Agent.Configure(Policy);
        return host;
    }

    private static async Task GetsInAsync(StoreHost host)
    {
        Login login = await SshAsync(host, "ops");
        login.MustBeAllowed(host.World);
        Assert.Equal(("ops", 0), (login.Output, login.Prompts.Count));
    }

    private static async Task IsRefusedAsync(StoreHost host, string name)
    {
        int before = host.World.Syslog.Count("BREAK-GLASS");
        Login login = await SshAsync(host, name);
        Assert.True(login is { ExitCode: not 0, Output: "" }, $"let in:\n{login}\n{host.World.Syslog}");
        await host.World.Syslog.LineAsync($"Accepted publickey for {name}"); // it is the gate that refused
        Assert.Equal(before, host.World.Syslog.Count("BREAK-GLASS"));
    }

    private static Task<Login> SshAsync(StoreHost host, string name) =>
        host.World.Client.RunAsync(["ssh", "-o", "BatchMode=yes", $"{name}@safe", "id -un"]);
}
