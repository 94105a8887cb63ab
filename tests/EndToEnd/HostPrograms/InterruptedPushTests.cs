using System.Diagnostics;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>A phone is asked, and the server or the agent is not there any more. By our module and by sallyport-login.</summary>
public sealed class Given_a_push_that_is_interrupted
{
    private static readonly TimeSpan OneSilence = TimeSpan.FromSeconds(2 + 2); // https_timeout, and the rest

    [Theory]
    [InlineData("TERM")]
    [InlineData("KILL")]
    public async Task A_server_that_is_restarted_lets_in_once_the_phone_approves_and_not_before(string signal)
    {
        await using OwnHost host = await OwnHost.StartAsync("autopush = yes\nhttps_timeout = 30");
        await host.ForceAsync();
        foreach (string way in OwnHost.Ways)
        {
            string mark = $"/home/alice/{way}";
            OpenLogin login = host.OpenPushed(way, $"touch {mark}; id -un");
            string id = IdOf(await host.Phone.WaitingAsync());

            await host.Server.EndAsync(signal);
            await host.Server.StartAsync();
            Assert.False(host.Sandbox.Exists(mark));
            await host.Phone.RunAsync("approve", id);

            host.MustHaveLetIn(way, await login.EndAsync());
        }

        Assert.Equal(2, (await host.Server.AuditAsync()).Length);
    }

    /// <summary>However failmode is set: the server has been heard in this login.</summary>
    [Theory]
    [InlineData("KILL")]
    [InlineData("STOP")]
    public async Task A_server_that_stays_away_refuses_soon_and_an_approval_of_before_lets_nobody_in(string signal)
    {
        await using OwnHost host = await OwnHost.StartAsync("autopush = yes\nhttps_timeout = 2");
        await host.ForceAsync();
        host.FailBy("safe");
        foreach (string way in OwnHost.Ways)
        {
            OpenLogin login = host.OpenPushed(way, "id -un");
            string id = IdOf(await host.Phone.WaitingAsync());
            int before = host.Host.Syslog.Lines.Count;

            await host.Server.SignalAsync(signal);
            long begun = Stopwatch.GetTimestamp();
            Login ended = await login.EndAsync();
            TimeSpan took = Stopwatch.GetElapsedTime(begun);
            host.MustHaveRefused(way, ended);
            await host.Host.Syslog.LineAsync("Error in Duo login", before);
            Assert.True(took < OneSilence, $"{way}: {took}\n{host.Host.Syslog}");

            await BackAsync(host, signal);
            await host.Phone.TryAsync("approve", id); // nobody has its number any more
            await NextIsAnotherAsync(host, way, id);
        }
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("KILL")]
    public async Task An_agent_that_is_restarted_refuses_and_an_approval_of_before_lets_nobody_in(string signal)
    {
        await using OwnHost host = await OwnHost.StartAsync("autopush = yes");
        await host.ForceAsync();
        foreach (string way in OwnHost.Ways)
        {
            OpenLogin login = host.OpenPushed(way, "id -un");
            string id = IdOf(await host.Phone.WaitingAsync());

            await host.Agent.EndAsync(signal);
            host.MustHaveRefused(way, await login.EndAsync());
            await host.Agent.StartAsync();

            // Told to end, it has taken the push back.
            Outcome late = await host.Phone.TryAsync("approve", id);
            Assert.True(late.ExitCode == (signal == "TERM" ? 1 : 0), $"{late}");
            await NextIsAnotherAsync(host, way, id);
        }
    }

    /// <summary>The next login is let in by an approval of its own.</summary>
    private static async Task NextIsAnotherAsync(OwnHost host, string way, string earlier)
    {
        string mark = $"/home/alice/{way}";
        OpenLogin login = host.OpenPushed(way, $"touch {mark}; id -un");
        string id = IdOf(await host.Phone.WaitingAsync());
        Assert.NotEqual(earlier, id);
        Assert.False(host.Sandbox.Exists(mark));
        await host.Phone.RunAsync("approve", id);
        host.MustHaveLetIn(way, await login.EndAsync());
    }

    private static async Task BackAsync(OwnHost host, string signal)
    {
        if (signal == "STOP")
        {
            await host.Server.SignalAsync("CONT");
            return;
        }

        await host.Server.EndedAsync();
        await host.Server.StartAsync();
    }

    private static string IdOf(string line) => line.Split('\t')[0];
}
