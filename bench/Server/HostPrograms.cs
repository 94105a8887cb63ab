using System.Diagnostics;
using System.Net;
using System.Net.Security;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;

namespace Sallyport.Bench;

/// <summary>
/// (l): a login through sallyport-login, PAM and the agent beside Debian's, in turns, at one server: the start of the
/// program alone, allowed at once, and from the approval on the phone to the program. Runs where /run is its own
/// (bench/login.sh).
/// </summary>
internal static class HostPrograms
{
    private const string Trusted = "203.0.113.5";
    private const string Elsewhere = "198.51.100.9";
    private const int Warmth = 40; // the server compiles what is used often while it runs

    // What bench/login.sh calls the other end of its cable.
    private static readonly (string Namespace, IPAddress Address) _far = ("server", IPAddress.Parse("10.9.0.1"));

    public static async Task<List<Limit>> MeasureAsync(Options options)
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory("sallyport-bench-");
        try
        {
            Limit start = Starts(options);
            (double near, double wall) = await AllowedAsync(options, root.FullName, null, "the server on this host");
            await CountAsync(options, root.FullName);
            string away = FormattableString.Invariant($"the server {options.Distance} ms away");
            (double far, double farWall) = await AllowedAsync(options, root.FullName, _far, away);
            return
            [
                start,
                new($"sallyport-login / login_duo, {away}", far, 0.35),
                new($"sallyport-login, ms, median, {away}", farWall, 25),
                new("sallyport-login, ms, median, the server on this host", wall, 25),
                new("sallyport-login / login_duo, the server on this host", near, 0.35) { IsGoal = true },
                .. await ApprovedAsync(options, root.FullName),
            ];
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    /// <summary>From the start of a program to its end, where it asks nobody.</summary>
    private static Limit Starts(Options options)
    {
        int starts = options.Smoke ? 3 : options.Rounds * 20;
        HostLogin[] programs = [HostLogin.Version("login_duo"), HostLogin.Version(options.Login)];
        List<double>[] times = [.. programs.Select(_ => new List<double>())];
        for (int i = options.Smoke ? -5 : -Warmth; i < starts; i++)
        {
            for (int program = 0; program < programs.Length; program++)
            {
                double wall = programs[program].Run("", "").Wall;
                if (i >= 0)
                {
                    times[program].Add(wall);
                }
            }
        }

        Console.WriteLine($"{starts} starts each, to the end of the program (load {Quantiles.Load()}):");
        for (int program = 0; program < programs.Length; program++)
        {
            double p99 = times[program].At(.99);
            Console.WriteLine(FormattableString.Invariant(
                $"  {programs[program].Name,-28} wall ms median/p99 {times[program].Median():F1}/{p99:F1}"));
        }

        return new("sallyport-login -v, start to end, ms, median", times[^1].Median(), 8) { IsGoal = true };
    }

    /// <summary>sallyport-login's ratio to login_duo, and its milliseconds, of medians.</summary>
    private static async Task<(double Ratio, double Wall)> AllowedAsync(
        Options options, string root, (string, IPAddress)? far, string where)
    {
        await using Site site = await CreateAsync(root);
        await using ServerProcess server = await ServerProcess.StartAsync(options, site, publicPort: null, far);
        string file = site.Configure(root, server.Address, server.Port);
        using AgentProcess agent = await AgentProcess.StartAsync(options, file);
        int logins = options.Smoke ? 3 : options.Rounds * 20;
        HostLogin[] ways = Ways(options, file);
        List<(double Wall, double Cpu)>[] times = [.. ways.Select(_ => new List<(double, double)>())];
        double[] agentCpu = new double[ways.Length];
        for (int i = options.Smoke ? -5 : -Warmth; i < logins; i++)
        {
            for (int way = 0; way < ways.Length; way++)
            {
                double before = agent.CpuMilliseconds;
                (double, double) login = ways[way].Run(Site.NameOf(0), Trusted);
                if (i >= 0)
                {
                    times[way].Add(login);
                    agentCpu[way] += agent.CpuMilliseconds - before;
                }
            }
        }

        Console.WriteLine($"{logins} headless logins each, allowed at once, {where} (load {Quantiles.Load()}):");
        Console.WriteLine("                               ratio    wall ms median/p99   CPU ms   the agent's");
        double Wall(int way) => times[way].Select(login => login.Wall).Median();
        for (int way = 0; way < ways.Length; way++)
        {
            Console.WriteLine(FormattableString.Invariant(
                $"  {ways[way].Name,-28} {Wall(way) / Wall(way % 2),5:F2}  {Wall(way),10:F1}/{times[way].Select(l => l.Wall).At(.99),-10:F1}{times[way].Select(l => l.Cpu).Average(),5:F1}  {agentCpu[way] / logins,10:F1}"));
        }

        return (Wall(2) / Wall(0), Wall(2));
    }

    private static Task<Site> CreateAsync(string root) => Site.CreateAsync(
        root, null, 1, new AddApplicationRequest("bench") { LegacyClients = true, TrustedNetworks = ["203.0.113.0/24"] });

    // Debian's two first: what is two places behind is measured by it.
    private static HostLogin[] Ways(Options options, string file) =>
    [
        HostLogin.LoginDuo(file), HostLogin.PamDuo(options, file),
        HostLogin.SallyportLogin(options), HostLogin.PamSallyport(options),
    ];

    private static async Task CountAsync(Options options, string root)
    {
        int logins = options.Smoke ? 2 : 20;
        await using Site site = await CreateAsync(root);
        using Relay relay = new();
        await using ServerProcess server = await ServerProcess.StartAsync(options, site, publicPort: relay.Port, far: null);
        _ = relay.RunAsync(server.Port);
        string file = site.Configure(root, server.Address, relay.Port);
        using AgentProcess agent = await AgentProcess.StartAsync(options, file);
        foreach (HostLogin way in Ways(options, file))
        {
            way.Run(Site.NameOf(0), Trusted); // the agent connects with its first login
            (int Connections, long Bytes) before = relay.Count;
            for (int i = 0; i < logins; i++)
            {
                way.Run(Site.NameOf(0), Trusted);
            }

            await Task.Delay(100); // the last bytes are counted
            (int Connections, long Bytes) after = relay.Count;
            Console.WriteLine(FormattableString.Invariant(
                $"  {way.Name,-28} {(after.Connections - before.Connections) / (double)logins:F2} handshakes and {(after.Bytes - before.Bytes) / logins} bytes a login"));
        }
    }

    private static async Task<Limit[]> ApprovedAsync(Options options, string root)
    {
        int logins = options.Smoke ? 2 : options.Rounds * 10;
        await using Site site = await Site.CreateAsync(
            root, null, logins, new AddApplicationRequest("bench") { TrustedNetworks = [] }, phones: true);
        await using ServerProcess server = await ServerProcess.StartAsync(options, site);
        using AgentProcess agent = await AgentProcess.StartAsync(options, site.Configure(root, server.Address, server.Port));
        List<Limit> limits = [];
        foreach (HostLogin way in (HostLogin[])[HostLogin.SallyportLogin(options), HostLogin.PamSallyport(options)])
        {
            List<double> waits = [];
            for (int i = 0; i < logins; i++)
            {
                waits.Add(await ApproveAsync(way, server, site, Site.NameOf(i)));
            }

            Console.WriteLine(FormattableString.Invariant(
                $"  {way.Name,-28} {logins} logins: from sending the approval to the program's end, median/p99 ms {waits.Median():F1}/{waits.At(.99):F1} (load {Quantiles.Load()})"));
            limits.Add(new($"{way.Name}: approval to shell, ms, median", waits.Median(), 100));
        }

        return [.. limits];
    }

    private static async Task<double> ApproveAsync(HostLogin way, ServerProcess server, Site site, string user)
    {
        using Process login = way.Start(user, Elsewhere);
        PendingPush? push;
        while ((push = await site.QueryAsync(db => db.Set<PendingPush>().AsNoTracking().FirstOrDefaultAsync())) is null)
        {
            if (login.HasExited)
            {
                way.Expect(login);
            }

            await Task.Delay(50);
        }

        byte[] approval = Phones.Answer(server, site, push, new ServerName($"127.0.0.1:{server.PublicPort}"));
        using SslStream phone = server.Connect(from: IPAddress.Parse("127.0.1.1"));
        await Task.Delay(300); // it waits for its next answer by now
        long sent = Stopwatch.GetTimestamp();
        phone.Write(approval);
        login.WaitForExit();
        double wait = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
        way.Expect(login);
        return wait;
    }
}
