using System.Net;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.DuoApi;

public sealed class LoginTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Facts_0_3_and_7_5_the_menu_and_the_default_come_from_the_server(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.EnrolAsync("alice");

        TestAnswer answer = await server.Host.PreauthAsync("alice");

        Assert.Equal("auth", answer.Text("result"));
        Assert.Equal("Account is active", answer.Text("status_msg"));
        Assert.Equal(
            "Duo two-factor login for alice\n\nPasscode: ",
            answer.Response.GetProperty("prompt").GetProperty("text").GetString());
        Assert.Equal(
            "auto", answer.Response.GetProperty("prompt").GetProperty("factors").GetProperty("default").GetString());
        Assert.StartsWith("DP", answer.Response.GetProperty("devices")[0].GetProperty("device").GetString());
        Assert.Empty(await server.AuditAsync());
    }

    [Fact]
    public async Task Facts_0_9_a_headless_login_is_denied_and_is_no_wrong_passcode()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.EnrolAsync("alice");
        for (int i = 0; i < 12; i++)
        {
            Assert.Equal("deny", await server.Host.LogInAsync("alice", "auto"));
        }

        Assert.Equal(0, await server.ReadAsync(db => db.Users.Select(u => u.Failures).SingleAsync(TestServer.Stop)));
        Assert.All(
            await server.AuditAsync(), e => Assert.Equal("denied no_activated_duo_mobile_account not_available", e));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Facts_7_8_policy_says_no_in_preauth_with_status_200(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.EnrolAsync("alice");
        await server.ChangeUserAsync("alice", u => u.Status = UserStatus.Disabled);

        TestAnswer disabled = await server.Host.PreauthAsync("alice");
        TestAnswer unknown = await server.Host.PreauthAsync("mallory");

        Assert.Equal((HttpStatusCode.OK, "deny"), (disabled.Status, disabled.Text("result")));
        Assert.Equal((HttpStatusCode.OK, "deny"), (unknown.Status, unknown.Text("result")));
        Assert.Equal(
            ["denied user_disabled not_available", "denied deny_unenrolled_user not_available"],
            await server.AuditAsync());
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Who_bypasses_or_sits_in_a_trusted_network_is_let_in_and_audited(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(
            kind, new("bastion") { TrustedNetworks = ["203.0.113.0/24"] });
        await server.EnrolAsync("alice");
        await server.EnrolAsync("bob");
        await server.ChangeUserAsync("bob", u => u.Status = UserStatus.Bypass);

        Assert.Equal("allow", (await server.Host.PreauthAsync("alice")).Text("result"));
        Assert.Equal("allow", (await server.Host.PreauthAsync("bob")).Text("result"));
        Assert.Equal("auth", (await (server.Host with { Address = "web1.example" }).PreauthAsync("alice")).Text("result"));
        Assert.Equal(
            ["success trusted_network not_available", "success bypass_user not_available"], await server.AuditAsync());
    }

    [Fact]
    public async Task Facts_7_11_an_enrolment_carries_its_link_in_both_texts()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("ada");
        await server.ChangeUserAsync("ada", u => (u.InvitationMac, u.InvitedUntil) = ([1], server.Now.AddHours(1)));

        TestAnswer answer = await server.Host.PreauthAsync("ada");

        Assert.Equal("enroll", answer.Text("result"));
        Assert.Equal("Please enroll at https://sallyport.example/portal", answer.Text("status_msg"));
        Assert.Contains(
            "https://sallyport.example/portal", answer.Response.GetProperty("prompt").GetProperty("text").GetString());
        Assert.Equal("https://sallyport.example/portal", answer.Text("enroll_portal_url"));
        Assert.Equal("deny", await server.Host.LogInAsync("ada", "123456"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Facts_7_5_status_always_has_status_msg_and_result(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string txid = await OpenAsync(server, "alice", alice.Passcode());

        TestAnswer first = await StatusAsync(server.Host, txid);
        TestAnswer second = await StatusAsync(server.Host, txid);

        Assert.True(txid.Length <= 255); // fact 7.6
        Assert.Equal(
            ("allow", "allow", "Success. Logging you in..."),
            (first.Text("result"), first.Text("status"), first.Text("status_msg")));

        // An allow is given out once.
        Assert.Equal(
            ("deny", "deny", "Login request denied."),
            (second.Text("result"), second.Text("status"), second.Text("status_msg")));

        string denied = await OpenAsync(server, "alice", alice.Passcode());
        TestAnswer deny = await StatusAsync(server.Host, denied);
        Assert.Equal(
            ("deny", "Incorrect passcode. Please try again."), (deny.Text("result"), deny.Text("status_msg")));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Facts_0_2_and_7_4_a_transaction_is_answered_fifteen_times_and_ends(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string txid = await OpenAsync(server, "alice", alice.Passcode());
        for (int i = 0; i < 15; i++)
        {
            Assert.Equal(i == 0 ? "allow" : "deny", (await StatusAsync(server.Host, txid)).Text("result"));
        }

        TestAnswer late = await StatusAsync(server.Host, txid);
        Assert.Equal((HttpStatusCode.BadRequest, 40002, "txid"), (late.Status, late.Code, late.Detail));

        string other = await OpenAsync(server, "alice", "wrong");
        server.Clock.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal(40002, (await StatusAsync(server.Host, other)).Code);
    }

    [Fact]
    public async Task A_transaction_is_answered_to_the_application_that_opened_it_only()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        TestUser alice = await server.EnrolAsync("alice");
        TestHost other = await server.AddHostAsync(new("other"));
        string txid = await OpenAsync(server, "alice", alice.Passcode());

        Assert.Equal(40002, (await StatusAsync(other, txid)).Code);
        Assert.Equal(40002, (await StatusAsync(server.Host, "11111111-1111-4111-8111-111111111111")).Code);
        Assert.Equal("allow", (await StatusAsync(server.Host, txid)).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Facts_7_2_the_same_signature_is_decided_once(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.EnrolAsync("alice");
        var added = Assert.IsType<AddBypassCodeResult.Added>(
            await server.Get<AddBypassCode>().RunAsync(new("alice") { Uses = 5 }, TestServer.Stop));

        TestAnswer[] answers = await server.Host.SendTwiceAsync(server.Host.Auth("alice", added.Codes.Expose()[0]));

        Assert.Equal(["allow", "deny"], answers.Select(a => a.Text("result")));
        Assert.Equal("denied error not_available", (await server.AuditAsync())[^1]);
        Assert.Equal(4, await server.ReadAsync(db => db.BypassCodes.Select(c => c.RemainingUses).SingleAsync(TestServer.Stop)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Facts_0_7_and_7_3_an_async_request_sent_again_gets_its_verdict_in_place_of_the_first(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string passcode = alice.Passcode();

        string lost = await OpenAsync(server, "alice", passcode);
        string again = await OpenAsync(server, "alice", passcode);

        Assert.Equal("deny", (await StatusAsync(server.Host, lost)).Text("result"));
        Assert.Equal("allow", (await StatusAsync(server.Host, again)).Text("result"));
        string recorded = await OpenAsync(server, "alice", passcode);
        Assert.Equal("deny", (await StatusAsync(server.Host, recorded)).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Facts_0_7_so_does_one_with_a_code_that_is_good_once_and_the_audit_says_which(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.EnrolAsync("alice");
        Assert.IsType<AddHotpDeviceResult.Added>(await server.Get<AddHotpDevice>().RunAsync(
            new("1", "3132333435363738393031323334353637383930") { User = "alice" }, TestServer.Stop));
        var codes = Assert.IsType<AddBypassCodeResult.Added>(
            await server.Get<AddBypassCode>().RunAsync(new("alice"), TestServer.Stop));
        foreach (string code in (string[])["755224", codes.Codes.Expose()[0]]) // RFC 4226, appendix D
        {
            string[] lost = [await OpenAsync(server, "alice", code), await OpenAsync(server, "alice", code)];
            string third = await OpenAsync(server, "alice", code);

            Assert.Equal("allow", (await StatusAsync(server.Host, third)).Text("result"));
            Assert.Equal("deny", (await StatusAsync(server.Host, lost[0])).Text("result"));
            Assert.Equal("deny", (await StatusAsync(server.Host, lost[1])).Text("result"));
            string recorded = await OpenAsync(server, "alice", code);
            Assert.Equal("deny", (await StatusAsync(server.Host, recorded)).Text("result"));
        }

        List<string> audit = await server.AuditAsync();
        Assert.All(audit[..3], row => Assert.Equal("success valid_passcode hardware_token", row));
        Assert.All(audit[4..7], row => Assert.Equal("success valid_passcode bypass_code", row));
        Assert.Equal(2, audit.Count(row => row.StartsWith("denied invalid_passcode", StringComparison.Ordinal)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_lost_answer_is_given_to_the_same_request_only_and_soon(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string passcode = alice.Passcode();
        await OpenAsync(server, "alice", passcode);

        TestHost elsewhere = server.Host with { Address = "198.51.100.9" };
        Assert.Equal("deny", await elsewhere.LogInAsync("alice", passcode));
        server.Clock.Advance(TimeSpan.FromSeconds(31));
        string late = await OpenAsync(server, "alice", passcode);
        Assert.Equal("deny", (await StatusAsync(server.Host, late)).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Facts_7_2_a_sync_answer_that_was_not_sent_is_given_once_more(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string passcode = alice.Passcode();
        TestAnswer answer = await server.Host.AuthAsync("alice", passcode);
        string id = await server.ReadAsync(db => db.Authentications.Select(a => a.TransactionId).SingleAsync(TestServer.Stop));
        Assert.Equal("allow", answer.Text("result"));
        Assert.Equal("deny", await server.Host.LogInAsync("alice", passcode));

        await server.Get<AuthenticationStatus>().LostAsync(new(AuthenticationState.Allowed, "allow", "", id), TestServer.Stop);

        Assert.Equal("allow", await server.Host.LogInAsync("alice", passcode));
        Assert.Equal("deny", await server.Host.LogInAsync("alice", passcode));
    }

    [Fact]
    public async Task Facts_7_9_and_7_10_fail_modes_and_old_clients_are_logged_once_and_audited()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        TestRequest old = server.Host.Preauth("mallory") with { UserAgent = "login_duo/2.2.3 (x86_64) libduo/2.2.3" };
        old = old with { Parameters = [.. old.Parameters.Select(p => p.Name == "failmode" ? ("failmode", "open") : p)] };

        await server.Host.SendAsync(old);
        await server.Host.SendAsync(old);

        Assert.Single(server.Log.Lines, l => l.Contains("bastion uses login_duo/2.2.3", StringComparison.Ordinal));
        Assert.Single(server.Log.Lines, l => l.Contains("(failmode = safe): web1", StringComparison.Ordinal));
        Assert.All(
            await server.ReadAsync(db => db.AuditEvents.Where(e => e.Action == "authentication").Select(e => e.Detail).ToListAsync(TestServer.Stop)),
            detail => Assert.Equal("login_duo/2.2.3; failmode open", detail));
    }

    [Fact]
    public async Task Facts_7_4_no_control_character_comes_back()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.EnrolAsync("alice");

        TestAnswer answer = await server.Host.PreauthAsync("x\u001b[31m");

        Assert.DoesNotContain("u001", System.Text.Encoding.UTF8.GetString(answer.Bytes));
        Assert.Equal("x?[31m", await server.ReadAsync(db => db.AuditEvents.Where(e => e.Action == "authentication").Select(e => e.UserName).SingleAsync(TestServer.Stop)));
    }

    private static async Task<string> OpenAsync(TestServer server, string name, string prompt)
    {
        server.Clock.Advance(TimeSpan.FromMilliseconds(1001));
        TestRequest request = server.Host.Auth(name, prompt);
        request = request with { Parameters = [.. request.Parameters.Select(p => p.Name == "async" ? ("async", "1") : p)] };
        return (await server.Host.SendAsync(request)).Text("txid")!;
    }

    private static Task<TestAnswer> StatusAsync(TestHost host, string txid) =>
        host.SendAsync(new("GET", "/auth/v2/auth_status", ("txid", txid)));
}
