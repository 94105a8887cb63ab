using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Server.Hosting;

/// <summary>
/// Whether hosts would take a certificate for this server. One that they refuse is an outage to them, and with failmode =
/// safe they let people in meanwhile.
/// </summary>
internal static class CertificateFit
{
    /// <summary>Why hosts would refuse it, whoever issued it; null: they would not.</summary>
    public static string? Problem(X509Certificate2 leaf, PublicHost host, DateTimeOffset now) =>
        now < new DateTimeOffset(leaf.NotBefore)
            ? $"it is not valid before {leaf.NotBefore.ToUniversalTime():u}: hosts refuse it"
            : now >= new DateTimeOffset(leaf.NotAfter)
            ? $"it is not valid since {leaf.NotAfter.ToUniversalTime():u}: hosts refuse it"
            : Names(leaf, host) ? null
            : $"it is not for {host.Name} (subjectAltName, capitals and all): hosts refuse it";

    private static bool Names(X509Certificate2 leaf, PublicHost host)
    {
        X509SubjectAlternativeNameExtension[] names = [.. leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>()];
        return host.Address is IPAddress address
            ? names.Any(name => name.EnumerateIPAddresses().Contains(address))
            : names.Any(name => name.EnumerateDnsNames().Any(pattern => Matches(pattern, host.Name)));
    }

    /// <summary>
    /// Duo's programs compare bytes, and others know a star in the place of one whole label: what both take.
    /// </summary>
    private static bool Matches(string pattern, string name) => pattern.StartsWith("*.", StringComparison.Ordinal)
        ? name.IndexOf('.', StringComparison.Ordinal) is > 0 and int dot && name[dot..] == pattern[1..]
        : pattern == name;
}
