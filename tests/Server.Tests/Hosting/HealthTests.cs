using Microsoft.Extensions.Time.Testing;
using Sallyport.Server.Hosting;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Hosting;

public sealed class HealthTests
{
    [Fact]
    public async Task A_server_with_all_it_needs_is_ready()
    {
        await using HostedServer server = await HostedServer.StartAsync();

        Assert.EndsWith("\r\n\r\nready\n", await server.GetAsync("/readyz"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_its_database_it_is_alive_and_not_ready()
    {
        await using HostedServer server = await HostedServer.StartAsync();
        File.Delete(server.Settings.Database.SqliteFile);

        string answer = await server.GetAsync("/readyz");

        Assert.StartsWith("HTTP/1.1 503 ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Settings.DataFolder, answer, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", await server.GetAsync("/healthz"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_PostgreSQL_it_is_not_ready_and_with_it_again_it_is()
    {
        using PostgresOutage database = await PostgresOutage.CreateAsync();
        await using HostedServer server = await HostedServer.StartAsync(
            settings => settings with { Postgres = database.Connection });
        Assert.StartsWith("HTTP/1.1 200 ", await server.GetAsync("/readyz"), StringComparison.Ordinal);

        await database.LeaveAsync();
        string without = await UntilAsync(server, "503");
        database.Return();
        await UntilAsync(server, "200");

        Assert.EndsWith("not ready: database\n", without, StringComparison.Ordinal);
    }

    // An answer is kept for a second.
    private static async Task<string> UntilAsync(HostedServer server, string status)
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        while (true)
        {
            string answer = await server.GetAsync("/readyz");
            if (answer.StartsWith($"HTTP/1.1 {status} ", StringComparison.Ordinal))
            {
                return answer;
            }

            await Task.Delay(50, late.Token);
        }
    }

    [Fact]
    public async Task With_an_expired_certificate_it_is_not_ready()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        var host = new PublicHost("Auth.example.com", 443);
        using var authority = PrivateCa.Create(host, now);
        using var leaf = PrivateCa.Issue(authority, host, now);
        string folder = Directory.CreateTempSubdirectory("sallyport-given-").FullName;
        (string file, string keyFile) = (Path.Combine(folder, "c.pem"), Path.Combine(folder, "k.pem"));
        DataFolder.Write(file, leaf.ExportCertificatePem());
        DataFolder.Write(keyFile, System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions
            .GetECDsaPrivateKey(leaf)!.ExportPkcs8PrivateKeyPem());
        var clock = new FakeTimeProvider(now);
        await using HostedServer server = await HostedServer.StartAsync(
            settings => settings with { Certificate = file, CertificateKey = keyFile }, clock);
        clock.Advance(TimeSpan.FromDays(91)); // and nobody has put another one there

        Assert.Equal("certificate", await Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions
            .GetRequiredService<Readiness>(server.Services).ProblemAsync(TestContext.Current.CancellationToken));
        Directory.Delete(folder, recursive: true);
    }
}
