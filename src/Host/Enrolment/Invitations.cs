using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Host.Enrolment;

/// <summary>Leave to enrol, from an administrator: a code that works once, until it expires.</summary>
/// <param name="MayReplace">It holds for who has a factor already.</param>
internal sealed record Invitation(byte[] Hash, DateTimeOffset Expires, bool MayReplace);

/// <summary>
/// Open invitations, one file for each account, in a folder that only root can enter (docs/formats/totp-store.md,
/// "Invitations"). Of the code only a hash is kept: with 80 bits of chance in it, that is as good as nothing to a thief.
/// </summary>
internal sealed class Invitations : IDisposable
{
    private const int CodeBytes = 10;
    private const int LargestFile = 512;

    private readonly SafeFileHandle _folder;
    private readonly string _path;

    private Invitations(SafeFileHandle folder, string path) => (_folder, _path) = (folder, path);

    /// <exception cref="IOException">The folder cannot be used.</exception>
    public static Invitations At(string path) => new(PrivateFolder.Open(path), path);

    /// <summary>Whose files there are, open or expired, one char a byte.</summary>
    public IEnumerable<string> Users() => PrivateFolder.Names(_path);

    /// <summary>Opens an invitation in the place of one that may be there. The code is for the person it is for.</summary>
    /// <exception cref="IOException">It cannot be kept; nothing is changed.</exception>
    public string Open(string user, DateTimeOffset expires, bool mayReplace)
    {
        Span<byte> random = stackalloc byte[CodeBytes];
        SysRandom.Fill(random);
        string code = string.Join('-', Base32.Encode(random).Chunk(4).Select(four => new string(four)));
        string text = string.Create(CultureInfo.InvariantCulture, $"""
            version = 1
            hash = {Convert.ToHexStringLower(HashOf(code))}
            expires = {expires.ToUnixTimeSeconds()}
            replace = {(mayReplace ? "yes" : "no")}

            """);
        int error = DurableReplace.Write(_folder, NameOf(user), Encoding.ASCII.GetBytes(text), () => true, () => false,
            out _, out _);
        return error == 0 ? code : throw new IOException($"the invitation cannot be kept: {Unistd.StrError(error)}");
    }

    /// <summary>Null: there is none, none that holds any more, or none that can be read.</summary>
    public Invitation? Find(string user, DateTimeOffset now)
    {
        using SafeFileHandle file = Fcntl.openat(
            _folder, NameOf(user), Fcntl.O_RDONLY | Fcntl.O_NOFOLLOW | Fcntl.O_NONBLOCK | Fcntl.O_CLOEXEC, 0);
        byte[] content = new byte[LargestFile];
        nint length = file.IsInvalid ? 0 : Unistd.read(file, content, content.Length);
        string[] lines = Encoding.ASCII.GetString(content, 0, (int)Math.Max(length, 0)).Split('\n');
        return lines is ["version = 1", ['h', 'a', 's', 'h', ' ', '=', ' ', .. string hash], string second, string third, ""]
            && hash.Length == 2 * Sha256.DigestBytes && hash.All(char.IsAsciiHexDigitLower)
            && second.StartsWith("expires = ", StringComparison.Ordinal)
            && long.TryParse(second.AsSpan(10), NumberStyles.None, CultureInfo.InvariantCulture, out long expires)
            && now.ToUnixTimeSeconds() < expires && expires < DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            && third is "replace = yes" or "replace = no"
                ? new(Convert.FromHexString(hash), DateTimeOffset.FromUnixTimeSeconds(expires), third == "replace = yes")
                : null;
    }

    /// <summary>Upper and lower case, hyphens and blanks as the person likes.</summary>
    public static bool Matches(Invitation invitation, ReadOnlySpan<byte> answer) =>
        CryptographicOperations.FixedTimeEquals(HashOf(Encoding.Latin1.GetString(answer)), invitation.Hash);

    /// <summary>0 or an errno; where there was none that is well.</summary>
    public int Close(string user)
    {
        int error = Unistd.unlinkat(_folder, NameOf(user), 0) == 0 ? 0 : LastError();
        return error == Errno.ENOENT ? 0
            : error == 0 && Unistd.fsync(_folder) != 0 ? LastError()
            : error;
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] HashOf(string code)
    {
        char[] kept = [.. code.Where(c => c is not ('-' or ' ')).Select(char.ToUpperInvariant)];
        byte[] hash = new byte[Sha256.DigestBytes];
        Sha256.Hash(Encoding.Latin1.GetBytes(kept), hash);
        return hash;
    }

    private static byte[] NameOf(string user) => TotpStore.IsName(user)
        ? Encoding.Latin1.GetBytes(user + '\0')
        : throw new ArgumentException("not a name that an account can have here", nameof(user));

    private static int LastError() => System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
}
