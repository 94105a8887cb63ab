using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Host.Duo;

/// <summary>
/// Whose certificates are believed: those of the cafile and no others, or else the system's. They are read here and not
/// by the framework, which asks the environment where they are; and for each handshake, so that a change holds at once.
/// </summary>
internal sealed class TrustedRoots
{
    private const int LargestFile = 4 << 20;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1"; // RFC 5280 section 4.2.1.12

    /// <summary>Where distributions keep all of them in one file.</summary>
    private static readonly string[] _systemFiles =
    [
        "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Arch, Alpine
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, Red Hat
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/var/lib/ca-certificates/ca-bundle.pem", // SUSE
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];

    private readonly List<byte[]> _encoded;

    private TrustedRoots(List<byte[]> encoded) => _encoded = encoded;

    /// <exception cref="DuoException">They cannot be read, or there are none: a refusal.</exception>
    public static TrustedRoots Read(string? cafile)
    {
        string path = cafile ?? _systemFiles.FirstOrDefault(File.Exists) ?? _systemFiles[0];
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] pem = new byte[Math.Min(file.Length, LargestFile) + 1];
            int length = file.ReadAtLeast(pem, pem.Length, throwOnEndOfStream: false);
            List<byte[]> encoded = length < pem.Length
                ? Decode(pem.AsSpan(0, length))
                : throw new IOException("too large for certificates");
            return encoded.Count > 0 ? new TrustedRoots(encoded) : throw new IOException("no certificate is in it");
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new DuoException(
                DuoFailure.Refused, $"Couldn't read the authorities of {path}: {wrong.Message}", wrong);
        }
    }

    /// <summary>What a chain is held to. Revocation is not asked for: whoever answers that may be away, too.</summary>
    public static X509ChainPolicy Policy()
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true, // a certificate names URLs, and who shows it chose them
        };
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        return policy;
    }

    /// <summary>Whether one of them vouches for this certificate, now, as a server's.</summary>
    /// <param name="sent">What came with it, to get from it to one of them.</param>
    public bool VouchFor(X509Certificate2 certificate, X509Certificate2Collection sent)
    {
        // To take in all 150 of a system takes longer than the handshake. Those that are named as issuers are enough in
        // nearly every case; where a name is written in another way, all of them are tried.
        X509Certificate2[] chain = [certificate, .. sent];
        byte[][] issuers = [.. chain.Select(one => one.IssuerName.RawData)];
        byte[][] named = [.. _encoded.Where(root => issuers.Any(name => root.AsSpan().IndexOf(name) >= 0))];
        return VouchFor(certificate, sent, named)
            || (named.Length < _encoded.Count && VouchFor(certificate, sent, _encoded));
    }

    private static bool VouchFor(
        X509Certificate2 certificate, X509Certificate2Collection sent, IReadOnlyCollection<byte[]> encoded)
    {
        X509Certificate2[] roots = [];
        using X509Chain chain = new() { ChainPolicy = Policy() };
        try
        {
            roots = [.. encoded.Select(X509CertificateLoader.LoadCertificate)];
            chain.ChainPolicy.CustomTrustStore.AddRange(roots);
            chain.ChainPolicy.ExtraStore.AddRange(sent);
            return chain.Build(certificate);
        }
        catch (CryptographicException)
        {
            return false; // one of them is no certificate
        }
        finally
        {
            Array.ForEach(roots, root => root.Dispose());
        }
    }

    private static List<byte[]> Decode(ReadOnlySpan<byte> pem)
    {
        List<byte[]> encoded = [];
        while (PemEncoding.TryFindUtf8(pem, out PemFields fields))
        {
            if (pem[fields.Label].SequenceEqual("CERTIFICATE"u8))
            {
                byte[] bytes = new byte[fields.DecodedDataLength];
                OperationStatus status = Base64.DecodeFromUtf8(pem[fields.Base64Data], bytes, out _, out int length);
                if (status is not OperationStatus.Done || length != bytes.Length)
                {
                    throw new IOException("a certificate in it cannot be read");
                }

                encoded.Add(bytes);
            }

            pem = pem[fields.Location.End..];
        }

        return encoded;
    }
}
