using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Tests.Storage;

/// <summary>
/// SQLite, and what it acknowledged. A killed process and a full disk are real here; a machine that loses its power is
/// not: for that stands <c>synchronous = FULL</c>, which <see cref="ConnectionTests"/> asks each connection for.
/// </summary>
public sealed class LostPowerTests
{
    private const string This = "Sallyport.Server.Tests.Storage.LostPowerTests.";

    [Fact]
    public async Task Nothing_that_was_acknowledged_is_lost_when_the_process_is_killed()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        string acknowledged = Path.Combine(database.Settings.DataFolder, "acknowledged");

        using Process writer = AnotherProcess.Start(
            This + nameof(Writes_until_it_is_killed), database.Settings.DataFolder);
        while (!File.Exists(acknowledged) || new FileInfo(acknowledged).Length < 10_000)
        {
            Assert.False(writer.HasExited);
            await Task.Delay(20, TestDatabase.Stop);
        }

        writer.Kill();
        await writer.WaitForExitAsync(TestDatabase.Stop);

        string[] lines = (await File.ReadAllTextAsync(acknowledged, TestDatabase.Stop)).Split('\n')[..^1];
        HashSet<string> there = await database.ReadAsync(
            db => db.AuditEvents.Select(e => e.Action).ToHashSetAsync(TestDatabase.Stop));
        Assert.Subset(there, lines.ToHashSet());
        Assert.Equal(
            "ok",
            await database.ReadAsync(db => db.Database
                .SqlQueryRaw<string>("SELECT integrity_check AS \"Value\" FROM pragma_integrity_check")
                .SingleAsync(TestDatabase.Stop)));
    }

    [Fact(Explicit = true)]
    public async Task Writes_until_it_is_killed()
    {
        await using ServiceProvider services = Storage(AnotherProcess.Folder);
        await using FileStream acknowledged = File.Create(Path.Combine(AnotherProcess.Folder, "acknowledged"));
        Lock one = new();
        int next = 0;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                string action = Interlocked.Increment(ref next).ToString(CultureInfo.InvariantCulture);
                await AddAsync(services, action);
                lock (one)
                {
                    acknowledged.Write(System.Text.Encoding.ASCII.GetBytes(action + "\n"));
                    acknowledged.Flush();
                }
            }
        })));
    }

    [Fact]
    public async Task On_a_full_disk_acts_are_refused_and_nothing_that_was_acknowledged_is_lost()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("sallyport-full-");

        using Process writer = AnotherProcess.Start(
            This + nameof(Fills_its_disk), folder.FullName, $"mount -t tmpfs -o size=1m none '{folder.FullName}'");
        string said = await writer.StandardOutput.ReadToEndAsync(TestDatabase.Stop);
        await writer.WaitForExitAsync(TestDatabase.Stop);

        folder.Delete();
        Assert.True(writer.ExitCode == 0, said);
        Assert.Contains("Total: 1", said, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Fills_its_disk()
    {
        await using ServiceProvider services = Storage(AnotherProcess.Folder);
        await services.GetRequiredService<Database>().InitAsync(TestDatabase.Stop);
        string filler = Path.Combine(AnotherProcess.Folder, "filler");
        int next = 0;
        List<string> acknowledged = [];
        List<Exception> refused = [];
        while (refused.Count == 0)
        {
            await RoundAsync();
            await using FileStream file = new(filler, FileMode.Append);
            try
            {
                file.Write(new byte[64 * 1024]);
            }
            catch (IOException)
            {
                // Full: what is left is for the database alone.
            }
        }

        Assert.All(refused, failure => Assert.IsNotType<OperationCanceledException>(failure));
        Assert.Equal(acknowledged.Order(), await ThereAsync());

        File.Delete(filler);
        refused.Clear();
        await RoundAsync();
        Assert.Empty(refused);
        Assert.Equal(acknowledged.Order(), await ThereAsync());

        async Task RoundAsync()
        {
            (string Action, Task Act)[] acts = [.. Enumerable.Range(0, 16)
                .Select(_ => $"{++next} " + new string('x', 2000)).Select(a => (a, AddAsync(services, a)))];
            foreach ((string action, Task act) in acts)
            {
                if (await Record.ExceptionAsync(() => act) is { } failure)
                {
                    refused.Add(failure);
                }
                else
                {
                    acknowledged.Add(action);
                }
            }
        }

        async Task<List<string>> ThereAsync()
        {
            var contexts = services.GetRequiredService<IDbContextFactory<ServerDbContext>>();
            await using ServerDbContext db = await contexts.CreateDbContextAsync(TestDatabase.Stop);
            return [.. (await db.AuditEvents.Select(e => e.Action).ToListAsync(TestDatabase.Stop)).Order()];
        }
    }

    private static ServiceProvider Storage(string folder) =>
        new ServiceCollection().AddPersistence(new DatabaseSettings(folder, Postgres: null)).BuildServiceProvider();

    private static Task<int> AddAsync(ServiceProvider services, string action) =>
        services.GetRequiredService<Transactions>().RunAsync(
            (db, _) => Task.FromResult(db.AuditEvents.Add(TransactionsTests.Event(action)).Entity.Action.Length),
            CancellationToken.None);
}
