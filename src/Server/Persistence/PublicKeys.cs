using System.Security.Cryptography;

namespace Sallyport.Server.Persistence;

/// <summary>Duo's forms: ids of 20 characters that begin with their kind, and secret keys of 40.</summary>
internal static class PublicKeys
{
    private const string IdAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    private const string SecretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <param name="prefix">DI, DU, DP or DH.</param>
    public static string New(string prefix) => prefix + RandomNumberGenerator.GetString(IdAlphabet, 18);

    /// <summary>An skey: 238 bits.</summary>
    public static string NewSecretKey() => RandomNumberGenerator.GetString(SecretAlphabet, 40);
}
