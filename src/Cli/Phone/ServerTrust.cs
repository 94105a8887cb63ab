using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Phone;

/// <summary>
/// Whose word counts for who the server is: certificates that were given, and these alone; or else those that this
/// machine trusts, whatever the environment says.
/// </summary>
internal sealed class ServerTrust(string server, string? authorities)
{
    private const int LargestFile = 1 << 20;

    /// <summary>What was wrong with the certificate that came last, and what to do; null: nothing.</summary>
    public string? Problem { get; private set; }

    /// <exception cref="PhoneException">The certificates cannot be read.</exception>
    public SslClientAuthenticationOptions Options()
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true, // a certificate names URLs, and who shows it chose them
        };
        policy.CustomTrustStore.AddRange(
            authorities is null ? OfThisMachine() : Parse(authorities, "the phone's file"));
        return new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateChainPolicy = policy,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                Problem = errors is SslPolicyErrors.None ? null : Words(certificate, chain, errors);
                return errors is SslPolicyErrors.None;
            },
        };
    }

    /// <summary>The certificates of a file, and nothing else that is in it.</summary>
    /// <exception cref="IOException">It cannot be read, or there is none in it.</exception>
    public static string Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] content = new byte[LargestFile];
            int length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return length < content.Length
                ? Parse(System.Text.Encoding.UTF8.GetString(content, 0, length), path).ExportCertificatePems() + "\n"
                : throw new PhoneException($"{path}: too large for certificates");
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new PhoneException(denied.Message, denied);
        }
    }

    private static X509Certificate2Collection Parse(string pem, string where)
    {
        X509Certificate2Collection certificates = [];
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (CryptographicException broken)
        {
            throw new PhoneException($"{where}: a certificate in it cannot be read: {broken.Message}", broken);
        }

        return certificates.Count > 0 ? certificates
            : throw new PhoneException(
                $"{where}: no certificate (PEM) is in it. 'sallyport-server ca' prints the right one");
    }

    private static X509Certificate2Collection OfThisMachine()
    {
        // OpenSSL would look there instead.
        _ = Stdlib.unsetenv("SSL_CERT_FILE\0"u8);
        _ = Stdlib.unsetenv("SSL_CERT_DIR\0"u8);
        using X509Store store = new(StoreName.Root, StoreLocation.LocalMachine);
        store.Open(OpenFlags.ReadOnly);
        return store.Certificates;
    }

    private string Words(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        bool isOfAnotherTime = chain?.ChainStatus.Any(s => s.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)) is true;
        return errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) ? $"{server} shows no certificate"
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
                ? $"the certificate is not for {server}. Take the name that is in it, which hosts have as 'host'"
            : isOfAnotherTime
                ? $"the certificate of {server} is from {certificate?.GetEffectiveDateString()} to "
                    + $"{certificate?.GetExpirationDateString()}. If that is now, set this machine's clock"
            : authorities is null
                ? $"this machine trusts nobody who vouches for {server}. With a CA of its own: "
                    + "'sallyport-server ca' there prints it; activate with --ca=FILE"
            : $"the certificate of {server} is not from the CA that was given. If the server has another one now, "
                + "activate again with --ca=FILE";
    }
}
