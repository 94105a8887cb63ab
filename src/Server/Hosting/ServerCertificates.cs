using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Server.Hosting;

/// <summary>The certificate that connections get, now. A newer one takes its place without a restart.</summary>
internal sealed class ServerCertificates(ServerSettings settings, TimeProvider time)
{
    private volatile SslServerAuthenticationOptions? _current;

    public string CaFile => Path.Combine(settings.DataFolder, "ca.pem");

    private string CaKeyFile => Path.Combine(settings.DataFolder, "ca-key.pem");

    private string LeafFile => Path.Combine(settings.DataFolder, "certificate.pem");

    private string LeafKeyFile => Path.Combine(settings.DataFolder, "certificate-key.pem");

    public SslServerAuthenticationOptions Current =>
        _current ?? throw new InvalidOperationException("no certificate was loaded");

    /// <exception cref="SettingsException">There is none that can be used.</exception>
    public void Load()
    {
        if (settings.Certificate is null)
        {
            Issue();
        }

        try
        {
            X509Certificate2 leaf = X509Certificate2.CreateFromPemFile(
                settings.Certificate ?? LeafFile, settings.CertificateKey ?? LeafKeyFile);
            Use(leaf, settings.Certificate);
        }
        catch (Exception unusable) when (unusable is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{settings.Certificate ?? LeafFile}: {unusable.Message}", unusable);
        }
    }

    private void Use(X509Certificate2 leaf, string? chainFile)
    {
        var chain = new X509Certificate2Collection();
        if (chainFile is not null)
        {
            chain.ImportFromPemFile(chainFile);
        }

        _current = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
            ClientCertificateRequired = false,
        };
    }

    private void Issue()
    {
        DateTimeOffset now = time.GetUtcNow();
        if (!File.Exists(CaFile))
        {
            using X509Certificate2 created = PrivateCa.Create(settings.PublicHost, now);
            DataFolder.Write(CaKeyFile, created.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() + "\n");
            DataFolder.Write(CaFile, created.ExportCertificatePem() + "\n");
        }

        using X509Certificate2 authority = X509Certificate2.CreateFromPemFile(CaFile, CaKeyFile);
        using X509Certificate2 leaf = PrivateCa.Issue(authority, settings.PublicHost, now);
        DataFolder.Write(LeafKeyFile, leaf.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() + "\n");
        DataFolder.Write(LeafFile, leaf.ExportCertificatePem() + "\n");
    }
}
