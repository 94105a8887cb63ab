using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Authentications;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Push;

/// <summary>Approvals that are none. After each the login still waits, or was decided before and stays so.</summary>
public sealed class RefusedApprovalTests
{
    public static TheoryData<DatabaseKind, string> Alterations()
    {
        TheoryData<DatabaseKind, string> all = [];
        foreach (string what in (string[])
            ["application", "user", "host", "address", "expires", "server", "transaction", "device", "key", "number"])
        {
            all.Add(DatabaseKind.Sqlite, what);
        }

        all.Add(DatabaseKind.Postgres, "address");
        return all;
    }

    [Theory]
    [MemberData(nameof(Alterations))]
    public async Task Altered(DatabaseKind kind, string what)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        Task<TestAnswer> login = server.Host.AuthAsync("alice", "push");
        WaitingPush push = await phone.WaitingAsync();
        ApprovalRecord altered = what switch
        {
            "application" => push.Record with { Application = "database" },
            "user" => push.Record with { User = "root" },
            "host" => push.Record with { Host = null },
            "address" => push.Record with { Address = "192.0.2.1" },
            "expires" => push.Record with { Expires = push.Record.Expires + 1 },
            "server" => push.Record with { Server = "other.example" },
            "transaction" => push.Record with { Transaction = TransactionIds.New() },
            "device" => push.Record with { Device = "DP000000000000000000" },
            "key" => push.Record with { Key = "SHA256:x" },
            _ => push.Record,
        };

        // A number where none was asked for is another text, too.
        string jws = phone.Sign(altered, ApprovalDecision.Approve, what == "number" ? "12" : null);
        Assert.Equal(PushAnswer.Refused, await phone.SendAsync(push.Record.Transaction, jws));

        await StillWaitsAsync(server, phone, push, login);
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Foreign_of_another_user_s_phone_or_another_phone_of_his(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("alice");
        await server.AddUserAsync("mallory");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        TestPhone second = await TestPhone.AddAsync(server, "alice");
        TestPhone foreign = await TestPhone.AddAsync(server, "mallory");
        Task<TestAnswer> login = server.Host.AuthAsync("alice", "push1");
        WaitingPush push = await phone.WaitingAsync();

        foreach (TestPhone other in (TestPhone[])[second, foreign])
        {
            Assert.Equal(PushAnswer.Gone, await other.AnswerAsync(push, ApprovalDecision.Approve));
            Assert.Equal(
                PushAnswer.Refused,
                await phone.SendAsync(push.Record.Transaction, other.Sign(push.Record, ApprovalDecision.Approve)));
        }

        await StillWaitsAsync(server, phone, push, login);
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Doubled_and_replayed(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        Task<TestAnswer> login = server.Host.AuthAsync("alice", "push");
        WaitingPush push = await phone.WaitingAsync();
        string jws = phone.Sign(push.Record, ApprovalDecision.Approve);

        PushAnswer[] answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => phone.SendAsync(push.Record.Transaction, jws)));

        Assert.Single(answers, PushAnswer.Taken);
        Assert.Equal(7, answers.Count(answer => answer is PushAnswer.Gone));
        Assert.Equal("allow", (await login).Text("result"));
        Task<TestAnswer> next = server.Host.AuthAsync("alice", "push");
        WaitingPush later = await phone.WaitingAsync();
        Assert.Equal(PushAnswer.Gone, await phone.SendAsync(push.Record.Transaction, jws));
        Assert.Equal(PushAnswer.Refused, await phone.SendAsync(later.Record.Transaction, jws));
        Assert.Equal(["success user_approved duo_push"], await server.AuditAsync());
        await StillWaitsAsync(server, phone, later, next);
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Late(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        server.Clock.Advance(TimeSpan.FromSeconds(2));
        TestRequest request = server.Host.Auth("alice", "push");
        await server.Host.SendAsync(request with
        {
            Parameters = [.. request.Parameters.Where(p => p.Name != "async"), ("async", "1")],
        });
        WaitingPush push = await phone.WaitingAsync();
        server.Clock.Advance(TimeSpan.FromSeconds(55));

        Assert.Equal(PushAnswer.Gone, await phone.AnswerAsync(push, ApprovalDecision.Approve));

        Assert.Equal(["denied no_response duo_push"], await server.AuditAsync());
        Assert.Equal(0, await server.ReadAsync(db => db.Set<Approval>().CountAsync(TestServer.Stop)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Of_a_phone_that_was_removed(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        await TestPhone.AddAsync(server, "alice");
        Task<TestAnswer> login = server.Host.AuthAsync("alice", "push1");
        WaitingPush push = await phone.WaitingAsync();
        await server.Get<RemoveDevice>().RunAsync(phone.Key, TestServer.Stop);

        Assert.Equal(PushAnswer.Gone, await phone.AnswerAsync(push, ApprovalDecision.Approve));

        Assert.Equal("deny", (await login).Text("result"));
    }

    [Fact]
    public async Task What_cannot_be_kept_lets_nobody_in()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        Task<TestAnswer> login = server.Host.AuthAsync("alice", "push");
        WaitingPush push = await phone.WaitingAsync();
        await server.ReadAsync(async db => await db.Database.ExecuteSqlAsync(
            $"CREATE TRIGGER no_evidence BEFORE INSERT ON approvals BEGIN SELECT RAISE(ABORT, 'full'); END",
            TestServer.Stop));

        await Assert.ThrowsAsync<DbUpdateException>(() => phone.AnswerAsync(push, ApprovalDecision.Approve));

        await server.ReadAsync(async db => await db.Database.ExecuteSqlAsync(
            $"DROP TRIGGER no_evidence", TestServer.Stop));
        await StillWaitsAsync(server, phone, push, login);
    }

    private static async Task StillWaitsAsync(
        TestServer server, TestPhone phone, WaitingPush push, Task<TestAnswer> login)
    {
        Assert.False(login.IsCompleted);
        Assert.Equal(PushAnswer.Taken, await phone.AnswerAsync(push, ApprovalDecision.Deny));
        Assert.Equal("deny", (await login).Text("result"));
        Assert.Equal("denied user_mistake duo_push", (await server.AuditAsync())[^1]);
    }
}
