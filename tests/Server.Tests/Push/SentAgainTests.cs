using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Authentications;
using Sallyport.Server.Persistence;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Push;

/// <summary>A request that is sent again joins its own push, and nobody else's.</summary>
public sealed class SentAgainTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task After_its_connection_broke_it_joins_and_is_let_in_by_the_one_approval(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        WaitingPush push = await BreakAsync(server, phone);

        Task<TestAnswer> again = server.Host.AuthAsync("alice", "push1");
        await Task.Delay(300, TestServer.Stop);
        Assert.Equal(push.Record.Transaction, Assert.Single(await ListAsync(server, phone)).Record.Transaction);
        await phone.AnswerAsync(push, ApprovalDecision.Approve);

        Assert.Equal("allow", (await again).Text("result"));
        Assert.Equal(["success user_approved duo_push"], await server.AuditAsync());
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task An_approval_that_came_meanwhile_is_its_own_once(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        WaitingPush push = await BreakAsync(server, phone);
        Assert.Equal(PushAnswer.Taken, await phone.AnswerAsync(push, ApprovalDecision.Approve));

        Assert.Equal("allow", await server.Host.LogInAsync("alice", "push1"));
        Assert.Empty(await ListAsync(server, phone));

        Task<TestAnswer> third = server.Host.AuthAsync("alice", "push1");
        await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Deny);
        Assert.Equal("deny", (await third).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Two_who_wait_at_the_same_moment_never_share_one(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        Task<TestAnswer> owner = server.Host.AuthAsync("alice", "push1");
        WaitingPush first = await phone.WaitingAsync();

        // The same in every parameter, from the same address.
        Task<TestAnswer> other = server.Host.AuthAsync("alice", "push1");
        WaitingPush second = await phone.WaitingAsync(not: first.Record.Transaction);
        await phone.AnswerAsync(second, ApprovalDecision.Approve);

        Assert.Equal(["allow", "deny"], new[] { (await owner).Text("result"), (await other).Text("result") }.Order());
    }

    [Theory]
    [InlineData("ipaddr", "198.51.100.66")]
    [InlineData("hostname", "web2")]
    [InlineData("pushinfo", "Command=rm")]
    [InlineData("prompt", "push")]
    public async Task Another_request_does_not_join(string name, string value)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        TestPhone phone = await WithPhoneAsync(server);
        WaitingPush push = await BreakAsync(server, phone);
        server.Clock.Advance(TimeSpan.FromSeconds(2));
        TestRequest request = server.Host.Auth("alice", "push1");

        Task<TestAnswer> other = server.Host.SendAsync(request with
        {
            Parameters = [.. request.Parameters.Where(p => p.Name != name), (name, value)],
        });

        WaitingPush own = await phone.WaitingAsync(not: push.Record.Transaction);
        Assert.Equal(PushAnswer.Gone, await phone.AnswerAsync(push, ApprovalDecision.Approve));
        await phone.AnswerAsync(own, ApprovalDecision.Deny);
        Assert.Equal("deny", (await other).Text("result"));
    }

    [Fact]
    public async Task An_id_that_was_delivered_is_not_joined()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await WithPhoneAsync(server);
        TestRequest request = server.Host.Auth("alice", "push1");
        request = request with
        {
            Parameters = [.. request.Parameters.Where(p => p.Name != "async"), ("async", "1")],
        };
        string? first = (await server.Host.SendAsync(request)).Text("txid");
        server.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.NotEqual(first, (await server.Host.SendAsync(request)).Text("txid"));
    }

    [Fact]
    public async Task An_id_that_was_asked_for_was_not_lost()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await WithPhoneAsync(server);
        TestRequest request = server.Host.Auth("alice", "push1");
        request = request with
        {
            Parameters = [.. request.Parameters.Where(p => p.Name != "async"), ("async", "1")],
        };
        string first = (await server.Host.SendAsync(request)).Text("txid")!;
        await server.Host.SendAsync(new("GET", "/auth/v2/auth_status", ("txid", first)));

        // The connection of who asked broke before he was told that it waits.
        await server.Get<AuthenticationStatus>().LostAsync(
            new(AuthenticationState.Waiting, "pushed", "", first), TestServer.Stop);
        server.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.NotEqual(first, (await server.Host.SendAsync(request)).Text("txid"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task What_no_phone_approved_is_nothing_to_join(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        await server.ChangeApplicationAsync(a => a.TrustedNetworks = "203.0.113.0/24");
        Assert.Equal("allow", await server.Host.LogInAsync("alice", "push1"));
        string id = await server.ReadAsync(
            db => db.Set<Authentication>().Select(a => a.TransactionId).SingleAsync(TestServer.Stop));
        await server.Get<AuthenticationStatus>().LostAsync(
            new(AuthenticationState.Allowed, "allow", "", id), TestServer.Stop);

        await server.ChangeApplicationAsync(a => a.TrustedNetworks = "");
        Task<TestAnswer> again = server.Host.AuthAsync("alice", "push1");
        await Task.WhenAny(again, phone.WaitingAsync());

        Assert.False(again.IsCompleted, "it was let in without a factor");
        await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Deny);
        Assert.Equal("deny", (await again).Text("result"));
    }

    [Fact]
    public async Task A_node_that_lost_its_lock_gives_nothing_to_who_waits_there()
    {
        await using TestServer one = await TestServer.StartAsync(DatabaseKind.Postgres);
        TestPhone phone = await WithPhoneAsync(one);
        await using TestServer two = await one.AgainAsync();
        Task<TestAnswer> first = one.Host.AuthAsync("alice", "push1");
        WaitingPush push = await phone.WaitingAsync();
        await one.ReadAsync(db => db.Database.ExecuteSqlAsync(
            $"""
            SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """,
            TestServer.Stop));
        Task<TestAnswer> second = two.Host.AuthAsync("alice", "push1");

        // It has joined: there is no other push. Who waited before it is told when the node listens again.
        Assert.Equal("deny", (await first.WaitAsync(TimeSpan.FromSeconds(5), TestServer.Stop)).Text("result"));
        Assert.Equal(push.Record.Transaction, Assert.Single(await ListAsync(two, phone)).Record.Transaction);
        await phone.AnswerAsync(push, ApprovalDecision.Approve);
        Assert.Equal("allow", (await second).Text("result"));
    }

    [Fact]
    public async Task The_next_run_of_the_server_finishes_what_the_last_began()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        TestPhone phone = await WithPhoneAsync(server);
        Task<TestAnswer> lost = server.Host.AuthAsync("alice", "push1");
        WaitingPush push = await phone.WaitingAsync();
        await server.StopAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => lost);

        await using TestServer next = await server.AgainAsync();
        Task<TestAnswer> again = next.Host.AuthAsync("alice", "push1");
        await Task.Delay(300, TestServer.Stop);
        Assert.Equal(PushAnswer.Taken, await (phone with { Server = next }).AnswerAsync(push, ApprovalDecision.Approve));

        Assert.Equal("allow", (await again).Text("result"));
    }

    [Fact]
    public async Task The_other_node_finishes_what_a_dead_one_began()
    {
        await using TestServer one = await TestServer.StartAsync(DatabaseKind.Postgres);
        TestPhone phone = await WithPhoneAsync(one);
        await using TestServer two = await one.AgainAsync();
        Task<TestAnswer> lost = one.Host.AuthAsync("alice", "push1");
        WaitingPush push = await phone.WaitingAsync();

        // Alive, it keeps its own: the other node does not take it for lost.
        Task<TestAnswer> same = two.Host.AuthAsync("alice", "push1");
        WaitingPush own = await phone.WaitingAsync(not: push.Record.Transaction);
        Assert.Equal("deny", (await lost).Text("result"));
        await phone.AnswerAsync(own, ApprovalDecision.Approve); // at the one
        Assert.Equal("allow", (await same).Text("result")); // at the other

        lost = one.Host.AuthAsync("alice", "push1");
        push = await phone.WaitingAsync();
        await one.StopAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => lost);
        Task<TestAnswer> again = two.Host.AuthAsync("alice", "push1");
        await Task.Delay(300, TestServer.Stop);
        Assert.Equal(PushAnswer.Taken, await (phone with { Server = two }).AnswerAsync(push, ApprovalDecision.Approve));
        Assert.Equal("allow", (await again).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_node_that_is_told_to_stop_lets_its_clients_go_at_once(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        Task<TestAnswer> login = server.Host.AuthAsync("alice", "push1");
        string id = (await phone.WaitingAsync()).Record.Transaction;
        await Task.Delay(200, TestServer.Stop);

        server.Get<Microsoft.Extensions.Hosting.IHostApplicationLifetime>().StopApplication();

        // No answer: an answer would be a verdict, and a client that gets none asks again.
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => login.WaitAsync(TimeSpan.FromSeconds(5), TestServer.Stop));
        long? waiter = null;
        while (waiter != Node.None)
        {
            waiter = await server.ReadAsync(db => db.Set<Authentication>()
                .Where(a => a.TransactionId == id).Select(a => a.Waiter).SingleAsync(TestServer.Stop));
        }

        Assert.Empty(await server.AuditAsync());
    }

    private static async Task<TestPhone> WithPhoneAsync(TestServer server)
    {
        await server.AddUserAsync("alice");
        return await TestPhone.AddAsync(server, "alice");
    }

    private static Task<IReadOnlyList<WaitingPush>> ListAsync(TestServer server, TestPhone phone) =>
        server.Get<ListPushes>().RunAsync(phone.Id, TestServer.Stop);

    /// <summary>A login whose client is gone, and the server knows it.</summary>
    private static async Task<WaitingPush> BreakAsync(TestServer server, TestPhone phone)
    {
        using HttpClient client = new();
        using CancellationTokenSource broken = new();
        using HttpRequestMessage request = server.Host.Sign(server.Host.Auth("alice", "push1"));
        Task<HttpResponseMessage> login = client.SendAsync(request, broken.Token);
        WaitingPush push = await phone.WaitingAsync();
        await Task.Delay(100, TestServer.Stop);
        await broken.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => login);
        while (await server.ReadAsync(db => db.Set<Authentication>()
            .Where(a => a.TransactionId == push.Record.Transaction).Select(a => a.Waiter).SingleAsync(TestServer.Stop))
            != Node.None)
        {
            await Task.Delay(10, TestServer.Stop);
        }

        return push;
    }
}
