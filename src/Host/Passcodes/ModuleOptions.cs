using System.Globalization;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Passcodes;

/// <summary>
/// The arguments of a PAM line, by the names and defaults of pam_google_authenticator. Where two contradict each
/// other the last one wins. An argument that is not understood refuses every login of that line.
/// </summary>
internal sealed record ModuleOptions
{
    private const int DefaultMode = 0x180; // 0600

    public string? Secret { get; private init; }

    /// <summary>Null: the default prompt, which depends on <see cref="ForwardPass"/>.</summary>
    public string? Prompt { get; private init; }

    /// <summary>The account that reads the file (user=); null: the one that logs in.</summary>
    public Account? ActAs { get; private init; }

    public bool CheckOwner { get; private init; } = true;

    public int AllowedMode { get; private init; } = DefaultMode;

    public bool Debug { get; private init; }

    public bool UseToken { get; private init; }

    public bool AskIfTokenFails { get; private init; } = true;

    public bool ForwardPass { get; private init; }

    public bool LearnSkew { get; private init; } = true;

    public bool IncrementHotp { get; private init; } = true;

    public bool NullOk { get; private init; }

    public bool Echo { get; private init; }

    public int GraceSeconds { get; private init; }

    public bool AllowReadOnly { get; private init; }

    /// <summary>Ours: this line is reached by those only who have proved a first factor to the lines before it.</summary>
    public bool AfterFirstFactor { get; private init; }

    /// <summary>Null: <paramref name="problem"/> is the log line.</summary>
    public static ModuleOptions? Parse(IEnumerable<string> arguments, out string? problem)
    {
        var options = new ModuleOptions();
        problem = null;
        foreach (string argument in arguments)
        {
            ModuleOptions? next = options.With(argument, out problem);
            if (next is null)
            {
                return null;
            }

            options = next;
        }

        return options;
    }

    private ModuleOptions? With(string argument, out string? problem)
    {
        problem = null;
        int equals = argument.IndexOf('=', StringComparison.Ordinal);
        string value = argument[(equals + 1)..];
        switch (equals < 0 ? argument : argument[..(equals + 1)])
        {
            case "secret=":
                return this with { Secret = value };
            case "authtok_prompt=":
                return this with { Prompt = value };
            case "user=":
                Account? account = FindAccount(value);
                problem = account is null ? $"Failed to look up user \"{Messages.Printable.Of(value)}\"" : null;
                return account is null ? null : this with { ActAs = account };
            case "no_strict_owner":
                return this with { CheckOwner = false };
            case "allowed_perm=":
                int? mode = ParseMode(value);
                problem = mode is null ? $"Invalid permissions in setting \"{Messages.Printable.Of(argument)}\"" : null;
                return mode is null ? null : this with { AllowedMode = mode.Value };
            case "debug":
                return this with { Debug = true };
            case "try_first_pass":
                return this with { UseToken = true, AskIfTokenFails = true };
            case "use_first_pass":
                return this with { UseToken = true, AskIfTokenFails = false };
            case "forward_pass":
                return this with { ForwardPass = true };
            case "noskewadj":
                return this with { LearnSkew = false };
            case "no_increment_hotp":
                return this with { IncrementHotp = false };
            case "nullok":
                return this with { NullOk = true };
            case "echo_verification_code" or "echo-verification-code":
                return this with { Echo = true };
            case "grace_period=":
                int seconds = 0;
                if (value.Length > 0 && !int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out seconds))
                {
                    problem = $"Invalid value in setting \"{Messages.Printable.Of(argument)}\"";
                    return null;
                }

                return this with { GraceSeconds = seconds };
            case "after_first_factor":
                return this with { AfterFirstFactor = true };
            case "allow_readonly":
                return this with { AllowReadOnly = true };
            default:
                problem = $"Unrecognized option \"{Messages.Printable.Of(argument)}\"";
                return null;
        }
    }

    // A name, or a uid in digits. "0abc" is neither; the original takes it for root.
    private static Account? FindAccount(string value) =>
        uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint uid) ? Pwd.ByUid(uid)
        : value.Length > 0 && !char.IsAsciiDigit(value[0]) ? Pwd.ByName(value)
        : null;

    private static int? ParseMode(string octal)
    {
        if (octal.Length is 0 or > 5 || octal.Any(c => c is < '0' or > '7'))
        {
            return null;
        }

        int mode = Convert.ToInt32(octal, 8);
        return mode is > 0 and <= 0xFFF ? mode : null;
    }
}
