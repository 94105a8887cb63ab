using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

public sealed class Given_a_service : IAsyncDisposable
{
    private readonly FakeDuoService _service = new();
    private readonly DuoHost _host;

    public Given_a_service() => _host = new DuoHost(_service);

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_service.Faults);
        _host.Dispose();
        await _service.DisposeAsync();
    }

    [Fact]
    public void A_passcode_lets_in()
    {
        DuoPreauth preauth = _host.Preauth();
        Assert.Equal(DuoResult.Auth, preauth.Result);
        Assert.Equal(_service.Menu, preauth.Prompt);
        Assert.Equal("push1", preauth.Factors["default"]);

        Assert.Equal(new DuoAuth(DuoResult.Allow, "Success. Logging you in...", null), _host.Auth("123456", isAsync: false));
    }

    [Fact]
    public void An_approval_lets_in()
    {
        _host.Preauth();
        DuoAuth auth = _host.Auth("push1");
        Assert.Equal(DuoResult.Waiting, auth.Result);

        Assert.Equal(new DuoStatus(DuoResult.Waiting, "Pushed a login request to your device..."), _host.Status(auth.TransactionId!));
        Assert.Equal(new DuoStatus(DuoResult.Allow, "Success. Logging you in..."), _host.Status(auth.TransactionId!));
        Assert.Equal(["Server+IP=192.0.2.2&Command="], _service.Pushed);
    }

    [Fact]
    public void A_second_login_needs_no_handshake_and_no_ping()
    {
        for (int i = 0; i < 3; i++)
        {
            _host.Preauth();
            _host.Auth("123456", isAsync: false);
        }

        Assert.Equal(1, _service.Handshakes);
        Assert.Equal(7, _service.Requests.Count);
    }
}
