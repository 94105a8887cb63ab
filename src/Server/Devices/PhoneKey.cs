using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Server.Devices;

/// <summary>The public key of a phone: a point of P-256 (FIPS 186-5), as RFC 7518 section 6.2.1 writes it.</summary>
internal sealed class PhoneKey
{
    private const int CoordinateBytes = 32;

    private PhoneKey(byte[] x, byte[] y, byte[] subjectPublicKeyInfo) =>
        (X, Y, SubjectPublicKeyInfo) = (x, y, subjectPublicKeyInfo);

    /// <summary>As it is kept (RFC 5480).</summary>
    public byte[] SubjectPublicKeyInfo { get; }

    private byte[] X { get; }

    private byte[] Y { get; }

    /// <summary>RFC 7638, with SHA-256: how people and the audit name a key.</summary>
    /// <exception cref="CryptographicException">It is no key.</exception>
    public static string ThumbprintOf(byte[] subjectPublicKeyInfo)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out _);
        ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;
        (string x, string y) = (Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
        return Base64Url.EncodeToString(SHA256.HashData(
            Encoding.ASCII.GetBytes($$"""{"crv":"P-256","kty":"EC","x":"{{x}}","y":"{{y}}"}""")));
    }

    /// <summary>Null: no point of the curve.</summary>
    public static PhoneKey? Of(byte[] x, byte[] y)
    {
        if (x.Length != CoordinateBytes || y.Length != CoordinateBytes)
        {
            return null;
        }

        try
        {
            using var key = ECDsa.Create(Parameters(x, y));
            return new(x, y, key.ExportSubjectPublicKeyInfo());
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Null: not the uncompressed form of a point (SEC 1, section 2.3.3).</summary>
    public static PhoneKey? OfPoint(byte[] point) =>
        point is [4, ..] && point.Length == 1 + (2 * CoordinateBytes)
            ? Of(point[1..(1 + CoordinateBytes)], point[(1 + CoordinateBytes)..])
            : null;

    public ECDsa Create() => ECDsa.Create(Parameters(X, Y));

    private static ECParameters Parameters(byte[] x, byte[] y) =>
        new() { Curve = ECCurve.NamedCurves.nistP256, Q = new() { X = x, Y = y } };
}
