using Sallyport.Protocol.Approvals;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Push;

/// <summary>Who gets an allow that a phone has given: the application that opened the login, once, for a minute.</summary>
public sealed class RedeemTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Another_application_is_told_nothing_and_takes_nothing(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestHost other = await server.AddHostAsync(new AddApplicationRequest("database"));
        string id = await ApprovedAsync(server);

        TestAnswer foreign = await StatusAsync(other, id);
        Assert.Equal((40002, "txid"), (foreign.Code, foreign.Detail));

        Assert.Equal("allow", (await StatusAsync(server.Host, id)).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Of_many_who_ask_at_once_one_is_let_in(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        string id = await ApprovedAsync(server);

        TestAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => StatusAsync(server.Host, id)));

        Assert.Single(answers, answer => answer.Text("result") == "allow");
        Assert.Equal(9, answers.Count(answer => answer.Text("result") == "deny"));
    }

    [Theory]
    [InlineData(59, "allow", "allow")]
    [InlineData(61, "deny", "timeout")]
    public async Task After_a_minute_it_is_none(int seconds, string result, string status)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        string id = await ApprovedAsync(server);
        server.Clock.Advance(TimeSpan.FromSeconds(seconds));

        TestAnswer answer = await StatusAsync(server.Host, id);

        Assert.Equal((result, status), (answer.Text("result"), answer.Text("status")));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Who_was_disabled_since_is_denied(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        string id = await ApprovedAsync(server);
        await server.Get<DisableUser>().RunAsync("alice", TestServer.Stop);
        server.Clock.Advance(TimeSpan.FromSeconds(1)); // the audit is in the order of time

        Assert.Equal("deny", (await StatusAsync(server.Host, id)).Text("result"));
        await server.Get<Users.EnableUser>().RunAsync("alice", TestServer.Stop);
        Assert.Equal("deny", (await StatusAsync(server.Host, id)).Text("result"));
        Assert.Equal(
            ["success user_approved duo_push", "denied user_disabled not_available"], await server.AuditAsync());
    }

    /// <summary>Its id; nobody has asked for it yet.</summary>
    private static async Task<string> ApprovedAsync(TestServer server)
    {
        await server.AddUserAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        server.Clock.Advance(TimeSpan.FromMilliseconds(1001));
        TestRequest request = server.Host.Auth("alice", "push1");
        TestAnswer answer = await server.Host.SendAsync(request with
        {
            Parameters = [.. request.Parameters.Where(p => p.Name != "async"), ("async", "1")],
        });
        Assert.Equal(PushAnswer.Taken, await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Approve));
        return answer.Text("txid")!;
    }

    private static Task<TestAnswer> StatusAsync(TestHost host, string id) =>
        host.SendAsync(new("GET", "/auth/v2/auth_status", ("txid", id)));
}
