using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Authentications;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Push;

/// <summary>What one process makes durable is heard where somebody waits for it.</summary>
public sealed class NoticeTests
{
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task An_approval_at_one_node_is_heard_at_the_other_also_after_the_connection_that_tells_it_broke()
    {
        await using TestServer one = await TestServer.StartAsync(DatabaseKind.Postgres);
        await using TestServer two = await one.AgainAsync();
        await one.AddUserAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(one, "alice");
        await LogInAsync(phone, waitsAt: two, answersAt: one);

        int ended = await one.ReadAsync(db => db.Database.SqlQuery<bool>(
            $"""
            SELECT pg_terminate_backend(pid) AS "Value" FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'SELECT pg_notify%' AND pid <> pg_backend_pid()
            """).CountAsync(TestServer.Stop));

        Assert.Equal(2, ended); // of each node: opening a login is told, too
        await LogInAsync(phone, waitsAt: two, answersAt: one);
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task What_a_command_makes_durable_is_heard_too(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await using TestServer command = await server.AgainAsync(isStarted: false);
        await server.AddUserAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");

        await LogInAsync(phone, waitsAt: server, answersAt: command);
    }

    private static async Task LogInAsync(TestPhone phone, TestServer waitsAt, TestServer answersAt)
    {
        Task<TestAnswer> login = waitsAt.Host.AuthAsync("alice", "push1");
        WaitingPush push = await phone.WaitingAsync();
        await Task.Delay(200, TestServer.Stop); // it waits by now

        Assert.Equal(
            PushAnswer.Taken, await (phone with { Server = answersAt }).AnswerAsync(push, ApprovalDecision.Approve));

        // The clock stands: nothing but the notice ends the wait.
        Assert.Equal("allow", (await login.WaitAsync(_soon, TestServer.Stop)).Text("result"));
    }
}
