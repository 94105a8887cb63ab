using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Sallyport.Server.Hosting;

namespace Sallyport.Server.Tests.Hosting;

#pragma warning disable xUnit1069 // They do end at the time-out: Stop, which every wait here has, is that token.
public sealed class CertificateTests
{
    // Ends a wait that would be without end: the token below is cancelled then.
    private const int Patience = 60_000;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    public async Task Facts_1_8_the_name_stands_in_it_as_hosts_write_it_and_the_key_is_P_256()
    {
        await using HostedServer server = await HostedServer.StartAsync();
        await using SslStream tls = await server.ConnectAsync();

        using var leaf = new X509Certificate2(tls.RemoteCertificate!);
        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["Auth.example.com"], names.EnumerateDnsNames());
        Assert.Equal("1.2.840.10045.3.1.7", leaf.GetECDsaPublicKey()!.ExportParameters(false).Curve.Oid.Value);
        Assert.True(tls.SslProtocol is SslProtocols.Tls12 or SslProtocols.Tls13);
    }

    [Fact(Timeout = Patience)]
    public async Task Facts_1_8_an_address_stands_in_it_as_an_address_too()
    {
        await using HostedServer server = await HostedServer.StartAsync(
            settings => settings with { PublicHost = new PublicHost("127.0.0.1", 443) });
        await using SslStream tls = await server.ConnectAsync();

        using var leaf = new X509Certificate2(tls.RemoteCertificate!);
        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["127.0.0.1"], names.EnumerateDnsNames());
        Assert.Equal([IPAddress.Loopback], names.EnumerateIPAddresses());
    }

    [Fact]
    public void The_private_ca_vouches_for_no_other_name()
    {
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddYears(56);
        using X509Certificate2 authority = PrivateCa.Create(new PublicHost("auth.example.com", 443), now);

        Assert.True(IsVouchedFor(authority, "auth.example.com", now));
        Assert.False(IsVouchedFor(authority, "bank.example.com", now));
        Assert.False(IsVouchedFor(authority, "192.0.2.1", now));
    }

    [Fact(Timeout = Patience)]
    public async Task One_is_renewed_while_the_server_runs_when_two_thirds_of_its_life_are_over()
    {
        FakeTimeProvider clock = Clock();
        await using HostedServer server = await HostedServer.StartAsync(clock: clock);
        string before = await SerialAsync(server, clock);

        clock.Advance(TimeSpan.FromDays(59));
        server.Services.GetRequiredService<ServerCertificates>().Refresh();
        Assert.Equal(before, await SerialAsync(server, clock));

        clock.Advance(TimeSpan.FromDays(2));
        await TickAsync(server, clock, before);
        Assert.NotEqual(before, await SerialAsync(server, clock));
    }

    [Fact(Timeout = Patience)]
    public async Task An_expired_one_is_renewed_while_the_server_runs()
    {
        FakeTimeProvider clock = Clock();
        await using HostedServer server = await HostedServer.StartAsync(clock: clock);
        string before = await SerialAsync(server, clock);

        clock.Advance(TimeSpan.FromDays(100)); // asleep all the while; it ended ten days ago
        await TickAsync(server, clock, before);
        Assert.NotEqual(before, await SerialAsync(server, clock));
    }

    [Fact(Timeout = Patience)]
    public async Task An_expired_one_is_renewed_at_start()
    {
        FakeTimeProvider clock = Clock();
        await using HostedServer server = await HostedServer.StartAsync(clock: clock);
        var files = new LeafFiles(server.Settings);
        string before = await File.ReadAllTextAsync(files.Certificate, Stop);

        Assert.False(files.Renew(clock.GetUtcNow().AddDays(30)));
        Assert.True(files.Renew(clock.GetUtcNow().AddDays(91)));
        Assert.NotEqual(before, await File.ReadAllTextAsync(files.Certificate, Stop));
    }

    [Fact(Timeout = Patience)]
    public async Task Another_public_host_wants_another_ca()
    {
        await using HostedServer server = await HostedServer.StartAsync();
        var files = new LeafFiles(server.Settings with { PublicHost = new PublicHost("other.example.com", 443) });

        var refused = Assert.Throws<SettingsException>(() => files.Renew(TimeProvider.System.GetUtcNow()));

        Assert.Contains("cannot vouch for other.example.com", refused.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task A_given_one_is_read_again_and_a_half_written_pair_is_not_taken()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        var host = new PublicHost("Auth.example.com", 443);
        using X509Certificate2 authority = PrivateCa.Create(host, now);
        using X509Certificate2 first = PrivateCa.Issue(authority, host, now);
        using X509Certificate2 second = PrivateCa.Issue(authority, host, now);
        string folder = Directory.CreateTempSubdirectory("sallyport-given-").FullName;
        (string certificate, string key) = (Path.Combine(folder, "c.pem"), Path.Combine(folder, "k.pem"));
        await File.WriteAllTextAsync(certificate, first.ExportCertificatePem(), Stop);
        await File.WriteAllTextAsync(key, KeyOf(first), Stop);
        await using HostedServer server = await HostedServer.StartAsync(
            settings => settings with { Certificate = certificate, CertificateKey = key });
        ServerCertificates certificates = server.Services.GetRequiredService<ServerCertificates>();

        await File.WriteAllTextAsync(certificate, second.ExportCertificatePem(), Stop);
        certificates.Refresh();
        Assert.Equal(first.SerialNumber, Serial(certificates));

        await File.WriteAllTextAsync(key, KeyOf(second)[..40], Stop);
        certificates.Refresh();
        Assert.Equal(first.SerialNumber, Serial(certificates));

        await File.WriteAllTextAsync(key, KeyOf(second), Stop);
        certificates.Refresh();
        Assert.Equal(second.SerialNumber, Serial(certificates));

        File.Delete(certificate);
        certificates.Refresh();
        Assert.Equal(second.SerialNumber, Serial(certificates));
        Directory.Delete(folder, recursive: true);
    }

    [Theory(Timeout = Patience)]
    [InlineData("auth.example.com", 0, "is not for Auth.example.com")] // hosts compare capitals too
    [InlineData("bank.example.com", 0, "is not for Auth.example.com")]
    [InlineData("Auth.example.com", -100, "is not valid since")]
    [InlineData("Auth.example.com", 10, "is not valid before")]
    public async Task One_that_hosts_refuse_is_not_taken(string name, int days, string why)
    {
        FakeTimeProvider clock = Clock();
        using var pair = new GivenPair();
        pair.Write("Auth.example.com", clock.GetUtcNow());
        Recorder log = new();
        await using HostedServer server = await HostedServer.StartAsync(pair.Use, clock, replace: log.Install);
        ServerCertificates certificates = server.Services.GetRequiredService<ServerCertificates>();
        string before = Serial(certificates);
        pair.Write(name, clock.GetUtcNow().AddDays(days));

        certificates.Refresh();
        certificates.Refresh();

        Assert.Equal(before, Serial(certificates));
        Assert.Single(log.Lines, line =>
            line.Contains("Kept the certificate in use: ", StringComparison.Ordinal) && line.Contains(why, StringComparison.Ordinal));
        using ILoggerFactory quiet = LoggerFactory.Create(_ => { });
        var atStart = new ServerCertificates(server.Settings, clock, quiet.CreateLogger<ServerCertificates>());
        Assert.Contains(why, Assert.Throws<SettingsException>(atStart.Load).Message, StringComparison.Ordinal);
        Assert.Contains(why, atStart.Problem(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task One_that_begins_later_is_taken_then()
    {
        FakeTimeProvider clock = Clock();
        using var pair = new GivenPair();
        pair.Write("Auth.example.com", clock.GetUtcNow());
        await using HostedServer server = await HostedServer.StartAsync(pair.Use, clock);
        ServerCertificates certificates = server.Services.GetRequiredService<ServerCertificates>();
        string before = Serial(certificates);
        pair.Write("Auth.example.com", clock.GetUtcNow().AddDays(10));
        certificates.Refresh();
        Assert.Equal(before, Serial(certificates));

        clock.Advance(TimeSpan.FromDays(10));
        await TickAsync(server, clock, before);
        Assert.NotEqual(before, Serial(certificates));
    }

    [Theory]
    [InlineData("duo.example.com", "duo.example.com", true)]
    [InlineData("duo.example.com", "Duo.example.com", false)]
    [InlineData("*.example.com", "duo.example.com", true)]
    [InlineData("*.example.com", "a.duo.example.com", false)]
    [InlineData("*.example.com", "example.com", false)]
    [InlineData("d*.example.com", "duo.example.com", false)]
    [InlineData("*.EXAMPLE.com", "duo.example.com", false)]
    [InlineData("192.0.2.1", "192.0.2.1", false)] // an address stands there as an address
    [InlineData("IP 192.0.2.1", "192.0.2.1", true)]
    [InlineData("IP 192.0.2.2", "192.0.2.1", false)]
    [InlineData("", "duo.example.com", false)] // a common name alone
    public void Hosts_find_their_name_in_it_by_bytes_and_a_star_is_one_label(string given, string host, bool fits)
    {
        DateTimeOffset now = Clock().GetUtcNow();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (given.StartsWith("IP ", StringComparison.Ordinal))
        {
            names.AddIpAddress(IPAddress.Parse(given[3..]));
        }
        else if (given.Length > 0)
        {
            names.AddDnsName(given);
        }

        if (given.Length > 0)
        {
            request.CertificateExtensions.Add(names.Build());
        }

        using X509Certificate2 leaf = request.CreateSelfSigned(now, now.AddDays(1));

        Assert.Equal(fits, CertificateFit.Problem(leaf, new PublicHost(host, 443), now) is null);
    }

    [Fact(Timeout = Patience)]
    public async Task The_keys_are_for_their_owner_only()
    {
        await using HostedServer server = await HostedServer.StartAsync();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Path.Combine(server.Settings.DataFolder, "ca-key.pem")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(new LeafFiles(server.Settings).Key));
    }

    [Fact(Timeout = Patience)]
    public async Task A_copy_of_the_CAs_certificate_can_be_read_by_the_user_sshd()
    {
        await using HostedServer server = await HostedServer.StartAsync();

        Assert.Equal((UnixFileMode)0b110_100_100, File.GetUnixFileMode(new LeafFiles(server.Settings).Ca));
    }

    /// <summary>A certificate that an administrator puts there himself.</summary>
    private sealed class GivenPair : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("sallyport-given-").FullName;

        private string Certificate => Path.Combine(_folder, "c.pem");

        private string Key => Path.Combine(_folder, "k.pem");

        public ServerSettings Use(ServerSettings settings) =>
            settings with { Certificate = Certificate, CertificateKey = Key };

        public void Write(string name, DateTimeOffset at)
        {
            // Each begins a day before, for hosts whose clock is behind, and lasts 90.
            using X509Certificate2 authority = PrivateCa.Create(new PublicHost(name, 443), at);
            using X509Certificate2 leaf = PrivateCa.Issue(authority, new PublicHost(name, 443), at);
            File.WriteAllText(Key, KeyOf(leaf));
            File.WriteAllText(Certificate, leaf.ExportCertificatePem());
        }

        public void Dispose() => Directory.Delete(_folder, recursive: true);
    }

    private static FakeTimeProvider Clock() => new(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero));

    private static string KeyOf(X509Certificate2 certificate) =>
        certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();

    private static string Serial(ServerCertificates certificates) =>
        certificates.Current.ServerCertificateContext!.TargetCertificate.SerialNumber;

    private static bool IsVouchedFor(X509Certificate2 authority, string name, DateTimeOffset now)
    {
        using X509Certificate2 leaf = PrivateCa.Issue(authority, new PublicHost(name, 443), now);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        return chain.Build(leaf);
    }

    /// <summary>Moves the clock until the watch has looked; each advance gives it one tick.</summary>
    private static async Task TickAsync(HostedServer server, FakeTimeProvider clock, string before)
    {
        while (Serial(server.Services.GetRequiredService<ServerCertificates>()) == before)
        {
            clock.Advance(CertificateWatch.Interval);
            await Task.Delay(10, Stop);
        }
    }

    private static async Task<string> SerialAsync(HostedServer server, FakeTimeProvider clock)
    {
        await using SslStream tls = await server.ConnectAsync(now: clock.GetUtcNow());
        using var leaf = new X509Certificate2(tls.RemoteCertificate!);
        return leaf.SerialNumber;
    }
}
