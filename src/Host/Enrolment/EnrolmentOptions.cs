using System.Globalization;
using Sallyport.Protocol;

namespace Sallyport.Host.Enrolment;

/// <summary>What root wants of an enrolment or an invitation; anybody else gets the usual one.</summary>
internal sealed record EnrolmentOptions
{
    public static readonly TimeSpan UsualInvitation = TimeSpan.FromDays(7);
    public static readonly TimeSpan LongestInvitation = TimeSpan.FromDays(90);

    public TotpSettings Settings { get; private init; } = new() { Mode = OtpMode.Totp };

    public bool Confirm { get; private init; } = true;

    /// <summary>An entry that is there is replaced without asking.</summary>
    public bool Force { get; private init; }

    /// <summary>An invitation that holds for who has a factor already, which it replaces.</summary>
    public bool Replace { get; private init; }

    public TimeSpan Expires { get; private init; } = UsualInvitation;

    public string? Label { get; private init; }

    public string? Issuer { get; private init; }

    public int RecoveryCodes { get; private init; } = FreshFactor.UsualRecoveryCodes;

    /// <summary>Null: a word that is none of these, or a value out of its range.</summary>
    public static EnrolmentOptions? Parse(IEnumerable<string> arguments, out string? problem)
    {
        EnrolmentOptions? options = new();
        foreach (string argument in arguments)
        {
            options = options.With(argument);
            if (options is null)
            {
                problem = $"cannot use '{Messages.Printable.Of(argument)}'";
                return null;
            }
        }

        problem = options.Settings.IsValid ? null : "a setting is out of its range";
        return problem is null ? options : null;
    }

    private EnrolmentOptions? With(string argument)
    {
        int equals = argument.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? argument : argument[..equals];
        string value = equals < 0 ? "" : argument[(equals + 1)..];
        return (name, value) switch
        {
            ("no-confirm", "") => this with { Confirm = false },
            ("force", "") => this with { Force = true },
            ("replace", "") => this with { Replace = true },
            ("mode", "totp") => With(Settings with { Mode = OtpMode.Totp }),
            ("mode", "hotp") => With(Settings with { Mode = OtpMode.Hotp }),
            ("reuse", "allow") => With(Settings with { RefusesReuse = false, IsStrict = false }),
            ("reuse", "refuse") => With(Settings with { RefusesReuse = true, IsStrict = true }),
            ("algorithm", "sha1") => With(Settings with { Algorithm = OtpAlgorithm.Sha1 }),
            ("algorithm", "sha256") => With(Settings with { Algorithm = OtpAlgorithm.Sha256 }),
            ("algorithm", "sha512") => With(Settings with { Algorithm = OtpAlgorithm.Sha512 }),
            ("digits", _) when Number(value, 6, 8) is int digits => With(Settings with { Digits = digits }),
            ("period", _) when Number(value, 1, 60) is int seconds => With(Settings with { PeriodSeconds = seconds }),
            ("window", _) when Number(value, 1, 100) is int window => With(Settings with { Window = window }),
            ("limit", "off") => With(Settings with { Limit = null }),
            ("limit", _) when Limit(value) is AttemptLimit limit => With(Settings with { Limit = limit }),
            ("recovery-codes", _) when Number(value, 0, RecoveryCodeHashes.MaxCodes) is int codes =>
                this with { RecoveryCodes = codes },
            ("expires", _) when Number(value, 60, (int)LongestInvitation.TotalSeconds) is int seconds =>
                this with { Expires = TimeSpan.FromSeconds(seconds) },
            ("label", _) when KeyUri.IsName(value) => this with { Label = value },
            ("issuer", _) when value.Length == 0 || KeyUri.IsName(value) => this with { Issuer = value },
            _ => null,
        };
    }

    private EnrolmentOptions With(TotpSettings settings) => this with { Settings = settings };

    private static AttemptLimit? Limit(string value) =>
        value.Split('/') is [string attempts, string seconds]
        && Number(attempts, 1, 100) is int most && Number(seconds, 1, 3600) is int interval
            ? new(most, interval)
            : null;

    private static int? Number(string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && number >= least && number <= most
            ? number
            : null;
}
