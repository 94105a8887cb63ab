using System.Globalization;
using System.Text;

namespace Sallyport.Protocol.Duo;

/// <summary>
/// What a person typed at the prompt: the parameter <c>prompt</c> of <c>/auth/v2</c>, <c>auto</c> of <c>/rest/v1</c>,
/// or the variable DUO_PASSCODE. What is not one of the others is <see cref="Wrong"/>.
/// </summary>
public abstract record DuoPrompt
{
    /// <summary>The most bytes. The C clients send at most 255.</summary>
    public const int MaxBytes = 255;

    /// <summary>The fewest digits of a code.</summary>
    public const int MinDigits = Passcode.MinDigits;

    /// <summary>The most digits of a code; bypass codes are longer than passcodes.</summary>
    public const int MaxDigits = 24;

    /// <summary>The highest number of a device or of a line of the menu.</summary>
    public const int MaxNumber = 99;

    private const int YubiKeyLength = 44;
    private const string ModHex = "cbdefghijklnrtuv";

    private DuoPrompt()
    {
    }

    /// <summary>
    /// Reads what was typed. Blanks and TABs around it are passed over, because they come with a passcode that is
    /// copied; a line end is not. Words are of either case. Never throws.
    /// </summary>
    /// <param name="text">The text; null is wrong.</param>
    public static DuoPrompt Parse(string? text)
    {
        // In UTF-8 a text has at least as many bytes as characters; what is right is ASCII.
        if (text is null or { Length: > MaxBytes } || !Ascii.IsValid(text))
        {
            return new Wrong();
        }

        string typed = text.Trim(' ', '\t').ToLowerInvariant();
        return char.IsAsciiDigit(typed.FirstOrDefault()) ? OfDigits(typed)
            : typed == "auto" ? new Auto()
            : typed.Length == YubiKeyLength && typed.All(ModHex.Contains) ? new YubiKey()
            : OfWord(typed);
    }

    /// <summary>Not one of the others: count it as a wrong passcode.</summary>
    public sealed record Wrong : DuoPrompt;

    /// <summary>The user's default factor (<c>auto</c>).</summary>
    public sealed record Auto : DuoPrompt;

    /// <summary>6 to 24 digits: a passcode, a bypass code, or none. It is not printed.</summary>
    public sealed record Code : DuoPrompt
    {
        internal Code(string digits) => Digits = digits;

        /// <summary>The digits, without blanks and hyphens between them.</summary>
        public string Digits { get; }

        /// <summary>The digits as a passcode, if there are at most nine.</summary>
        /// <param name="passcode">The passcode; the default value if there are more.</param>
        public bool TryGetPasscode(out Passcode passcode) => Passcode.TryParse(Digits, out passcode);

        /// <summary>The same text for every code.</summary>
        public override string ToString() => "[code]";
    }

    /// <summary>A push to the device of this key: the parameter <c>device</c>, which is not typed.</summary>
    /// <param name="Key">Its id, or <c>auto</c>: the first that can be asked.</param>
    public sealed record Device(string Key) : DuoPrompt;

    /// <summary>A push to the phone of this number.</summary>
    /// <param name="Number">From 1 on; 1 where none was typed.</param>
    public sealed record Push(int Number) : DuoPrompt;

    /// <summary>A call to the phone of this number.</summary>
    /// <param name="Number">From 1 on; 1 where none was typed.</param>
    public sealed record Phone(int Number) : DuoPrompt;

    /// <summary>Passcodes by text message to the phone of this number.</summary>
    /// <param name="Number">From 1 on; 1 where none was typed.</param>
    public sealed record Sms(int Number) : DuoPrompt;

    /// <summary>The number of a line of the menu.</summary>
    /// <param name="Number">From 1 on.</param>
    public sealed record MenuLine(int Number) : DuoPrompt;

    /// <summary>The one-time password of a YubiKey, which we recognise and do not support.</summary>
    public sealed record YubiKey : DuoPrompt;

    private static DuoPrompt OfDigits(string typed)
    {
        if (TryNumber(typed, out int line))
        {
            return new MenuLine(line);
        }

        // Codes are shown in groups: one blank or hyphen between two digits is not part of them.
        string digits = "";
        for (int i = 0; i < typed.Length; i++)
        {
            if (char.IsAsciiDigit(typed[i]))
            {
                digits += typed[i];
            }
            else if (typed[i] is not (' ' or '-') || i + 1 == typed.Length || !char.IsAsciiDigit(typed[i + 1]))
            {
                return new Wrong();
            }
        }

        return digits.Length is >= MinDigits and <= MaxDigits ? new Code(digits) : new Wrong();
    }

    private static DuoPrompt OfWord(string typed)
    {
        string word = typed.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        int number = 1;
        return word.Length < typed.Length && !TryNumber(typed[word.Length..], out number) ? new Wrong() : word switch
        {
            "push" or "verified_push" => new Push(number),
            "phone" or "voice" => new Phone(number),
            "sms" or "smsrefresh" => new Sms(number),
            _ => new Wrong(),
        };
    }

    /// <summary>1 to 99, without a zero in front.</summary>
    private static bool TryNumber(string digits, out int number)
    {
        number = 0;
        return digits.Length is 1 or 2
            && digits[0] != '0'
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
