using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <summary>One that has /rest/v1 and no /auth/v2 but its ping: what login_duo 2.1 speaks.</summary>
public sealed class Given_an_old_service : IAsyncDisposable
{
    private readonly FakeDuoService _service = new() { IsOld = true };
    private readonly DuoHost _host;

    public Given_an_old_service() => _host = new DuoHost(_service);

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_service.Faults);
        _host.Dispose();
        await _service.DisposeAsync();
    }

    [Fact]
    public void It_is_spoken_to_as_it_speaks()
    {
        DuoPreauth preauth = _host.Preauth();
        Assert.Equal(
            (DuoResult.Auth, _service.Menu, "push1"),
            (preauth.Result, preauth.Prompt, preauth.Factors["default"]));
        Assert.Equal(DuoResult.Deny, _host.Auth("654321", isAsync: false).Result);

        string id = _host.Auth("push1").TransactionId!;
        Assert.Equal(DuoResult.Waiting, _host.Status(id).Result);
        Assert.Equal(new DuoStatus(DuoResult.Allow, "Success. Logging you in..."), _host.Status(id));
    }

    [Fact]
    public void It_is_asked_once_what_it_speaks()
    {
        _host.Preauth();
        _host.Preauth();

        Assert.Equal(
            ["GET /auth/v2/ping", "POST /auth/v2/preauth", "POST /rest/v1/preauth.json", "POST /rest/v1/preauth.json"],
            _service.Calls);
    }

    [Fact]
    public void It_may_be_replaced_by_a_new_one()
    {
        _host.Preauth();
        _service.IsOld = false;

        Assert.Equal(DuoResult.Auth, _host.Preauth().Result);
        Assert.Equal(DuoResult.Allow, _host.Auth("123456", isAsync: false).Result);
    }

    [Theory]
    [InlineData("deny", "Your account is locked out.")]
    [InlineData("allow", "Bypass")]
    [InlineData("enroll", "Please enroll at https://portal.example.org")]
    public void Its_other_results_are_read(string result, string status)
    {
        (_service.PreauthResult, _service.PreauthMessage) = (result, status);

        DuoPreauth preauth = _host.Preauth();

        Assert.Equal((result, status), (preauth.Result.ToString().ToLowerInvariant(), preauth.StatusMessage));
    }
}
