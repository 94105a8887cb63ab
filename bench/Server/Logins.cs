using Sallyport.Server.Applications;

namespace Sallyport.Bench;

/// <summary>(b) and (d): passcode logins a second, and whether it matters how many users there are.</summary>
internal static class Logins
{
    private const int Measured = 10_000;
    private const int Block = 10; // logins one at a time, before the next place has its turn

    public static async Task<List<Limit>> MeasureAsync(Options options)
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory("sallyport-bench-");
        List<Limit> limits = [];
        try
        {
            PostgresProcess? postgres = options.Databases.Contains("postgres")
                ? await PostgresProcess.StartAsync(options, root.FullName)
                : null;
            foreach (string database in options.Databases)
            {
                limits.AddRange(await MeasureAsync(options, database, root.FullName, postgres));
            }

            if (postgres is not null)
            {
                await postgres.DisposeAsync();
            }
        }
        finally
        {
            root.Delete(recursive: true);
        }

        return limits;
    }

    private static async Task<List<Limit>> MeasureAsync(
        Options options, string database, string root, PostgresProcess? postgres)
    {
        List<Place> places = [];
        foreach (int users in options.Parts.Contains('d') ? options.Users : [10_000])
        {
            string? connection = database == "postgres" ? await postgres!.CreateDatabaseAsync() : null;
            Site site = await Site.CreateAsync(root, connection, users, new AddApplicationRequest("bench"), hotp: true);
            await site.AddExpiredAsync(options.Smoke ? 200 : Measured * options.Rounds);
            places.Add(new(users, site, await ServerProcess.StartAsync(options, site)));
            Console.Error.WriteLine($"  {database}, {users} users: made");
        }

        int rounds = options.Smoke ? 1 : options.Rounds;
        int measured = options.Smoke ? 200 : Measured;
        places.ForEach(place => place.WarmUp(options));
        for (int round = 0; round < rounds; round++)
        {
            Console.Error.WriteLine($"  {database}, round {round + 1} of {rounds}");

            // The order turns, so that a busy moment of the machine hits all alike.
            List<Place> turn = [.. places.Skip(round % places.Count), .. places.Take(round % places.Count)];
            for (int block = 0; block < measured / 20; block += Block)
            {
                turn.ForEach(place => place.LogInOneByOne(Block));
            }

            foreach (Place place in turn.Where(place => place.Users > 1))
            {
                await place.LogInAsync(measured, options);
            }
        }

        List<Limit> limits = Report(options, database, places);
        foreach (Place place in places)
        {
            long audited = await place.Site.CountAuditAsync();
            if (audited != place.Done)
            {
                throw new InvalidOperationException($"{place.Done} logins, and {audited} audit events");
            }

            await place.Server.DisposeAsync();
            await place.Site.DisposeAsync();
        }

        return limits;
    }

    private static List<Limit> Report(Options options, string database, List<Place> places)
    {
        Console.WriteLine($"{database}, TLS 1.3, {options.Connections} connections (load {Quantiles.Load()})");
        Console.WriteLine("users       logins/s (rounds)                         median ms   p99 ms  server CPU ms   one at a time: median/p99 ms");
        foreach (Place p in places)
        {
            Console.WriteLine(FormattableString.Invariant(
                $"{p.Users,8} {p.Rate,9:F0}  {string.Join(' ', p.Results.Select(r => $"{r.PerSecond:F0}")),-32} {p.Median,9:F1} {p.P99,8:F1} {p.Cpu,10:F2} {p.Alone.Median(),16:F2}/{p.Alone.At(.99):F2}"));
        }

        List<Limit> limits = [];
        Place usual = places.FirstOrDefault(p => p.Users == 10_000) ?? places[^1];
        limits.Add(new($"{database}: logins a second", usual.Rate, database == "sqlite" ? 600 : 400, AtLeast: true));
        limits.Add(new($"{database}: p99, ms", usual.P99, 50));
        limits.Add(new($"{database}: logins a second, the goal", usual.Rate, 1000, AtLeast: true) { IsGoal = true });
        if (places.Count > 1)
        {
            double[] alone = [.. places.Select(p => p.Alone.Median())];
            double[] rates = [.. places.Where(p => p.Users > 1).Select(p => p.Rate)];
            limits.Add(new($"{database}: flat, one at a time, slowest/fastest", alone.Max() / alone.Min(), 1.2));
            limits.Add(new($"{database}: flat, logins a second, fastest/slowest", rates.Max() / rates.Min(), 1.2));
        }

        return limits;
    }
}

/// <summary>One database with its server, and what was measured there.</summary>
internal sealed class Place(int users, Site site, ServerProcess server)
{
    private const int Warmth = 6_000;

    private long _step;
    private long _counter;

    public int Users => users;

    public Site Site => site;

    public ServerProcess Server => server;

    public List<Result> Results { get; } = [];

    public List<double> Alone { get; } = [];

    public long Done { get; private set; }

    public double Rate => Results.Count == 0 ? 0 : Results.Select(r => r.PerSecond).Median();

    public double Median => Results.Count == 0 ? 0 : Results.Select(r => r.Milliseconds.Median()).Median();

    public double P99 => Results.Count == 0 ? 0 : Results.SelectMany(r => r.Milliseconds).At(.99);

    public double Cpu => Results.Count == 0 ? 0 : Results.Select(r => 1000 * r.ServerCpu / r.Milliseconds.Length).Median();

    /// <summary>So many logins that what they run is compiled for good, of whatever users there are.</summary>
    public void WarmUp(Options options)
    {
        int logins = options.Smoke ? 200 : Warmth;
        if (users == 1)
        {
            Run(Codes(logins / 2), 1);
            return;
        }

        _step = Now();
        Run(Pick(Math.Min(logins, users - 1), _step++), options.Connections);
        Run(Codes(logins / 10), 1);
    }

    /// <summary>The same user each time, by his token: all that there is to measure with one user.</summary>
    public void LogInOneByOne(int logins)
    {
        Run(Codes(1), 1); // its connection's first costs more
        Alone.AddRange(Run(Codes(logins), 1).Milliseconds);
    }

    /// <summary>Each of a user and a source of its own, spread over all users.</summary>
    public async Task LogInAsync(int logins, Options options)
    {
        logins = Math.Min(logins, users - 1);

        // The codes of a step that the server takes until it is over for 30 s; each round is of a later one.
        while (Now() + 1 < _step)
        {
            await Task.Delay(100);
        }

        long step = Math.Max(_step, Now());
        Results.Add(Run(Pick(logins, step++), options.Connections));
        _step = step;
    }

    private static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30;

    private IEnumerable<Login> Codes(int logins) => Enumerable.Range(0, logins).Select(
        _ => Load.Prepare(site, server.Port, 0, _counter++, (int)_counter));

    private IEnumerable<Login> Pick(int logins, long step)
    {
        int stride = (users - 1) / logins;
        return Enumerable.Range(0, logins).Select(
            i => Load.Prepare(site, server.Port, 1 + (i * stride), step, i));
    }

    private Result Run(IEnumerable<Login> logins, int connections)
    {
        List<Login> prepared = [.. logins];
        Result result = Load.Run(server, prepared, connections);
        Done += prepared.Count;
        return result;
    }
}
