using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Host.Tests.Duo;

/// <summary>A certificate for a server, from an authority of its own, whose certificate is in a file.</summary>
internal sealed class FakeCertificate : IDisposable
{
    private readonly X509Certificate2 _authority;

    /// <param name="name">A name of DNS, or an address.</param>
    /// <param name="days">From now to its end; below 0, it has ended.</param>
    /// <param name="isItsOwn">It is its own authority, as one made with openssl req -x509 is.</param>
    /// <param name="isForClients">It says that it is for clients.</param>
    public FakeCertificate(string name = "localhost", int days = 30, bool isItsOwn = false, bool isForClients = false)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest authority = new("CN=authority of a test", key, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authority.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        X509SubjectKeyIdentifierExtension keyIdentifier = new(authority.PublicKey, false);
        authority.CertificateExtensions.Add(keyIdentifier);
        _authority = authority.CreateSelfSigned(now.AddDays(-90), now.AddDays(90));

        using ECDsa leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest leaf = new($"CN={name}", leafKey, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        if (IPAddress.TryParse(name, out IPAddress? address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }

        leaf.CertificateExtensions.Add(names.Build());
        if (!isItsOwn)
        {
            leaf.CertificateExtensions.Add(
                X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(keyIdentifier));
        }

        leaf.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, false));
        if (isForClients)
        {
            leaf.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false));
        }

        using X509Certificate2 bare = leaf.Create(_authority, now.AddDays(-60), now.AddDays(days), [1, 2, 3, 4]);
        Leaf = isItsOwn ? leaf.CreateSelfSigned(now.AddDays(-60), now.AddDays(days)) : bare.CopyWithPrivateKey(leafKey);
        AuthorityFile = Path.Combine(Path.GetTempPath(), $"authority-{Guid.CreateVersion7(now):N}.pem");
        File.WriteAllText(AuthorityFile, (isItsOwn ? Leaf : _authority).ExportCertificatePem() + "\n");
    }

    public X509Certificate2 Leaf { get; }

    /// <summary>What a client takes as its cafile.</summary>
    public string AuthorityFile { get; }

    public void Dispose()
    {
        File.Delete(AuthorityFile);
        Leaf.Dispose();
        _authority.Dispose();
    }
}
