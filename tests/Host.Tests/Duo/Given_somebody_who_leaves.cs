using System.Diagnostics;
using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <summary>Whoever waits can go away at any time, and what is done for him ends then.</summary>
public sealed class Given_somebody_who_leaves
{
    private static readonly TimeSpan _stays = TimeSpan.FromMilliseconds(300);

    [Theory]
    [InlineData("connect")]
    [InlineData("TLS")]
    [InlineData("/auth/v2/ping")]
    [InlineData("/auth/v2/preauth")]
    [InlineData("/auth/v2/auth")]
    [InlineData("/auth/v2/auth_status")]
    [InlineData("429")]
    [InlineData("away")]
    public async Task The_call_ends_too(string where)
    {
        using FakeBlackHole hole = new();
        await using FakeDuoService service = new()
        {
            Handshake = where == "TLS" ? FakeHandshake.Silent : FakeHandshake.Right,
        };
        using DuoHost host = new(service);
        host.Settings = host.Settings with
        {
            Port = where == "connect" ? hole.Port : service.Port,
            HttpsTimeout = TimeSpan.FromSeconds(30),
        };
        service.Script = request => where switch
        {
            "429" when request.Path == "/auth/v2/auth" => FakeReply.Json(429, "", "Retry-After: 20"),
            "away" when request.Path == "/auth/v2/auth_status" => FakeReply.Json(503, ""),
            _ => request.Path == where ? FakeReply.Silence : null,
        };
        long begun = 0;
        bool IsGone()
        {
            begun = begun == 0 ? Stopwatch.GetTimestamp() : begun;
            return Stopwatch.GetElapsedTime(begun) > _stays;
        }

        long start = Stopwatch.GetTimestamp();
        DuoException failed = Assert.Throws<DuoException>(() =>
        {
            host.Client.Preauth(DuoHost.Alice, IsGone);
            string id = host.Client.Auth(DuoHost.Alice, "push1", true, "", null, IsGone).TransactionId!;
            service.ApprovesAfter = null;
            while (host.Client.Status(id, DuoClient.PersonPatience, IsGone).Result is DuoResult.Waiting)
            {
            }
        });

        Assert.Equal(DuoFailure.Cancelled, failed.Failure);
        Assert.InRange(Stopwatch.GetElapsedTime(start), _stays, TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task A_server_of_ours_hears_that_nobody_need_be_asked_and_no_other_is_told()
    {
        await using FakeDuoService service = new() { IsOurs = true };
        using DuoHost host = new(service);
        host.Preauth();

        host.Client.Cancel("id-7");
        Assert.Equal(["id-7"], service.Cancelled);

        service.IsOurs = false;
        host.Preauth();
        host.Client.Cancel("id-8");
        Assert.Equal(["id-7"], service.Cancelled);
        Assert.Empty(service.Faults);
    }

    [Fact]
    public async Task Telling_it_takes_no_time_worth_mentioning()
    {
        await using FakeDuoService service = new() { IsOurs = true };
        using DuoHost host = new(service);
        host.Settings = host.Settings with { HttpsTimeout = TimeSpan.FromSeconds(30) };
        host.Preauth();
        service.Script = _ => FakeReply.Silence;

        long start = Stopwatch.GetTimestamp();
        host.Client.Cancel("id-7");
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(4));
    }
}
