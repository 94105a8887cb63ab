using System.Diagnostics;
using Sallyport.Protocol;
using Sallyport.Server.Applications;

namespace Sallyport.Bench;

/// <summary>
/// (a): headless logins with and without TCP_QUICKACK on the server's side, in turns. What it saves it saves for each
/// request of a connection but the first, whose acknowledgement comes with TLS 1.3's session tickets.
/// </summary>
internal static class Acknowledgements
{
    public static async Task<List<Limit>> MeasureAsync(Options options)
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory("sallyport-bench-");
        try
        {
            // Debian 12's client signs no date.
            AddApplicationRequest application =
                new("bench") { LegacyClients = true, TrustedNetworks = ["203.0.113.0/24", "10.0.0.0/8"] };
            Site site = await Site.CreateAsync(root.FullName, null, 1, application, hotp: true);
            await using ServerProcess with = await ServerProcess.StartAsync(options, site);
            await using ServerProcess without = await ServerProcess.StartAsync(options, site, "--no-quickack");
            string on = site.Configure(root.FullName, with.Address, with.Port, "autopush = no", "accept_env_factor = yes");
            string off = site.Configure(root.FullName, without.Address, without.Port, "autopush = no", "accept_env_factor = yes");
            int logins = options.Smoke ? 3 : options.Rounds * 20;
            long counter = 0;
            Console.WriteLine($"{logins} headless logins each (load {Quantiles.Load()})");
            return
            [
                Compare(
                    "ping and preauth that allows, as login_duo 2.2 (wire-level)",
                    logins,
                    () => PieceWriter.LogIn(with, site),
                    () => PieceWriter.LogIn(without, site)),
                Compare(
                    "preauth and passcode, Debian's login_duo",
                    logins,
                    () => LogIn(on, "198.51.100.5", Code(site, counter++)),
                    () => LogIn(off, "198.51.100.5", Code(site, counter++))),

                // One request: TLS 1.3's session tickets carry the acknowledgement that it would wait for, so there is
                // nothing to save, and what is held is that nothing is lost.
                Compare(
                    "preauth that allows, Debian's login_duo (one request)",
                    logins,
                    () => LogIn(on, "203.0.113.5"),
                    () => LogIn(off, "203.0.113.5"),
                    isFirstRequestOnly: true),
            ];
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    private static Limit Compare(
        string what, int logins, Func<double> one, Func<double> other, bool isFirstRequestOnly = false)
    {
        List<double> withIt = [];
        List<double> withoutIt = [];
        for (int i = -5; i < logins; i++) // the first five warm up
        {
            (double first, double second) = (one(), other());
            if (i >= 0)
            {
                withIt.Add(first);
                withoutIt.Add(second);
            }
        }

        double ratio = withIt.Median() / withoutIt.Median();
        Console.WriteLine(FormattableString.Invariant(
            $"  {what}: ratio {ratio:F2}; median/p99 ms with {withIt.Median():F1}/{withIt.At(.99):F1}, without {withoutIt.Median():F1}/{withoutIt.At(.99):F1}"));
        return isFirstRequestOnly
            ? new($"ms, less than one delayed acknowledgement: {what}", withIt.Median(), 40)
            : new($"with TCP_QUICKACK / without: {what}", ratio, 0.6);
    }

    private static string Code(Site site, long counter) =>
        Passcode.FromNumber(Hotp.Compute(OtpSecret.FromBytes(site.Secrets[0]), counter), 6).Expose();

    private static double LogIn(string configuration, string address, string? passcode = null)
    {
        ProcessStartInfo start = new(
            "login_duo", ["-c", configuration, "-f", Site.NameOf(0), "-h", address, "/bin/true"])
        {
            RedirectStandardInput = true, // headless
        };
        if (passcode is not null)
        {
            start.Environment["DUO_PASSCODE"] = passcode;
        }

        long begin = Stopwatch.GetTimestamp();
        using Process client = Process.Start(start)!;
        client.StandardInput.Close();
        client.WaitForExit();
        return client.ExitCode == 0
            ? Stopwatch.GetElapsedTime(begin).TotalMilliseconds
            : throw new InvalidOperationException($"login_duo ended with {client.ExitCode}");
    }
}
