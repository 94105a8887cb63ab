using System.Diagnostics;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.DuoApi;

/// <summary>Not part of a run: measures logins, preauth and auth, each of a user and a source of its own.</summary>
public sealed class LoadTests
{
    private const int Users = 1500;
    private const int AtOnce = 32;

    [Theory(Explicit = true)]
    [ClassData(typeof(BothDatabases))]
    public async Task Logins_per_second(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        List<TestUser> users = [];
        for (int i = 0; i < Users; i++)
        {
            users.Add(await server.EnrolAsync($"user{i}"));
        }

        await LogInAsync(server, users[..300]);
        Stopwatch watch = Stopwatch.StartNew();
        double[] milliseconds = await LogInAsync(server, users[300..]);
        double seconds = watch.Elapsed.TotalSeconds;

        Array.Sort(milliseconds);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{kind}: {milliseconds.Length / seconds:F0} logins/s, median {milliseconds[milliseconds.Length / 2]:F1} ms, "
            + $"p99 {milliseconds[milliseconds.Length * 99 / 100]:F1} ms");
        Assert.Equal(Users, (await server.AuditAsync()).Count(e => e == "success valid_passcode duo_mobile_passcode"));
    }

    private static async Task<double[]> LogInAsync(TestServer server, List<TestUser> users)
    {
        double[] milliseconds = new double[users.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, users.Count),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestServer.Stop },
            async (i, _) =>
            {
                TestHost host = server.Host with { Address = $"203.0.{i / 250}.{i % 250}" };
                long start = Stopwatch.GetTimestamp();
                TestAnswer preauth = await host.SendAsync(host.Preauth(users[i].Name));
                Assert.Equal("auth", preauth.Text("result"));
                TestAnswer auth = await host.SendAsync(host.Auth(users[i].Name, users[i].Passcode()));
                Assert.Equal("allow", auth.Text("result"));
                milliseconds[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            });
        return milliseconds;
    }
}
