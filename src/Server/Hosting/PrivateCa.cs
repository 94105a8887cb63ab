using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Server.Hosting;

/// <summary>
/// The server's own certificate authority. It can vouch for one name only (RFC 5280 section 4.2.1.10), so that its key
/// is worth nothing elsewhere.
/// </summary>
internal static class PrivateCa
{
    public static readonly TimeSpan LeafLifetime = TimeSpan.FromDays(90);

    private static readonly TimeSpan _lifetime = TimeSpan.FromDays(3652); // ten years

    // Hosts whose clock is behind take a new certificate too.
    private static readonly TimeSpan _early = TimeSpan.FromDays(1);

    public static X509Certificate2 Create(PublicHost host, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(
            new X500DistinguishedName($"CN=Sallyport CA for {host.Name}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(new X509Extension("2.5.29.30", NameConstraints(host), critical: true));
        return request.CreateSelfSigned(now - _early, now + _lifetime);
    }

    /// <summary>A certificate for <paramref name="host"/> with its key, P-256.</summary>
    public static X509Certificate2 Issue(X509Certificate2 authority, PublicHost host, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(
            new X500DistinguishedName($"CN={host.Name}"), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host.Name);
        if (host.Address is IPAddress address)
        {
            names.AddIpAddress(address);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1", "serverAuth")], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));

        DateTimeOffset begin = Later(now - _early, authority.NotBefore);
        DateTimeOffset end = Earlier(now + LeafLifetime, authority.NotAfter);
        using X509Certificate2 signed = request.Create(authority, begin, end, RandomNumberGenerator.GetBytes(16));
        return signed.CopyWithPrivateKey(key);
    }

    // NameConstraints ::= SEQUENCE { permittedSubtrees [0], excludedSubtrees [1] }, each of GeneralSubtree. A kind of
    // name that stands nowhere would be free, so for a name every address is excluded.
    private static byte[] NameConstraints(PublicHost host)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                WriteName(writer, host.Name);
                if (host.Address is IPAddress address)
                {
                    WriteNetwork(writer, [.. address.GetAddressBytes(), 0xFF, 0xFF, 0xFF, 0xFF]);
                }
            }

            if (host.Address is null)
            {
                using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1)))
                {
                    WriteNetwork(writer, new byte[8]);
                    WriteNetwork(writer, new byte[32]);
                }
            }
        }

        return writer.Encode();
    }

    private static void WriteName(AsnWriter writer, string name)
    {
        using (writer.PushSequence())
        {
            writer.WriteCharacterString(UniversalTagNumber.IA5String, name, new Asn1Tag(TagClass.ContextSpecific, 2));
        }
    }

    private static void WriteNetwork(AsnWriter writer, byte[] addressAndMask)
    {
        using (writer.PushSequence())
        {
            writer.WriteOctetString(addressAndMask, new Asn1Tag(TagClass.ContextSpecific, 7));
        }
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
