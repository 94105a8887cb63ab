using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <summary>What comes from a server ends on terminals and in logs; what goes to it came from who logs in.</summary>
public sealed class Given_texts_of_a_service : IAsyncDisposable
{
    private const string Sent = "a\u001b[2Jb\u009b1mc\u202ed\u0007\r\n\té";
    private const string Shown = "a?[2Jb?1mc?d??\n\té";

    private readonly FakeDuoService _service = new();
    private readonly DuoHost _host;

    public Given_texts_of_a_service() => _host = new DuoHost(_service);

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_service.Faults);
        _host.Dispose();
        await _service.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nothing_in_them_moves_a_cursor(bool isOld)
    {
        _service.IsOld = isOld;
        (_service.PreauthMessage, _service.Menu) = (Sent, Sent);
        _service.Factors["1"] = "pu\u001bsh1";

        DuoPreauth preauth = _host.Preauth();

        Assert.Equal((Shown, Shown, "pu?sh1"), (preauth.StatusMessage, preauth.Prompt, preauth.Factors["1"]));
        string status = isOld ? "status" : "status_msg";
        string sent = System.Text.Json.JsonEncodedText.Encode(Sent).ToString();
        _service.Script = request => FakeReply.Ok($$"""{"result":"deny","{{status}}":"{{sent}}","txid":"x"}""");
        Assert.Equal(Shown, _host.Auth("123456", isAsync: false).StatusMessage);
        Assert.Equal(Shown, _host.Status("x").StatusMessage);
    }

    [Theory]
    [InlineData("""{"result":"\u001b[2J","status_msg":"x"}""", "JSON invalid 'result': ?[2J")]
    [InlineData("""{"result":"auth","status_msg":"\ud800"}""", "invalid JSON response")]
    [InlineData("""{"result":"deny"}""", "JSON missing valid 'status_msg'")]
    [InlineData("""{"result":"allow","status_msg":7}""", "JSON missing valid 'status_msg'")]
    [InlineData("""{"status_msg":"x"}""", "JSON missing valid 'result'")]
    [InlineData("""{"result":"waiting","status_msg":"x"}""", "JSON invalid 'result': waiting")]
    [InlineData("""{"result":"allow","result":"deny","status_msg":"x"}""", "invalid JSON response")]
    [InlineData("""{"result":"auth","prompt":{"factors":{"1":7}}}""", "JSON missing valid 'factors'")]
    [InlineData("""{"result":"auth","txid":""}""", "JSON missing valid 'txid'")]
    [InlineData("[]", "JSON missing valid 'response'")]
    public void An_answer_that_is_not_quite_one_is_none(string response, string words)
    {
        _service.Script = request => request.Path == "/auth/v2/ping" ? null : FakeReply.Ok(response);

        DuoException failed = Assert.Throws<DuoException>(_host.Preauth);

        Assert.Equal((DuoFailure.Refused, words), (failed.Failure, failed.Message));
    }

    [Fact]
    public void Chunks_and_a_slow_answer_are_as_good_as_any()
    {
        FakeReply whole = FakeReply.Ok("""{"result":"allow","status_msg":"Bypass","more":[{"a":1}]}""");
        _service.Script = request =>
            request.Path == "/auth/v2/ping" ? null : whole.Chunked().Slow(TimeSpan.FromSeconds(1));

        Assert.Equal("Bypass", _host.Preauth().StatusMessage);
        Assert.Equal("Bypass", _host.Preauth().StatusMessage);
        Assert.Equal(1, _service.Handshakes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ali\nce")]
    [InlineData("ali\u0000ce")]
    [InlineData("ali\u007fce")]
    [InlineData("ali/ce")]
    public void A_name_that_cannot_be_sent_as_it_is_is_refused(string name)
    {
        name = name.Replace('/', '\ud83d'); // the compiler would mend it
        DuoException failed = Assert.Throws<DuoException>(
            () => _host.Client.Preauth(DuoHost.Alice with { User = name }, DuoHost.Stays));

        Assert.Equal(DuoFailure.Refused, failed.Failure);
        Assert.DoesNotContain("POST /auth/v2/preauth", _service.Calls);
    }

    [Fact]
    public void Everything_else_is_sent_without_its_control_characters()
    {
        DuoSubject subject = new("al ice+é%", "192.0.2.7\u001b", "bastion\n");
        _host.Client.Preauth(subject, DuoHost.Stays);
        _host.Client.Auth(subject, " 12\u001b3456\n", false, "Command=a%20b\r", "t&x=1", DuoHost.Stays);

        IReadOnlyDictionary<string, string> sent = _service.Requests.Last().Parameters;
        Assert.Equal(
            ("al ice+é%", "192.0.2.7?", "bastion?", "12?3456", "Command=a%20b?", "t&x=1", "prompt", "0"),
            (sent["username"], sent["ipaddr"], sent["hostname"], sent["prompt"], sent["pushinfo"], sent["txid"],
                sent["factor"], sent["async"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Our_server_can_tell_two_logins_in_one_second_from_one_that_was_sent_twice(bool isOurs)
    {
        _service.IsOurs = isOurs;
        _host.Preauth();
        _host.Auth("000000");
        _host.Auth("000000");

        string?[] logins = [.. _service.Requests.Where(request => request.Path == "/auth/v2/auth")
            .Select(request => request.Parameters.GetValueOrDefault("sallyport_login"))];
        Assert.Equal(isOurs ? 2 : 1, logins.Distinct().Count());
        Assert.Equal(isOurs, !logins.Contains(null));
    }

    [Fact]
    public void What_is_longer_than_any_passcode_is_not_sent()
    {
        _host.Preauth();

        DuoException failed = Assert.Throws<DuoException>(() => _host.Auth(new string('1', 256)));

        Assert.Equal(DuoFailure.Failed, failed.Failure);
        Assert.DoesNotContain("POST /auth/v2/auth", _service.Calls);
    }

    [Theory]
    [InlineData("Secure", "closed")]
    [InlineData("Offline", "closed")]
    [InlineData("Safe", "open")]
    public void The_server_hears_of_the_fail_mode(string mode, string sent)
    {
        _host.Settings = _host.Settings with { FailMode = Enum.Parse<FailMode>(mode), VerifiedPush = true };

        Assert.Equal("verified", _host.Preauth().TransactionId);

        IReadOnlyDictionary<string, string> parameters = _service.Requests.Last().Parameters;
        Assert.Equal(
            (sent, "1", "1"),
            (parameters["failmode"], parameters["text_prompt"], parameters["client_supports_verified_push"]));
    }

    [Fact]
    public void The_host_is_signed_and_sent_in_small_letters()
    {
        _host.Settings = _host.Settings with { Host = "LocalHost" };

        Assert.Equal(DuoResult.Auth, _host.Preauth().Result);
    }
}
