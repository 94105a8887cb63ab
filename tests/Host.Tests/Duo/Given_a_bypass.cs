using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <summary>Somebody who was let in without the server is reported to it.</summary>
public sealed class Given_a_bypass : IAsyncDisposable
{
    private static readonly DuoBypass _bypass = new(
        "01939f5c-0000-7000-8000-000000000000", "alice", "bastion", null,
        DateTimeOffset.FromUnixTimeSeconds(1_764_000_000), "failsafe");

    private readonly FakeDuoService _service = new() { IsOurs = true };
    private readonly DuoHost _host;

    public Given_a_bypass() => _host = new DuoHost(_service);

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_service.Faults);
        _host.Dispose();
        await _service.DisposeAsync();
    }

    [Fact]
    public void The_server_hears_all_of_it()
    {
        Assert.True(_host.Client.Report(_bypass));
        Assert.True(_host.Client.Report(_bypass with { Address = "192.0.2.7", Reason = "fail\nsafe" }));

        Assert.Equal(
            ["hostname=bastion&id=01939f5c-0000-7000-8000-000000000000&reason=failsafe&time=1764000000&username=alice",
                "hostname=bastion&id=01939f5c-0000-7000-8000-000000000000&ipaddr=192.0.2.7&reason=fail%3Fsafe"
                    + "&time=1764000000&username=alice",
            ],
            _service.Requests
                .Where(request => request.Path == "/sallyport/v1/bypasses")
                .Select(request => request.Body));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(400)]
    public void A_server_that_will_never_take_it_is_not_told_again(int status)
    {
        _service.Script = request => request.Path == "/auth/v2/ping" ? null : FakeReply.Json(status, "");

        Assert.Null(_host.Client.Report(_bypass));
        Assert.Null(_host.Client.Report(_bypass with { User = "ali\nce" }));
    }

    [Theory]
    [InlineData(401)]
    [InlineData(500)]
    [InlineData(302)]
    public void Anything_else_is_for_another_time(int status)
    {
        _service.Script = request => request.Path == "/auth/v2/ping" ? null : FakeReply.Json(status, "");

        Assert.False(_host.Client.Report(_bypass));
        _service.Script = _ => FakeReply.Hangup;
        Assert.False(_host.Client.Report(_bypass));
    }
}
