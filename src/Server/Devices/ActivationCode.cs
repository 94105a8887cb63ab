using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Sallyport.Server.Devices;

/// <summary>
/// What a user types to make a phone his: 20 characters (100 bits), shown in groups of four. It is looked up by itself,
/// whoever's it is.
/// </summary>
internal sealed class ActivationCode
{
    private const string Alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"; // nothing that is read as something else
    private const int Characters = 20;

    private readonly string _text;

    private ActivationCode(string text) => _text = text;

    public static ActivationCode New() => new(RandomNumberGenerator.GetString(Alphabet, Characters));

    /// <summary>Blanks and hyphens are passed over, small letters are capitals.</summary>
    public static bool TryParse(string typed, [NotNullWhen(true)] out ActivationCode? code)
    {
        code = null;
        if (typed.Length > 4 * Characters)
        {
            return false;
        }

        string found = string.Concat(typed
            .Where(c => c is not (' ' or '-'))
            .Select(c => char.IsAsciiLetterLower(c) ? (char)(c - 'a' + 'A') : c));
        code = found.Length == Characters && found.All(Alphabet.Contains) ? new(found) : null;
        return code is not null;
    }

    /// <summary>Without hyphens.</summary>
    public string Expose() => _text;

    /// <summary>ABCD-EFGH-JKLM-NPQR-STUV: one word on a command line.</summary>
    public string ExposeGrouped() => string.Join('-', _text.Chunk(4).Select(group => new string(group)));

    public override string ToString() => "[activation code]";
}
