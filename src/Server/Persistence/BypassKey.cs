using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Server.Persistence;

/// <summary>
/// HMAC-SHA-256 under a key outside the database, in place of codes that somebody will type: who has the database alone
/// can test no guess.
/// </summary>
internal sealed class BypassKey(KeyFiles files)
{
    private readonly Lock _reading = new();
    private byte[]? _key;

    /// <summary>Of a bypass code; another user's is another.</summary>
    /// <param name="digits">The code without blanks and hyphens.</param>
    public byte[] OfBypassCode(Guid user, string digits) => Mac($"bypass:{user:N}:{digits}");

    /// <summary>Of an invitation's code, which is looked up by it alone.</summary>
    public byte[] OfInvitation(string code) => Mac($"invitation:{code}");

    /// <summary>Of a code that activates a phone, which is looked up by it alone, too.</summary>
    public byte[] OfActivation(string code) => Mac($"activation:{code}");

    /// <exception cref="StorageException">The key is missing, or others can read it.</exception>
    public void Verify() => Key();

    private byte[] Mac(string text) => HMACSHA256.HashData(Key(), Encoding.UTF8.GetBytes(text));

    private byte[] Key()
    {
        lock (_reading)
        {
            return _key ??= files.ReadBypassKey();
        }
    }
}
