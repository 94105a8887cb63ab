using System.Diagnostics;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.Server;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>
/// A server that is away, silent, late, or not itself: what failmode makes of it, by our module and by sallyport-login,
/// and how long anybody waits. Every row of the table has a test of its own in Host.Tests; here it is real.
/// </summary>
public sealed class Given_a_server_in_trouble
{
    // https_timeout and 2 s: there is one silence.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(4);

    [Theory]
    [InlineData("stopped", true)]
    [InlineData("black-holed", true)]
    [InlineData("frozen", true)]
    [InlineData("another service", false)]
    [InlineData("garbage", false)]
    public async Task Failmode_lets_in_where_nobody_is_there_and_nobody_waits_long(string what, bool isAway)
    {
        await using OwnHost host = await OwnHost.StartAsync("https_timeout = 2\naccept_env_factor = yes");
        await host.ForceAsync();
        Authenticator here = await host.EnrolHereAsync();
        OpenLogin lately = host.OpenPushed(OwnHost.Forced, "true");
        await host.Phone.WaitingAsync();
        await host.Phone.RunAsync("approve");
        Assert.Equal(0, (await lately.EndAsync()).ExitCode);
        await Trouble.BeginAsync(host, what);

        host.FailBy("secure");
        foreach (string way in OwnHost.Ways)
        {
            MustBe(false, way, await TimelyAsync(host, "Failsecure", way, here.Passcode()), host);
        }

        host.FailBy("offline");
        if (what == "stopped")
        {
            host.MustHaveRefused(OwnHost.Forced, await host.LogInAsync(OwnHost.Forced, "id -un", here.WrongPasscode()));
        }

        foreach (string way in OwnHost.Ways)
        {
            string passcode = here.Passcode(way == OwnHost.Pam ? 0 : 1);
            MustBe(isAway, way, await TimelyAsync(host, isAway ? "Offline" : "Failsecure", way, passcode), host);
        }

        host.FailBy("safe");
        foreach (string way in OwnHost.Ways)
        {
            MustBe(isAway, way, await TimelyAsync(host, isAway ? "Failsafe" : "Failsecure", way, ""), host);
        }

        await host.Host.Syslog.LineAsync("Failsecure Duo login for 'alice'");
        Assert.Equal(isAway ? 2 : 0, host.Host.Syslog.Count("Offline Duo login for 'alice'"));
        Assert.Equal(isAway, host.Host.Syslog.Count("Failsafe Duo login for 'alice'") > 0);
    }

    [Fact]
    public async Task One_that_is_3_s_late_with_all_it_says_lets_in_all_the_same()
    {
        await using OwnHost host = await OwnHost.StartAsync();
        await host.ForceAsync();
        Authenticator there = await host.Server.AddTotpAsync("alice");
        await Trouble.BeginAsync(host, "slow");
        long begun = Stopwatch.GetTimestamp();

        // A new connection, and a passcode; then, on the same one, a push. His phone has a faster way.
        Login passcode = await host.LogInAsync(OwnHost.Pam, "id -un", there.Passcode());
        TimeSpan first = Stopwatch.GetElapsedTime(begun);
        host.Server.Name(DuoServer.First);
        OpenLogin push = host.OpenPushed(OwnHost.Forced, "id -un");
        await host.Phone.WaitingAsync();
        await host.Phone.RunAsync("approve");
        Login approved = await push.EndAsync();
        TimeSpan both = Stopwatch.GetElapsedTime(begun);

        Assert.True((passcode.ExitCode, approved.ExitCode) == (0, 0), $"{passcode}\n{approved}\n{host.Host.Syslog}");
        Assert.True(first.TotalSeconds > 9 && (both - first).TotalSeconds > 6, $"{first} {both}: not by the relay");
    }

    /// <summary>
    /// From where sshd has taken the key, which is before sallyport-login or the module begins, to the end of ssh.
    /// Behind the module to the decision, which is logged: sshd takes up to twice as long to say that PAM has refused.
    /// </summary>
    private static async Task<Login> TimelyAsync(OwnHost host, string decision, string way, string passcode)
    {
        Syslog log = host.Host.Syslog;
        int before = log.Lines.Count;
        Login login = await host.LogInAsync(way, "id -un", passcode);
        long ended = Stopwatch.GetTimestamp();
        string taken = way == OwnHost.Pam ? "Partial" : "Accepted";
        LogLine begun = await log.LineAsync($"{taken} publickey for alice", before);
        LogLine decided = await log.LineAsync($"{decision} Duo login for 'alice'", before);
        TimeSpan took = Stopwatch.GetElapsedTime(begun.At, way == OwnHost.Pam ? decided.At : ended);
        Assert.True(took < Bound, $"{way}: {took.TotalSeconds} s\n{login}\n{log}");
        return login;
    }

    private static void MustBe(bool isLetIn, string way, Login login, OwnHost host)
    {
        if (isLetIn)
        {
            host.MustHaveLetIn(way, login);
        }
        else
        {
            host.MustHaveRefused(way, login);
        }
    }
}
