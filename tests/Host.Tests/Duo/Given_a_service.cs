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

        Assert.Equal(
            new DuoAuth(DuoResult.Allow, "Success. Logging you in...", null), _host.Auth("123456", isAsync: false));
    }

    [Fact]
    public void An_approval_lets_in()
    {
        _host.Preauth();
        DuoAuth auth = _host.Auth("push1");
        Assert.Equal(DuoResult.Waiting, auth.Result);

        Assert.Equal(
            new DuoStatus(DuoResult.Waiting, "Pushed a login request to your device..."),
            _host.Status(auth.TransactionId!));
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

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("127.0.0.1", false)]
    public async Task Its_certificate_may_be_its_own_or_for_an_address(string name, bool isItsOwn)
    {
        await using FakeDuoService service = new(new FakeCertificate(name, isItsOwn: isItsOwn)) { HostName = name };
        using DuoHost host = new(service);
        host.Settings = host.Settings with { Host = name };

        Assert.Equal(DuoResult.Auth, host.Preauth().Result);
        Assert.Empty(service.Faults);
    }

    /// <summary>As the system's file has it: words, other things than certificates, the right one among many.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Its_authority_may_be_one_of_many(bool isThere)
    {
        FakeCertificate[] others = [.. Enumerable.Range(0, 20).Select(_ => new FakeCertificate())];
        string file = Path.GetTempFileName();
        string right = File.ReadAllText(_service.Certificate.AuthorityFile);
        File.WriteAllText(
            file,
            string.Concat(others.Select(other => "# words\n" + File.ReadAllText(other.AuthorityFile)))
                + "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n" + (isThere ? right : ""));
        _host.Settings = _host.Settings with { CaFile = file };

        Exception? failed = Record.Exception(() => _host.Preauth());

        Assert.Equal(isThere, failed is null);
        Array.ForEach(others, other => other.Dispose());
        File.Delete(file);
    }

    [Theory]
    [InlineData("allow", "Bypass")]
    [InlineData("deny", "Your account is locked out.")]
    [InlineData("enroll", "Please enroll at https://portal.example.org")]
    public void It_may_decide_without_a_factor(string result, string message)
    {
        (_service.PreauthResult, _service.PreauthMessage) = (result, message);

        DuoPreauth preauth = _host.Preauth();

        Assert.Equal((result, message), (preauth.Result.ToString().ToLowerInvariant(), preauth.StatusMessage));
    }

    [Fact]
    public void A_refusal_refuses()
    {
        _service.Approves = false;
        _host.Preauth();
        Assert.Equal(
            new DuoAuth(DuoResult.Deny, "Incorrect passcode. Please try again.", null),
            _host.Auth("654321", isAsync: false));

        string id = _host.Auth("push1").TransactionId!;
        _host.Status(id);
        Assert.Equal(new DuoStatus(DuoResult.Deny, "Login request denied."), _host.Status(id));
        Assert.Equal("HTTP 400", Assert.Throws<DuoException>(() => _host.Status("of somebody else")).Message);
    }
}
