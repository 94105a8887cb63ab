using System.Text.Json;
using Sallyport.Protocol.Approvals;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Authentications;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Push;

/// <summary>What a client is offered, and what it can ask for.</summary>
public sealed class MenuTests
{
    [Fact]
    public async Task Phones_are_numbered_and_the_first_is_the_default()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.EnrolAsync("alice");
        await TestPhone.AddAsync(server, "alice");
        await TestPhone.AddAsync(server, "alice");

        JsonElement prompt = (await server.Host.PreauthAsync("alice")).Response.GetProperty("prompt");

        Assert.Equal(
            """
            Duo two-factor login for alice

            Enter a passcode or select one of the following options:

             1. Duo Push to My phone
             2. Duo Push to My phone

            Passcode or option (1-2): 
            """,
            prompt.GetProperty("text").GetString());
        Assert.Equal(
            """{"default":"push1","1":"push1","2":"push2"}""", prompt.GetProperty("factors").GetRawText());
    }

    [Fact]
    public async Task In_v1_the_factors_stand_beside_the_text_and_who_waits_has_no_result()
    {
        await using TestServer server = await TestServer.StartAsync(
            DatabaseKind.Sqlite, new("bastion") { LegacyClients = true });
        await server.AddUserAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        TestRequest preauth = new("POST", "/rest/v1/preauth.json", ("user", "alice"), ("ipaddr", "203.0.113.5"));
        TestAnswer menu = await server.Host.SendAsync(preauth with { Version = DuoSignatureVersion.V1 });
        Assert.Equal("push1", menu.Response.GetProperty("factors").GetProperty("default").GetString());
        Assert.EndsWith("(1-1): ", menu.Text("prompt"));

        TestRequest auth = new(
            "POST",
            "/rest/v1/auth.json",
            ("user", "alice"), ("factor", "auto"), ("auto", "push1"), ("async", "1"), ("ipaddr", "203.0.113.5"));
        string txid = (await server.Host.SendAsync(auth with { Version = DuoSignatureVersion.V1 })).Text("txid")!;
        TestRequest status = new TestRequest("GET", "/rest/v1/status.json", ("txid", txid)) with
        {
            Version = DuoSignatureVersion.V1,
        };

        TestAnswer waiting = await server.Host.SendAsync(status);
        Assert.Equal(
            """{"status":"Pushed a login request to your device..."}""", waiting.Response.GetRawText());
        await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Approve);
        Assert.Equal(
            """{"result":"allow","status":"Success. Logging you in..."}""",
            (await server.Host.SendAsync(status)).Response.GetRawText());
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("push", true)]
    [InlineData("push1", true)]
    [InlineData("verified_push1", true)]
    [InlineData("auto", true)]
    [InlineData("2", false)]
    [InlineData("push2", false)]
    [InlineData("phone1", false)]
    [InlineData("sms1", false)]
    [InlineData("\n", false)]
    public async Task What_is_typed_asks_a_phone_or_is_a_wrong_passcode(string typed, bool asks)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.EnrolAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        Task<TestAnswer> login = server.Host.AuthAsync("alice", typed);
        if (asks)
        {
            await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Approve);
        }

        TestAnswer answer = await login;
        Assert.Equal(asks ? "allow" : "deny", answer.Text("result"));
        Assert.Equal(asks ? Verdict.Welcome : Verdict.Wrong, answer.Text("status_msg"));
    }

    [Theory]
    [InlineData("auto", true)]
    [InlineData(null, true)]
    [InlineData("KEY", true)]
    [InlineData("phone1", true)]
    [InlineData("phone2", false)]
    [InlineData("DP000000000000000000", false)]
    public async Task An_sdk_names_the_device(string? device, bool asks)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        (string, string)[] named = device is null ? [] : [("device", device == "KEY" ? phone.Key : device)];
        server.Clock.Advance(TimeSpan.FromSeconds(2));
        Task<TestAnswer> login = server.Host.SendAsync(
            new("POST", "/auth/v2/auth", [("username", "alice"), ("factor", "push"), .. named]));
        if (!asks)
        {
            TestAnswer none = await login;
            Assert.True((int)none.Status == 400 || none.Text("result") == "deny");
            return;
        }

        await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Approve);
        Assert.Equal("allow", (await login).Text("result"));
    }

    [Fact]
    public async Task Who_has_no_phone_has_no_capable_device()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.EnrolAsync("alice");

        TestAnswer answer = await server.Host.SendAsync(
            new("POST", "/auth/v2/auth", ("username", "alice"), ("factor", "push"), ("device", "auto")));

        Assert.Equal((40002, "no capable device"), (answer.Code, answer.Detail));
        Assert.Equal(["denied no_activated_duo_mobile_account duo_push"], await server.AuditAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_terminal_device_is_asked_only_where_policy_says_so(bool isAllowed)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice", isTerminal: true);
        await server.ChangeApplicationAsync(a => a.TerminalDevices = isAllowed);

        TestAnswer preauth = await server.Host.PreauthAsync("alice");
        Task<TestAnswer> login = server.Host.AuthAsync("alice", "push1");

        if (!isAllowed)
        {
            Assert.Equal(
                ("deny", "No factor that you have is taken here."), (preauth.Text("result"), preauth.Text("status_msg")));
            Assert.Equal("deny", (await login).Text("result"));
            Assert.Equal(
                ["denied denied_by_policy not_available", "denied denied_by_policy not_available"],
                await server.AuditAsync());
            return;
        }

        Assert.Contains(
            " 1. Duo Push to My phone (terminal)\n",
            preauth.Response.GetProperty("prompt").GetProperty("text").GetString());
        await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Approve);
        Assert.Equal("allow", (await login).Text("result"));
        Assert.StartsWith("terminal device; login_duo/2.2.4", await server.ReadAsync(db =>
            Task.FromResult(db.Set<Audit.AuditEvent>().Single(e => e.Reason == "user_approved").Detail)));
    }

    [Fact]
    public async Task A_terminal_device_that_is_not_taken_any_more_approves_nothing()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice", isTerminal: true);
        await server.ChangeApplicationAsync(a => a.TerminalDevices = true);
        Task<TestAnswer> login = server.Host.AuthAsync("alice", "push1");
        WaitingPush push = await phone.WaitingAsync();
        await server.ChangeApplicationAsync(a => a.TerminalDevices = false);

        Assert.Equal(PushAnswer.Forbidden, await phone.AnswerAsync(push, ApprovalDecision.Approve));

        Assert.Equal("deny", (await login).Text("result"));
        Assert.Equal(["denied denied_by_policy duo_push"], await server.AuditAsync());
    }

    [Fact]
    public async Task An_application_that_does_not_take_pushes_offers_none()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.EnrolAsync("alice");
        await TestPhone.AddAsync(server, "alice");
        await server.ChangeApplicationAsync(a => a.AllowedFactors = "passcode");

        TestAnswer preauth = await server.Host.PreauthAsync("alice");

        Assert.EndsWith("\n\nPasscode: ", preauth.Response.GetProperty("prompt").GetProperty("text").GetString());
        Assert.Equal("deny", await server.Host.LogInAsync("alice", "push1"));
    }
}
