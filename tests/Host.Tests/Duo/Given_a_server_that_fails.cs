using System.Diagnostics;
using Sallyport.Host.Tests.Agent;

namespace Sallyport.Host.Tests.Duo;

/// <summary>Each row of docs/formats/duo-host.md, "When it counts as not there", under each failmode.</summary>
public sealed class Given_a_server_that_fails
{
    // https_timeout, and what else there is to do. Each failure has one silence at most: connecting, TLS, one request,
    // or the trouble while a phone is asked.
    private static readonly TimeSpan OneSilence = TimeSpan.FromSeconds(1 + 2);

    // But the server that answers pings is there, and a person is waited for: ours says each 5 s that it still waits.
    private static readonly TimeSpan OnePoll = TimeSpan.FromSeconds(6 + 2);

    private static readonly string[] NotThere =
    [
        "no such name", "nobody listens", "TLS is silent", "TLS is broken off", "503", "silent at ping",
        "silent at preauth",
    ];

    private static readonly string[] NotItself =
    [
        "another's certificate", "another's name", "302", "400", "401", "403", "404", "429", "garbage at ping",
        "garbage at preauth", "no result", "another word", "503 at auth", "silent at auth", "garbage at auth",
        "503 at status", "silent at status", "garbage at status", "FAIL at status",
    ];

    public static TheoryData<string, string> Rows
    {
        get
        {
            TheoryData<string, string> rows = [];
            foreach (string mode in (string[])["", "secure", "offline", "safe"])
            {
                foreach (string failure in NotThere.Concat(NotItself))
                {
                    rows.Add(mode, failure);
                }
            }

            return rows;
        }
    }

    [Theory]
    [InlineData("passcode")]
    [InlineData("enroll")]
    public async Task Only_the_servers_own_allow_is_remembered_for_offline(string how)
    {
        await using DuoAgent host = new();
        host.Agent.Enrol("daemon", "\" TOTP_AUTH");
        string memory = host.Agent.Path("agent/offline/daemon");
        if (how == "enroll")
        {
            Assert.Equal(AgentClient.Allow, host.Ask(1, "123456")); // the server's
            Assert.True(File.Exists(memory));
            host.Service.PreauthResult = "enroll";
        }

        Assert.Equal(AgentClient.Allow, host.Ask(2, AgentUnderTest.Passcode));

        Assert.False(File.Exists(memory));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task It_lets_in_whom_failmode_lets_in_and_nobody_waits_longer_than_a_silence(
        string mode, string failure)
    {
        await using DuoAgent host = new();
        using FakeCertificate foreign = new();
        Fail(host, foreign, failure, mode);
        host.Agent.Enrol("daemon", "\" TOTP_AUTH");
        host.Remember("daemon");
        bool isAway = NotThere.Contains(failure);
        long begun = Stopwatch.GetTimestamp();

        // Whoever is asked for anything answers with a wrong passcode of this host, or with a right one; where there
        // is a menu he takes the push.
        bool isLater = failure.Split(" at ") is [_, "auth" or "status"];
        byte? wrong = host.Ask(1, [.. Enumerable.Repeat(isLater ? "1" : "000000", 6)]);
        TimeSpan first = Stopwatch.GetElapsedTime(begun);
        byte? right = host.Ask(2, [.. Enumerable.Repeat(isLater ? "1" : AgentUnderTest.Passcode, 6)]);

        Assert.Equal(isAway && mode == "safe" ? AgentClient.Allow : AgentClient.Deny, wrong);
        bool isLetIn = isAway && mode is "safe" or "offline";
        Assert.Equal(isLetIn ? AgentClient.Allow : AgentClient.Deny, right);
        int bypasses = isAway ? mode switch { "safe" => 2, "offline" => 1, _ => 0 } : 0;
        Assert.Equal(bypasses, host.Unreported.Count(line => line.Length > 0));
        Assert.InRange(first, TimeSpan.Zero, failure == "silent at status" ? OnePoll : OneSilence);
    }

    /// <summary>https_timeout without a word, and a ping: one silence. To tell it would be another.</summary>
    [Fact]
    public async Task One_that_dies_while_a_phone_is_asked_is_not_told_that_nobody_waits()
    {
        await using DuoAgent host = new("autopush = yes");
        host.Service.IsOurs = true;
        host.Service.ApprovesAfter = null;
        bool isDead = false;
        host.Service.Script = request =>
        {
            bool wasDead = isDead;
            isDead |= request.Path == "/auth/v2/auth";
            return wasDead ? FakeReply.Silence : null;
        };
        long begun = Stopwatch.GetTimestamp();

        byte? verdict = host.LogIn(1, ["headless=yes"]).Verdict;

        Assert.Equal(AgentClient.Deny, verdict);
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, OneSilence);
        Assert.Equal("GET /auth/v2/ping", host.Service.Calls[^1]);
    }

    [Fact]
    public async Task Safe_is_no_way_in_after_the_server_has_refused()
    {
        await using DuoAgent host = new("failmode = safe");
        int asked = 0;
        host.Service.Script = request =>
            request.Path == "/auth/v2/preauth" && ++asked == 2 ? FakeReply.Json(503, "{}") : null;

        Assert.Equal(AgentClient.Deny, host.Ask(1, "000000"));

        Assert.Equal(2, asked);
        Assert.Empty(host.Unreported);
    }

    [Fact]
    public async Task Offline_asks_nobody_whom_the_server_has_not_let_in_or_has_refused_since()
    {
        await using DuoAgent host = new("failmode = offline");
        host.Agent.Enrol("daemon", "\" TOTP_AUTH");
        host.Remember("daemon");
        host.Service.PreauthResult = "deny";
        Assert.Equal(AgentClient.Deny, host.Ask(1));
        host.Service.Script = _ => FakeReply.Json(503, "{}");

        using AgentClient client = host.Agent.Connect();
        Assert.Equal(AgentClient.Deny, DuoAgent.Ask(client, 2, AgentUnderTest.Passcode));
        Assert.DoesNotContain(client.Shown, text => text[0] is 'P' or 'Q');
    }

    /// <summary>Whoever has his phone has said no; whoever mistypes a passcode has not.</summary>
    [Theory]
    [InlineData("1", false)]
    [InlineData("auto", false)]
    [InlineData("654321", true)]
    public async Task A_phone_that_says_no_takes_offline_away(string typed, bool isKept)
    {
        await using DuoAgent host = new("failmode = offline\nprompts = 1");
        host.Agent.Enrol("daemon", "\" TOTP_AUTH");
        host.Remember("daemon");
        host.Service.Approves = false;
        Assert.Equal(AgentClient.Deny, host.Ask(1, typed, ""));
        host.Service.Script = _ => FakeReply.Json(503, "{}");

        byte? verdict = host.Ask(2, AgentUnderTest.Passcode);

        Assert.Equal(isKept ? AgentClient.Allow : AgentClient.Deny, verdict);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_his_phone_is_asked_a_passcode_of_this_host_will_do(bool isRight)
    {
        await using DuoAgent host = new("prompts = 1");
        host.Agent.Enrol("daemon", "\" TOTP_AUTH");
        host.Service.IsOurs = true;
        host.Service.ApprovesAfter = null;

        byte? verdict = host.Ask(1, "1", isRight ? AgentUnderTest.Passcode : "000000");

        Assert.Equal(isRight ? AgentClient.Allow : AgentClient.Deny, verdict);
        Assert.Single(host.Service.Cancelled);
        Assert.Equal(isRight, !host.Service.Requests.Any(r => r.Parameters.GetValueOrDefault("prompt") == "000000"));
    }

    [Theory]
    [InlineData("nullok")]
    [InlineData("grace_period=600")]
    public async Task Offline_takes_a_passcode_and_nothing_less(string argument)
    {
        await using DuoAgent host = new("failmode = offline");
        host.Remember("daemon");
        host.Service.Script = _ => FakeReply.Json(503, "{}");
        if (argument != "nullok")
        {
            long now = host.Agent.Clock.GetUtcNow().ToUnixTimeSeconds();
            host.Agent.Enrol("daemon", $"\" LAST0 {DuoAgent.Address} {now}");
        }

        using AgentClient client = host.Agent.Connect();
        byte? verdict = client
            .Hello(
                "auth", "daemon", "service=sshd", $"rhost={DuoAgent.Address}", "ssh_auth_info=publickey k",
                $"arg={argument}")
            .Verdict("000000");

        Assert.Equal(AgentClient.Deny, verdict);
    }

    private static void Fail(DuoAgent host, FakeCertificate foreign, string failure, string mode)
    {
        string lines = mode == "" ? "" : $"failmode = {mode}\n";
        FakeDuoService service = host.Service;
        service.IsOurs = true; // a foreign one may hold a poll back for as long as a person takes
        switch (failure)
        {
            case "no such name":
                lines += "host = nobody.invalid";
                break;
            case "nobody listens":
                lines += "host = localhost:1";
                break;
            case "another's certificate":
                lines += $"cafile = {foreign.AuthorityFile}";
                break;
            case "another's name":
                lines += $"host = 127.0.0.1:{service.Port}";
                break;
            case "TLS is silent":
                service.Handshake = FakeHandshake.Silent;
                break;
            case "TLS is broken off":
                service.Handshake = FakeHandshake.Hangup;
                break;
            case "302" or "400" or "401" or "403" or "404" or "503":
                service.Script = request =>
                    request.Path == "/auth/v2/ping" ? null : FakeReply.Json(int.Parse(failure), "{}");
                break;
            case "429":
                service.Script = _ => FakeReply.Json(429, "{}", "Retry-After: 60");
                break;
            case "no result":
                service.Script = request => request.Path == "/auth/v2/preauth" ? FakeReply.Ok("{}") : null;
                break;
            case "another word":
                FakeReply allowed = FakeReply.Ok("""{"result":"allowed","status_msg":"x"}""");
                service.Script = request => request.Path == "/auth/v2/preauth" ? allowed : null;
                break;
            default:
                string[] words = failure.Split(" at ");
                string path = words[1] switch { "status" => "auth_status", string call => call };
                service.Script = request => request.Path != $"/auth/v2/{path}" ? null : words[0] switch
                {
                    "silent" => FakeReply.Silence,
                    "garbage" => FakeReply.Raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nallow you"),
                    "FAIL" => FakeReply.Json(200, """{"stat":"FAIL","code":40002,"message":"txid"}"""),
                    string code => FakeReply.Json(int.Parse(code), "{}"),
                };
                break;
        }

        host.Configure(lines);
    }
}
