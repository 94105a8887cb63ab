using System.Diagnostics;
using Sallyport.Server.Applications;

namespace Sallyport.Bench;

/// <summary>(a): a headless login_duo that is let in by preauth, with and without TCP_QUICKACK on the server's side.</summary>
internal static class Acknowledgements
{
    public static async Task<List<Limit>> MeasureAsync(Options options)
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory("sallyport-bench-");
        try
        {
            // Debian 12's client signs no date.
            AddApplicationRequest application =
                new("bench") { LegacyClients = true, TrustedNetworks = ["203.0.113.0/24"] };
            Site site = await Site.CreateAsync(root.FullName, null, 1, application);
            await using ServerProcess with = await ServerProcess.StartAsync(options, site);
            await using ServerProcess without = await ServerProcess.StartAsync(options, site, "--no-quickack");
            string on = Configure(site, root, with.Port);
            string off = Configure(site, root, without.Port);
            List<double> withIt = [];
            List<double> withoutIt = [];
            int logins = options.Smoke ? 3 : options.Rounds * 20;
            for (int i = -5; i < logins; i++) // the first five warm up
            {
                (double one, double other) = (LogIn(on), LogIn(off));
                if (i >= 0)
                {
                    withIt.Add(one);
                    withoutIt.Add(other);
                }
            }

            double ratio = withIt.Median() / withoutIt.Median();
            Console.WriteLine(FormattableString.Invariant(
                $"headless login_duo, {logins} logins each, median/p99 ms: ratio {ratio:F2}, with {withIt.Median():F1}/{withIt.At(.99):F1}, without {withoutIt.Median():F1}/{withoutIt.At(.99):F1} (load {Quantiles.Load()})"));
            return [new("login_duo with TCP_QUICKACK / without", ratio, 0.6)];
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    private static string Configure(Site site, DirectoryInfo root, int port)
    {
        string file = Path.Combine(root.FullName, $"{port}.conf");
        File.WriteAllText(
            file,
            $"""
            [duo]
            ikey = {site.Ikey}
            skey = {site.Skey}
            host = 127.0.0.1:{port}
            cafile = {site.Folder}/ca.pem
            failmode = secure
            autopush = no

            """);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    private static double LogIn(string configuration)
    {
        long begin = Stopwatch.GetTimestamp();
        using Process client = Process.Start(new ProcessStartInfo(
            "login_duo", ["-c", configuration, "-f", Site.NameOf(0), "-h", "203.0.113.5", "/bin/true"])
        {
            RedirectStandardInput = true, // headless
        })!;
        client.StandardInput.Close();
        client.WaitForExit();
        return client.ExitCode == 0
            ? Stopwatch.GetElapsedTime(begin).TotalMilliseconds
            : throw new InvalidOperationException($"login_duo ended with {client.ExitCode}");
    }
}
