using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Sallyport.Protocol;

namespace Sallyport.Cli.Users;

/// <summary>
/// A public key as it stands in a line of authorized_keys (sshd(8)), without options: type, blob in base64, comment.
/// </summary>
internal sealed record PublicKey(string Type, string Blob, string Comment)
{
    private const int LongestLine = 8192;
    private const int FewestRsaBits = 2048;
    private const int MostRsaBits = 16_384; // OpenSSH's SSHBUF_MAX_BIGNUM

    /// <summary>The line, without its end.</summary>
    public string Line => Comment.Length > 0 ? $"{Type} {Blob} {Comment}" : $"{Type} {Blob}";

    /// <summary>As ssh-keygen -l shows it.</summary>
    public string Fingerprint => FingerprintOf(Convert.FromBase64String(Blob));

    public static string FingerprintOf(ReadOnlySpan<byte> blob)
    {
        byte[] hash = new byte[Sha256.DigestBytes];
        Sha256.Hash(blob, hash);
        return "SHA256:" + Convert.ToBase64String(hash).TrimEnd('=');
    }

    public static bool TryParse(string line, [NotNullWhen(true)] out PublicKey? key, [NotNullWhen(false)] out string? problem)
    {
        key = null;
        if (line.Length > LongestLine || !line.All(IsPlain))
        {
            problem = line.Length > LongestLine ? "the key is too long" : "the key has a control character in it";
            return false;
        }

        string[] words = line.Trim(' ').Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        (string type, string base64) = (words.ElementAtOrDefault(0) ?? "", words.ElementAtOrDefault(1) ?? "");
        byte[] blob = new byte[base64.Length];
        problem = type is "ssh-dss" ? "DSA keys are too weak, and sshd refuses them"
            : !IsKnown(type) ? "it does not begin with a type of key that is taken:\n"
                + "  ssh-ed25519, ssh-rsa, ecdsa-sha2-nistp256, -nistp384 or -nistp521,\n"
                + "  sk-ssh-ed25519@openssh.com or sk-ecdsa-sha2-nistp256@openssh.com;\n"
                + "  options are not taken"
            : !Convert.TryFromBase64String(base64, blob, out int length) || length == 0 || Convert.ToBase64String(blob, 0, length) != base64
                ? "what follows the type is no base64: it was cut or changed"
            : WrongBlob(type, blob.AsSpan(0, length));
        key = problem is null ? new PublicKey(type, base64, words.ElementAtOrDefault(2)?.Trim(' ') ?? "") : null;
        return key is not null;
    }

    private static bool IsKnown(string type) => type is "ssh-ed25519" or "ssh-rsa" or "sk-ssh-ed25519@openssh.com"
        or "ecdsa-sha2-nistp256" or "ecdsa-sha2-nistp384" or "ecdsa-sha2-nistp521" or "sk-ecdsa-sha2-nistp256@openssh.com";

    private static string? WrongBlob(string type, ReadOnlySpan<byte> blob)
    {
        var rest = new KeyFields(blob);
        if (Encoding.Latin1.GetString(rest.Next()) != type)
        {
            return $"the key inside is not of the type before it ({type})";
        }

        bool right;
        switch (type)
        {
            case "ssh-ed25519":
                right = rest.Next().Length == 32;
                break;
            case "sk-ssh-ed25519@openssh.com":
                right = rest.Next().Length == 32 && rest.Next().Length > 0;
                break;
            case "ssh-rsa":
                int exponent = Bits(rest.Next());
                int bits = Bits(rest.Next());
                if (bits is > 0 and < FewestRsaBits)
                {
                    return string.Create(CultureInfo.InvariantCulture, $"RSA keys need {FewestRsaBits} bits, and this one has {bits}");
                }

                right = exponent > 1 && bits is >= FewestRsaBits and <= MostRsaBits;
                break;
            default:
                string curve = type[(type.IndexOf("nistp", StringComparison.Ordinal))..].Split('@')[0];
                int field = (int.Parse(curve.AsSpan(5), CultureInfo.InvariantCulture) + 7) / 8;
                right = Encoding.Latin1.GetString(rest.Next()) == curve
                    && rest.Next() is [4, .. var point] && point.Length == 2 * field // uncompressed (SEC 1, 2.3.3)
                    && (!type.StartsWith("sk-", StringComparison.Ordinal) || rest.Next().Length > 0);
                break;
        }

        return right && rest.IsAtEnd ? null : "the key inside is damaged: it was cut or changed";
    }

    /// <summary>Of an mpint (RFC 4251, section 5) that is positive and written as short as it can be; else 0.</summary>
    private static int Bits(ReadOnlySpan<byte> number)
    {
        bool led = number is [0, >= 0x80, ..];
        ReadOnlySpan<byte> digits = led ? number[1..] : number;
        return digits.IsEmpty || digits[0] == 0 || (!led && digits[0] >= 0x80) ? 0
            : (8 * digits.Length) - (7 - int.Log2(digits[0]));
    }

    /// <summary>Letters of any language may stand in a comment; nothing that moves a cursor, ends a line or hides.</summary>
    private static bool IsPlain(char c) => c == ' ' || char.GetUnicodeCategory(c) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate
        or UnicodeCategory.OtherNotAssigned);

    /// <summary>The strings of a key's blob (RFC 4251, section 5), one after the other.</summary>
    private ref struct KeyFields(ReadOnlySpan<byte> blob)
    {
        private ReadOnlySpan<byte> _rest = blob;

        public readonly bool IsAtEnd => _rest.IsEmpty;

        /// <summary>Empty where there is none; then it is not at the end either, unless it ended there.</summary>
        public ReadOnlySpan<byte> Next()
        {
            if (_rest.Length < 4
                || System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(_rest) is var length && length > _rest.Length - 4)
            {
                return [];
            }

            ReadOnlySpan<byte> field = _rest.Slice(4, (int)length);
            _rest = _rest[(4 + (int)length)..];
            return field;
        }
    }
}
