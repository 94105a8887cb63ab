using System.Net;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Authentications;

/// <summary>A verdict that was stored is looked at again when it is fetched.</summary>
public sealed class StatusTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Who_was_disabled_meanwhile_is_denied_also_when_he_is_enabled_again(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string txid = await OpenAsync(server, "alice", alice.Passcode());
        await server.Get<DisableUser>().RunAsync("alice", TestServer.Stop);

        TestAnswer denied = await StatusAsync(server, txid);
        await server.Get<EnableUser>().RunAsync("alice", TestServer.Stop);
        TestAnswer again = await StatusAsync(server, txid);

        foreach (TestAnswer answer in (TestAnswer[])[denied, again])
        {
            Assert.Equal(
                ("deny", "deny", "Login request denied."),
                (answer.Text("result"), answer.Text("status"), answer.Text("status_msg")));
        }

        Assert.Equal(
            ["success valid_passcode duo_mobile_passcode", "denied user_disabled not_available"],
            await server.AuditAsync());
        Assert.Equal(2, await server.ReadAsync(db => db.Set<Audit.AuditEvent>().CountAsync(
            e => e.TransactionId == txid && e.UserKey == alice.Key && e.HostName == "web1", TestServer.Stop)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task An_allow_is_one_for_a_minute(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string txid = await OpenAsync(server, "alice", alice.Passcode());
        server.Clock.Advance(TimeSpan.FromSeconds(58));
        Assert.Equal("allow", (await StatusAsync(server, txid)).Text("result"));

        server.Clock.Advance(TimeSpan.FromSeconds(1));

        TestAnswer late = await StatusAsync(server, txid);
        Assert.Equal(
            ("deny", "timeout", "Login timed out."), (late.Text("result"), late.Text("status"), late.Text("status_msg")));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Who_was_removed_meanwhile_is_denied(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string txid = await OpenAsync(server, "alice", alice.Passcode());
        await server.Get<RemoveUser>().RunAsync("alice", TestServer.Stop);

        Assert.Equal("deny", (await StatusAsync(server, txid)).Text("result"));
    }

    [Theory]
    [InlineData(false, "allow")]
    [InlineData(true, "deny")]
    public async Task A_bypass_that_has_ended_lets_nobody_in(bool hasEnded, string result)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.EnrolAsync("alice");
        await server.ChangeUserAsync("alice", u => u.Status = UserStatus.Bypass);
        string txid = await OpenAsync(server, "alice", "123456");
        await server.ChangeUserAsync("alice", u => u.Status = hasEnded ? UserStatus.Active : UserStatus.Bypass);

        Assert.Equal(result, (await StatusAsync(server, txid)).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task An_application_that_was_removed_meanwhile_gets_no_verdict(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string txid = await OpenAsync(server, "alice", alice.Passcode());
        await server.Get<RemoveApplication>().RunAsync("bastion", TestServer.Stop);

        // Its key is still remembered, for a second.
        TestAnswer answer = await server.Host.SendAsync(new("GET", "/auth/v2/auth_status", ("txid", txid)));

        Assert.Equal((HttpStatusCode.BadRequest, 40002, "txid"), (answer.Status, answer.Code, answer.Detail));
    }

    private static async Task<string> OpenAsync(TestServer server, string name, string typed)
    {
        server.Clock.Advance(TimeSpan.FromMilliseconds(1001));
        TestRequest request = server.Host.Auth(name, typed);
        TestAnswer answer = await server.Host.SendAsync(request with
        {
            Parameters = [.. request.Parameters.Where(p => p.Name != "async"), ("async", "1")],
        });
        return answer.Text("txid")!;
    }

    private static Task<TestAnswer> StatusAsync(TestServer server, string txid)
    {
        server.Clock.Advance(TimeSpan.FromMilliseconds(1001));
        return server.Host.SendAsync(new("GET", "/auth/v2/auth_status", ("txid", txid)));
    }
}
