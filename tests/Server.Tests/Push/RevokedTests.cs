using Sallyport.Protocol.Approvals;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Push;

/// <summary>A login that waits while an administrator takes away who, or what, it waits for. The clock stands.</summary>
public sealed class RevokedTests
{
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(10);

    public static TheoryData<DatabaseKind, string, string> Acts =>
    [
        .. from kind in (DatabaseKind[])[DatabaseKind.Sqlite, DatabaseKind.Postgres]
           from act in ((string, string)[])
               [("device remove", "administrator"), ("user remove", "user_disabled"), ("user disable", "user_disabled")]
           select new TheoryDataRow<DatabaseKind, string, string>(kind, act.Item1, act.Item2),
    ];

    [Theory]
    [MemberData(nameof(Acts))]
    public async Task Each_that_waits_is_denied_at_once_and_nobody_elses(DatabaseKind kind, string act, string reason)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await using TestServer command = await server.AgainAsync(isStarted: false);
        TestHost other = await server.AddHostAsync(new AddApplicationRequest("database"));
        await server.AddUserAsync("alice");
        await server.AddUserAsync("bob");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        TestPhone bobs = await TestPhone.AddAsync(server, "bob");
        Task<TestAnswer> sync = server.Host.AuthAsync("alice", "push");
        WaitingPush push = await phone.WaitingAsync();
        string txid = (await other.SendAsync(Async(other.Auth("alice", "push")))).Text("txid")!;
        TestRequest ask = new("GET", "/auth/v2/auth_status", ("txid", txid));
        Assert.Equal("waiting", (await other.SendAsync(ask)).Text("result"));
        Task<TestAnswer> poll = other.SendAsync(ask);
        Task<TestAnswer> bob = server.Host.AuthAsync("bob", "push");
        WaitingPush bobsPush = await bobs.WaitingAsync();
        await Task.Delay(200, TestServer.Stop); // all three wait by now

        Assert.True(await ActAsync(command, act, phone));

        foreach (Task<TestAnswer> login in (Task<TestAnswer>[])[sync, poll])
        {
            TestAnswer denied = await login.WaitAsync(_soon, TestServer.Stop);
            Assert.Equal(
                ("deny", "deny", "Login request denied."),
                (denied.Text("result"), denied.Text("status"), denied.Text("status_msg")));
        }

        Assert.Equal([$"denied {reason} duo_push", $"denied {reason} duo_push"], await server.AuditAsync());
        Assert.Equal(PushAnswer.Gone, await phone.AnswerAsync(push, ApprovalDecision.Approve));
        Assert.False(bob.IsCompleted);
        Assert.Equal(PushAnswer.Taken, await bobs.AnswerAsync(bobsPush, ApprovalDecision.Approve));
        Assert.Equal("allow", (await bob).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task It_is_no_refusal_of_his_so_the_next_phone_is_asked_without_a_pause(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("alice");
        for (int i = 0; i < 4; i++)
        {
            TestPhone lost = await TestPhone.AddAsync(server, "alice");
            Task<TestAnswer> login = server.Host.AuthAsync("alice", "push");
            await lost.WaitingAsync();
            await server.Get<RemoveDevice>().RunAsync(lost.Key, TestServer.Stop);
            Assert.Equal("deny", (await login.WaitAsync(_soon, TestServer.Stop)).Text("result"));
        }

        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        Task<TestAnswer> next = server.Host.AuthAsync("alice", "push");
        await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Approve);

        Assert.Equal("allow", (await next).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Of_many_pushes_opened_while_he_is_disabled_none_is_left_waiting(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("alice");
        await TestPhone.AddAsync(server, "alice");
        TestHost[] hosts = [.. await Task.WhenAll(
            Enumerable.Range(0, 12).Select(i => server.AddHostAsync(new AddApplicationRequest($"host{i}"))))];

        Task<TestAnswer>[] logins = [.. hosts.Select(host => host.SendAsync(host.Auth("alice", "push")))];
        await Task.Delay(20, TestServer.Stop);
        await server.Get<DisableUser>().RunAsync("alice", TestServer.Stop);

        TestAnswer[] answers = await Task.WhenAll(logins).WaitAsync(_soon, TestServer.Stop);
        Assert.All(answers, answer => Assert.Equal("deny", answer.Text("result")));
    }

    private static Task<bool> ActAsync(TestServer command, string act, TestPhone phone) => act switch
    {
        "device remove" => command.Get<RemoveDevice>().RunAsync(phone.Key, TestServer.Stop),
        "user remove" => command.Get<RemoveUser>().RunAsync("alice", TestServer.Stop),
        _ => command.Get<DisableUser>().RunAsync("alice", TestServer.Stop),
    };

    private static TestRequest Async(TestRequest request) => request with
    {
        Parameters = [.. request.Parameters.Where(p => p.Name != "async"), ("async", "1")],
    };
}
