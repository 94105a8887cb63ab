using System.Diagnostics;
using Sallyport.Host.Duo;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Tests.Duo;

/// <summary>A person may take longer than a server may: https_timeout is one second here.</summary>
public sealed class Given_a_person_who_takes_his_time
{
    /// <summary>A service that says nothing meanwhile lives as long as it answers pings.</summary>
    [Fact]
    public async Task A_service_may_hold_its_answer_back()
    {
        await using FakeDuoService service = new() { ApprovesAfter = TimeSpan.FromSeconds(3.5) };
        using DuoHost host = new(service);
        host.Settings = host.Settings with { HttpsTimeout = TimeSpan.FromSeconds(1) };
        host.Preauth();

        string id = host.Auth("push1").TransactionId!;
        Assert.Equal(DuoResult.Waiting, host.Status(id).Result);
        Assert.Equal(DuoResult.Allow, host.Status(id).Result);

        Assert.InRange(service.Calls.Count(call => call == "GET /auth/v2/ping"), 4, 8); // the first, and each 0.5 s
        Assert.Equal(2, service.Handshakes);
        Assert.Single(service.Pushed);
        Assert.Empty(service.Faults);
    }

    /// <summary>Module and sallyport-login give up after 90 s: nobody is waited for twice as long.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_service_that_never_answers_is_waited_for_as_long_as_he_may_take_and_one_silence(bool breaks)
    {
        await using FakeDuoService service = new() { ApprovesAfter = null };
        using DuoHost host = new(service);
        host.Settings = host.Settings with { HttpsTimeout = TimeSpan.FromSeconds(1), AutoPush = true, Prompts = 1 };
        FakePerson alice = new();
        DuoLogin login = new()
        {
            Account = new Account("alice", 1000, 1000, "/"),
            MayPush = true,
            ShowsTexts = true,
            Patience = TimeSpan.FromSeconds(2),
        };
        long begun = Stopwatch.GetTimestamp();
        int when = breaks ? 1500 : Timeout.Infinite; // ms
        using Timer firewall = new(_ => service.CloseConnections(), null, when, Timeout.Infinite);

        DuoOutcome outcome = new DuoFactor(host.Settings, host.Client, login, alice, TimeProvider.System).Run();

        // What he has, https_timeout, and 2 s.
        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 2, 2 + 1 + 2);
        Assert.Equal(DuoOutcome.Refused, outcome);
        Assert.Equal("Login timed out.", alice.Texts[^1]);
        Assert.Equal(breaks ? 3 : 2, service.Calls.Count(call => call == "GET /auth/v2/auth_status"));
        Assert.Empty(service.Faults);
    }

    /// <summary>The kernel gives up after half of https_timeout; what is left of it is for a new connection.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_network_that_vanishes_meanwhile_is_one_silence(bool isOurs)
    {
        await using FakeDuoService service = new() { IsOurs = isOurs, ApprovesAfter = null };
        using DuoHost host = new(service);
        host.Settings = host.Settings with { HttpsTimeout = TimeSpan.FromSeconds(6) }; // ours is not pinged then
        host.Preauth();
        string id = host.Auth("push1").TransactionId!;
        host.Status(id);
        service.Vanish();
        long begun = Stopwatch.GetTimestamp();

        DuoException failed = Assert.Throws<DuoException>(() => host.Status(id));

        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 3, 6 + 2);
        Assert.True(failed.IsSilent);
    }

    /// <summary>Somebody who has too much to do for a ping is there: what he says of the push counts.</summary>
    [Fact]
    public async Task A_ping_that_is_refused_ends_no_wait()
    {
        await using FakeDuoService service = new() { ApprovesAfter = TimeSpan.FromSeconds(2) };
        using DuoHost host = new(service);
        host.Settings = host.Settings with { HttpsTimeout = TimeSpan.FromSeconds(1) };
        host.Preauth();
        string id = host.Auth("push1").TransactionId!;
        host.Status(id);
        service.Script = request => request.Path == "/auth/v2/ping" ? FakeReply.Json(429, "{}") : null;

        Assert.Equal(DuoResult.Allow, host.Status(id).Result);
        Assert.Contains("GET /auth/v2/ping", service.Calls[4..]);
    }

    [Fact]
    public async Task Ours_says_that_it_still_waits()
    {
        await using FakeDuoService service = new() { IsOurs = true, ApprovesAfter = TimeSpan.FromSeconds(6) };
        using DuoHost host = new(service);
        host.Settings = host.Settings with { HttpsTimeout = TimeSpan.FromSeconds(1) };
        host.Preauth();
        string id = host.Auth("push1").TransactionId!;

        Assert.Equal(DuoResult.Waiting, host.Status(id).Result);
        Assert.Equal(DuoResult.Waiting, host.Status(id).Result); // after five seconds
        Assert.Equal(DuoResult.Allow, host.Status(id).Result);
        Assert.Empty(service.Faults);
    }

    /// <summary>What was asked of his phone outlives the server's process, and this connection to it.</summary>
    [Fact]
    public async Task A_server_may_be_restarted_meanwhile()
    {
        await using FakeDuoService service = new() { IsOurs = true, ApprovesAfter = TimeSpan.FromSeconds(1) };
        using DuoHost host = new(service);
        host.Preauth();
        string id = host.Auth("push1").TransactionId!;
        host.Status(id);
        long begun = 0;
        service.Script = request =>
        {
            begun = begun == 0 ? Environment.TickCount64 : begun;
            bool isAway = Environment.TickCount64 - begun < 700;
            service.Handshake = isAway ? FakeHandshake.Hangup : FakeHandshake.Right;
            return isAway ? FakeReply.Hangup : null;
        };
        Task back = Task.Run(async () =>
        {
            await Task.Delay(700, TestContext.Current.CancellationToken);
            service.Handshake = FakeHandshake.Right;
        }, TestContext.Current.CancellationToken);

        Assert.Equal(DuoResult.Allow, host.Status(id).Result);
        await back;
    }
}
