using Sallyport.Host.Duo;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Tests.Duo;

/// <summary>
/// The lines by which log watchers know login_duo, for what a service may answer. Where it lets in and we refuse
/// (docs/reference/compatibility.md), the line is the one that it has for a refusal.
/// </summary>
public sealed partial class Given_what_login_duo_writes : IAsyncDisposable
{
    private const string Who = "for 'alice' from 192.0.2.7";
    private static readonly Account _daemon = Pwd.ByName("daemon")!;

    private readonly FakeDuoService _service = new();
    private readonly DuoHost _host;
    private DuoLogin _login = new()
    {
        Account = _daemon,
        ServerName = "alice",
        Address = "192.0.2.7",
        MayPush = true,
        ShowsTexts = true,
    };

    public Given_what_login_duo_writes() => _host = new DuoHost(_service);

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_service.Faults);
        _host.Dispose();
        await _service.DisposeAsync();
    }

    /// <summary>Only for a service that is away a fail mode lets in, and each refusal has its word.</summary>
    [Theory]
    [InlineData("500", "Fail", "HTTP 500")]
    [InlineData("501", "Fail", "HTTP 501")]
    [InlineData("504", "Fail", "HTTP 504")]
    [InlineData("refused", "Fail", "Couldn't connect to localhost:1: Failed to connect")]
    [InlineData("proxy refused", "Fail", "Couldn't connect to PLACE: Failed to connect")]
    [InlineData("302", "Aborted", "HTTP 302")]
    [InlineData("400", "Aborted", "HTTP 400")]
    [InlineData("402", "Aborted", "HTTP 402")]
    [InlineData("403", "Aborted", "HTTP 403")]
    [InlineData("404", "Aborted", "HTTP 404")]
    [InlineData("401", "Failsecure", "Invalid ikey or skey")]
    [InlineData("keys that are none", "Failsecure", "Invalid ikey or skey")]
    [InlineData("untrusted", "Failsecure", "Couldn't connect to PLACE: certificate verify failed")]
    [InlineData("another name", "Failsecure", "Couldn't connect to 127.0.0.1:PORT: Certificate name validation failed")]
    [InlineData("not HTTP", "Failsecure", "Couldn't connect to PLACE: no answer of HTTP/1.1")]
    [InlineData("", "Failsecure", "invalid JSON response")]
    [InlineData("""{"stat":"OK"}""", "Failsecure", "JSON missing valid 'response'")]
    [InlineData("""{"stat":"FAIL"}""", "Failsecure", "JSON missing valid 'code'")]
    [InlineData("""{"stat":"FAIL","code":0,"message":"x"}""", "Failsecure", "JSON missing valid 'code'")]
    [InlineData("""{"stat":"FAIL","code":1000}""", "Failsecure", "JSON missing valid 'message'")]
    [InlineData("""{"stat":"BAD_STATUS"}""", "Failsecure", "JSON invalid 'stat': BAD_STATUS")]
    [InlineData("""{}""", "Failsecure", "JSON missing valid 'stat'")]
    [InlineData("""{"stat":"OK","response":{"result":"allow"}}""", "Failsecure", "JSON missing valid 'status_msg'")]
    public void When_it_cannot_say_who_may_log_in(string how, string word, string reason)
    {
        using FakeCertificate foreign = new();
        Fail(how, foreign);
        reason = reason.Replace("PLACE", $"localhost:{_service.Port}", StringComparison.Ordinal)
            .Replace("PORT", $"{_service.Port}", StringComparison.Ordinal);
        foreach (FailMode mode in (FailMode[])[FailMode.Secure, FailMode.Safe])
        {
            _host.Settings = _host.Settings with { FailMode = mode };
            bool isLetIn = word == "Fail" && mode is FailMode.Safe;
            FakePerson person = new();

            Assert.Equal(isLetIn ? DuoOutcome.Allowed : DuoOutcome.Refused, Run(person));

            string said = word == "Fail" ? isLetIn ? "Failsafe" : "Failsecure" : word;
            Assert.Equal($"[4] {said} Duo login {Who}: {reason}", person.Lines[0]);
            Assert.Equal(isLetIn ? [$"[1] Let in without the server {Who}: {reason}"] : [], person.Lines.Skip(1));
            Assert.Empty(person.Prompts);
        }
    }

    private DuoOutcome Run(FakePerson person)
    {
        // Each login is a process of its own, and knows of no other.
        using DuoConnections connections = new(TimeProvider.System);
        var client = new DuoClient(_host.Settings, connections, "sallyport-login", TimeProvider.System);
        return new DuoFactor(_host.Settings, client, _login, person, TimeProvider.System).Run();
    }

    private void Answer(string json) =>
        _service.Script = request => request.Path == "/auth/v2/ping" ? null : FakeReply.Json(200, json);

    private void Fail(string how, FakeCertificate foreign)
    {
        DuoSettings settings = _host.Settings;
        _host.Settings = how switch
        {
            "refused" => settings with { Port = 1 },
            "proxy refused" => settings with { Proxy = new DuoProxy("localhost", 1, null) },
            "untrusted" => settings with { CaFile = foreign.AuthorityFile },
            "another name" => settings with { Host = "127.0.0.1" },
            "keys that are none" => settings with { IntegrationKey = "foo", SecretKey = "bar" },
            _ => settings,
        };
        if (int.TryParse(how, out int status))
        {
            _service.Script = request => request.Path == "/auth/v2/ping" ? null : FakeReply.Json(status, "");
        }
        else if (how == "not HTTP")
        {
            _service.Script = _ => FakeReply.Raw("220 mail.example.org ESMTP\r\n");
        }
        else if (how is "" or ['{', ..])
        {
            Answer(how);
        }
    }
}
