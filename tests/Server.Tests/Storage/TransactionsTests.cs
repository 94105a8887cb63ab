using Microsoft.EntityFrameworkCore;
using Npgsql;
using Sallyport.Server.Audit;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Storage;

public sealed class TransactionsTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Of_many_who_consume_one_step_at_once_one_does(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await database.Get<AddUser>().RunAsync(new("alice"), TestDatabase.Stop);
        await database.Get<AddTotpDevice>().RunAsync(new("alice"), TestDatabase.Stop);

        bool[] consumed = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() =>
            database.Get<Transactions>().RunAsync(
                async (db, stop) =>
                {
                    bool won = await db.Devices.Where(d => d.LastUsedStep < 7)
                        .ExecuteUpdateAsync(d => d.SetProperty(x => x.LastUsedStep, 7), stop) == 1;
                    db.AuditEvents.Add(Event(won ? "won" : "lost"));
                    return won;
                },
                TestDatabase.Stop))));

        Assert.Single(consumed, true);
        Assert.Equal((1, 31), (await CountAsync(database, "won"), await CountAsync(database, "lost")));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task What_throws_undoes_itself_alone(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);

        Task<int>[] acts = [.. Enumerable.Range(0, 60).Select(i => Task.Run(() =>
            database.Get<Transactions>().RunAsync(
                async (db, stop) =>
                {
                    db.AuditEvents.Add(Event(i % 3 == 0 ? "thrown" : "kept"));
                    await db.SaveChangesAsync(stop);
                    return i % 3 == 0 ? throw new InvalidOperationException("mine") : i;
                },
                TestDatabase.Stop)))];
        await Task.WhenAll(acts).ContinueWith(_ => { }, TestDatabase.Stop, default, TaskScheduler.Default);

        Assert.All(acts, (act, i) => Assert.Equal(i % 3 == 0, act.IsFaulted));
        Assert.All(acts.Where(a => a.IsFaulted), a => Assert.Equal("mine", a.Exception!.InnerException!.Message));
        Assert.Equal((0, 40), (await CountAsync(database, "thrown"), await CountAsync(database, "kept")));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task What_has_begun_is_finished_when_its_caller_is_gone(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        using CancellationTokenSource caller = new();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

        Task<int> act = database.Get<Transactions>().RunAsync(
            async (db, stop) =>
            {
                begun.SetResult();
                await gone.Task;
                db.AuditEvents.Add(Event("finished"));
                return 1;
            },
            caller.Token);
        await begun.Task;
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => act);
        gone.SetResult();

        while (await CountAsync(database, "finished") == 0)
        {
            await Task.Delay(10, TestDatabase.Stop);
        }
    }

    [Fact]
    public async Task What_waits_and_is_given_up_never_begins()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        using CancellationTokenSource caller = new();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource free = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> first = database.Get<Transactions>().RunAsync(
            async (_, _) =>
            {
                begun.SetResult();
                await free.Task;
                return 1;
            },
            TestDatabase.Stop);
        await begun.Task;

        Task<int> second = database.Get<Transactions>().RunAsync(
            (db, _) => Task.FromResult(db.AuditEvents.Add(Event("begun")).Entity.Action.Length), caller.Token);
        await caller.CancelAsync();
        free.SetResult();

        await first;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await database.Get<Transactions>().RunAsync((_, _) => Task.FromResult(0), TestDatabase.Stop);
        Assert.Equal(0, await CountAsync(database, "begun"));
    }

    [Fact]
    public async Task An_act_that_waits_for_another_is_told_so()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        Transactions transactions = database.Get<Transactions>();

        await Assert.ThrowsAsync<InvalidOperationException>(() => transactions.RunAsync(
            (_, stop) => transactions.RunAsync((_, _) => Task.FromResult(1), stop), TestDatabase.Stop));
    }

    [Fact]
    public async Task A_connection_lost_before_the_commit_is_the_callers_error_and_nothing_is_tried_again()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(DatabaseKind.Postgres);
        int runs = 0;

        await Assert.ThrowsAnyAsync<Exception>(() => database.Get<Transactions>().RunAsync(
            async (db, stop) =>
            {
                runs++;
                db.AuditEvents.Add(Event("lost"));
                await db.SaveChangesAsync(stop);
                int backend =
                    await db.Database.SqlQueryRaw<int>("SELECT pg_backend_pid() AS \"Value\"").SingleAsync(stop);
                await using NpgsqlConnection other = new(database.Settings.Postgres);
                await other.OpenAsync(stop);
                await using NpgsqlCommand end = new($"SELECT pg_terminate_backend({backend}, 5000)", other);
                return (bool)(await end.ExecuteScalarAsync(stop))!;
            },
            TestDatabase.Stop));

        Assert.Equal((1, 0), (runs, await CountAsync(database, "lost")));
    }

    internal static AuditEvent Event(string action) => new()
    {
        Id = Guid.CreateVersion7(DateTimeOffset.UnixEpoch),
        At = DateTimeOffset.UnixEpoch,
        Action = action,
        Result = "success",
        Reason = "test",
    };

    private static Task<int> CountAsync(TestDatabase database, string action) =>
        database.ReadAsync(db => db.AuditEvents.CountAsync(e => e.Action == action, TestDatabase.Stop));
}
