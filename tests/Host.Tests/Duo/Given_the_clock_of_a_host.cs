using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <summary>A date is good for five minutes; a clock that is wrong by more is put right by the server's.</summary>
public sealed class Given_the_clock_of_a_host
{
    [Theory]
    [InlineData(0)]
    [InlineData(3600)]
    [InlineData(-7_000_000)]
    public async Task It_may_be_wrong(int seconds)
    {
        await using FakeDuoService service = new() { Ahead = TimeSpan.FromSeconds(seconds) };
        using DuoHost host = new(service);

        Assert.Equal(DuoResult.Auth, host.Preauth().Result);
        Assert.Equal(DuoResult.Allow, host.Auth("123456", isAsync: false).Result);
        Assert.Empty(service.Faults);
    }

    [Fact]
    public async Task It_may_be_set_while_a_connection_is_open()
    {
        await using FakeDuoService service = new();
        using DuoHost host = new(service);
        host.Preauth();

        service.Ahead = TimeSpan.FromHours(2);
        service.Faults.Clear();

        Assert.Equal(DuoResult.Auth, host.Preauth().Result);
        Assert.Equal(
            [
                "GET /auth/v2/ping", "POST /auth/v2/preauth", "POST /auth/v2/preauth", "GET /auth/v2/ping",
                "POST /auth/v2/preauth",
            ],
            service.Calls);
        Assert.Equal(["POST /auth/v2/preauth: not signed"], service.Faults);
    }

    [Fact]
    public async Task Logins_that_say_the_same_in_one_second_are_signed_apart()
    {
        await using FakeDuoService service = new();
        using DuoHost host = new(service);
        host.Preauth();

        for (int i = 0; i < 3; i++)
        {
            host.Auth("push1");
        }

        string?[] dates = [.. service.Requests.Where(r => r.Path == "/auth/v2/auth").Select(r => r["X-Duo-Date"])];
        Assert.Equal(3, dates.Distinct().Count());
        Assert.Empty(service.Faults);
    }

    /// <summary>An agent that was restarted while a phone was asked goes on by what it was told before.</summary>
    [Fact]
    public async Task Who_knows_nothing_of_the_server_asks_first()
    {
        await using FakeDuoService service = new() { Ahead = TimeSpan.FromHours(1) };
        using DuoHost before = new(service);
        before.Preauth();
        string id = before.Auth("push1").TransactionId!;
        using DuoHost host = new(service);

        Assert.Equal(DuoResult.Waiting, host.Status(id).Result);
        Assert.Equal(DuoResult.Allow, host.Status(id).Result);
        Assert.Empty(service.Faults);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1e300")]
    [InlineData("99999999999999999")]
    [InlineData("253402300799")]
    [InlineData("253402214400")] // a clock that is a day ahead of it is none any more
    [InlineData("\"1764000000\"")]
    [InlineData("null")]
    [InlineData("[]")]
    public async Task A_time_that_is_none_is_a_refusal(string time)
    {
        await using FakeDuoService service = new() { Script = _ => FakeReply.Ok($$"""{"time":{{time}}}""") };
        using DuoHost host = new(service);

        DuoException failed = Assert.Throws<DuoException>(host.Preauth);

        Assert.Equal((DuoFailure.Refused, "JSON missing valid 'time'"), (failed.Failure, failed.Message));
    }
}
