using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Host.Duo;

/// <summary>
/// Whose certificates are believed: those of the cafile and no others, or else the system's. They are read here and not
/// by the framework, which asks the environment where they are; and for each handshake, so that a change holds at once.
/// </summary>
internal static class TrustedRoots
{
    private const int LargestFile = 4 << 20;

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

    /// <exception cref="DuoException">They cannot be read, or there are none: a refusal.</exception>
    public static X509Certificate2Collection Read(string? cafile)
    {
        string path = cafile ?? _systemFiles.FirstOrDefault(File.Exists) ?? _systemFiles[0];
        X509Certificate2Collection roots = [];
        try
        {
            using FileStream file = File.OpenRead(path);
            using StreamReader text = new(file);
            if (file.Length > LargestFile)
            {
                throw new IOException("too large for certificates");
            }

            roots.ImportFromPem(text.ReadToEnd());
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw Unusable(path, wrong.Message, wrong);
        }

        return roots.Count > 0 ? roots : throw Unusable(path, "no certificate is in it", null);
    }

    private static DuoException Unusable(string path, string why, Exception? inner) =>
        new(DuoFailure.Refused, $"Couldn't read the authorities of {path}: {why}", inner);
}
