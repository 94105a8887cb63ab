using Sallyport.Server.Applications;

namespace Sallyport.Bench;

/// <summary>
/// (p): what a login costs that waits for a phone, and how soon it hears of its approval: on SQLite, on PostgreSQL, and
/// where it waits at one node and is approved at another.
/// </summary>
internal static class Pushes
{
    private const int PerSecond = 200;
    private const int Opened = 300; // a second: no more than PostgreSQL takes beside the client
    private const int OpenedCold = 50; // by a server that has compiled nothing yet

    public static async Task<List<Limit>> MeasureAsync(Options options)
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory("sallyport-bench-");
        List<Limit> limits = [];
        try
        {
            if (options.Databases.Contains("sqlite"))
            {
                limits.Add(await MeasureMemoryAsync(options, root.FullName));
                Console.Error.WriteLine("  memory: measured");
                limits.AddRange(await MeasureAnswersAsync(options, root.FullName, "sqlite", null, nodes: 1));
            }

            if (options.Databases.Contains("postgres"))
            {
                await using PostgresProcess postgres = await PostgresProcess.StartAsync(options, root.FullName);
                foreach (int nodes in (int[])[1, 2])
                {
                    string database = await postgres.CreateDatabaseAsync();
                    limits.AddRange(await MeasureAnswersAsync(options, root.FullName, "postgres", database, nodes));
                }
            }
        }
        finally
        {
            root.Delete(recursive: true);
        }

        return limits;
    }

    private static async Task<Limit> MeasureMemoryAsync(Options options, string root)
    {
        (int few, int many) = options.Smoke ? (10, 60) : (1_000, 10_000);
        await using Site site = await CreateAsync(root, null, few + many);
        await using ServerProcess server = await ServerProcess.StartAsync(options, site);
        List<double> resident = [];
        int user = 0;
        foreach (int waiters in (int[])[few, many])
        {
            await using Waiters waiting = new(server, site);
            waiting.Connect(waiters);
            int pending = await waiting.OpenAsync(user, user == 0 ? OpenedCold : Opened);
            user += waiters;
            resident.Add(server.ResidentKiB);
            Console.WriteLine(FormattableString.Invariant(
                $"{pending} waiting logins over TLS 1.3: {resident[^1] / 1024:F1} MiB (load {Quantiles.Load()})"));
            if (pending != waiters)
            {
                throw new InvalidOperationException($"{waiters} were sent, and {pending} wait");
            }
        }

        return new("sqlite: KB a waiting login", (resident[1] - resident[0]) * 1.024 / (many - few), 60);
    }

    private static async Task<Limit[]> MeasureAnswersAsync(
        Options options, string root, string database, string? postgres, int nodes)
    {
        int approvals = options.Smoke ? 20 : PerSecond * 15;
        int warmth = options.Smoke ? 5 : 1_000;
        await using Site site = await CreateAsync(root, postgres, approvals + warmth);
        await using ServerProcess one = await ServerProcess.StartAsync(options, site);
        await using ServerProcess? other = nodes == 2
            ? await ServerProcess.StartAsync(options, site, publicPort: one.Port, far: null)
            : null;
        await using (Waiters warm = new(one, site))
        {
            warm.Connect(warmth);
            await warm.OpenAsync(0, OpenedCold);
            await Phones.ApproveAsync(other ?? one, site, warm, PerSecond);
        }

        await using Waiters waiting = new(one, site);
        waiting.Connect(approvals);
        await waiting.OpenAsync(warmth, Opened);
        (double[] fromCommit, double[] fromSending) = await Phones.ApproveAsync(other ?? one, site, waiting, PerSecond);
        string what = nodes == 1 ? database : $"{database}, waiting at one node and approved at another";
        Console.WriteLine(FormattableString.Invariant(
            $"{what}: {fromCommit.Length} approvals, {PerSecond} a second (load {Quantiles.Load()}); ms to the login's answer, median/p99/most: from the commit {fromCommit.Median():F1}/{fromCommit.At(.99):F1}/{fromCommit.Max():F1}, from sending the approval {fromSending.Median():F1}/{fromSending.At(.99):F1}/{fromSending.Max():F1}"));
        return
        [
            new($"{what}: p99 from the commit, ms", fromCommit.At(.99), 100),
            new($"{what}: p99 from sending the approval, ms", fromSending.At(.99), 100) { IsGoal = true },
        ];
    }

    private static Task<Site> CreateAsync(string root, string? postgres, int users) => Site.CreateAsync(
        root, postgres, users, new AddApplicationRequest("bench"), phones: true);
}
