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

    private DuoPrompt()
    {
    }

    /// <summary>Reads what was typed. Never throws.</summary>
    /// <param name="text">The text; null is wrong.</param>
    public static DuoPrompt Parse(string? text) => new Wrong();

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
}
