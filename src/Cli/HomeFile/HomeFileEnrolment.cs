using System.Security.Cryptography;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Qr;
using Sallyport.Protocol;

namespace Sallyport.Cli.HomeFile;

/// <summary>
/// Enrolment into a state file, as google-authenticator does it: new secret, shown and confirmed, a few questions, one
/// file. Nothing is written before the last answer.
/// </summary>
internal sealed class HomeFileEnrolment(EnrolmentFlags flags, TimeProvider time)
{
    private const int Tries = 5;
    private const int DefaultRateTries = 3;
    private const int DefaultRateSeconds = 30;
    private const int UsualWindow = 3;
    private const int WideWindow = 17;

    private readonly int _stepSeconds = flags.StepSeconds ?? KeyUri.DefaultPeriodSeconds;

    /// <summary>Null when it ended well, also by a "no" to the file; else the line for standard error.</summary>
    /// <exception cref="EndOfStreamException">The input ended; nothing was written.</exception>
    /// <exception cref="IOException">The terminal is gone; nothing was written.</exception>
    public string? Run()
    {
        if (Path() is not string path)
        {
            return "Cannot determine home directory";
        }

        using StateFilePlace? place = StateFilePlace.Open(path, out string? objection);
        string? unusable = objection;
        AppNames? names = flags.Quiet ? default(AppNames) : AppNames.From(flags, out unusable);
        if (place is null || names is null)
        {
            return objection ?? unusable;
        }

        OtpMode mode = flags.Mode is not OtpMode.None ? flags.Mode
            : Questions.TimeBased() ? OtpMode.Totp : OtpMode.Hotp;
        using NewState state = new(flags.RecoveryCodes ?? EnrolmentFlags.DefaultRecoveryCodes);
        if (!flags.Quiet && (Show(state, mode, names.Value) ?? Confirm(state, mode)) is string refusal)
        {
            return refusal;
        }

        if (!flags.Quiet && state.RecoveryCodes > 0)
        {
            Screen.Write("Your emergency scratch codes are:\n");
            Screen.WriteOnce(state.ExposeCodes());
        }

        if (!flags.Force && !Questions.Update(path))
        {
            return null;
        }

        byte[] file = state.ToFile(Options(mode));
        string? failure = place.Write(file);
        CryptographicOperations.ZeroMemory(file);
        return failure;
    }

    private string? Path() => flags.File
        ?? (Environment.GetEnvironmentVariable("HOME") is ['/', ..] home ? $"{home}/.google_authenticator" : null);

    /// <summary>The secret in every form that an app takes.</summary>
    private string? Show(NewState state, OtpMode mode, AppNames names)
    {
        int period = mode is OtpMode.Totp ? _stepSeconds : KeyUri.DefaultPeriodSeconds;
        string uri = new KeyUri(mode, state.Secret, names.Account, names.Issuer, periodSeconds: period).Expose();
        if (uri.Length > QrCode.MaxBytes)
        {
            return "The label and the issuer are too long for an app to scan them";
        }

        KeyDisplay.Show(uri, Base32.Encode(state.Secret.Expose()), flags.QrMode);
        return null;
    }

    /// <summary>
    /// A passcode from the app, or it would be known at the next login only that it did not scan. With a counter the
    /// first one is shown to compare with, because typing it would use it up.
    /// </summary>
    private string? Confirm(NewState state, OtpMode mode)
    {
        if (flags.NoConfirm)
        {
            return null;
        }

        if (mode is OtpMode.Hotp)
        {
            Screen.Write("Your verification code for code 1 is ");
            Screen.Write(Passcode.FromNumber(Hotp.Compute(state.Secret, 1), 6).Expose() + "\n");
            return null;
        }

        for (int left = Tries; left > 0; left--)
        {
            Screen.Write("Enter code from app: ");
            string answer = Questions.Answer().Replace(" ", "", StringComparison.Ordinal);
            if (Passcode.TryParse(answer, out Passcode passcode) && passcode.Digits == 6 && Matches(state, passcode))
            {
                Screen.Write("Code confirmed\n");
                return null;
            }

            Screen.Write(answer is ['-', ..]
                ? "It cannot be skipped here: start again with -C (--no-confirm) for that.\n"
                : left > 1 ? "Code incorrect. Try again.\n" : "Code incorrect.\n");
        }

        return "Nothing was changed: the app does not have this secret, or a clock is wrong";
    }

    /// <summary>One step early or late is let pass: typing takes its time.</summary>
    private bool Matches(NewState state, Passcode passcode)
    {
        TimeStep now = TimeStep.At(time.GetUtcNow(), TimeSpan.FromSeconds(_stepSeconds));
        return Totp.Match(state.Secret, passcode.Number, now, 1, 1) is not null;
    }

    /// <summary>Asks what the flags leave open, in the original's order, and returns the lines in the file's.</summary>
    private List<string> Options(OtpMode mode)
    {
        bool totp = mode is OtpMode.Totp;
        bool disallowReuse = totp && (flags.DisallowReuse ?? Questions.DisallowReuse(_stepSeconds));
        int? window = flags.Window;
        if (flags.MinimalWindow)
        {
            window = totp ? UsualWindow : 1;
        }
        else if (window is null && (totp ? Questions.WiderTotpWindow(_stepSeconds) : Questions.WiderHotpWindow()))
        {
            window = WideWindow;
        }

        (int Tries, int Seconds)? rate =
            flags is { RateTries: int tries, RateSeconds: int seconds } ? (tries, seconds)
            : !flags.NoRateLimit && Questions.LimitRate() ? (DefaultRateTries, DefaultRateSeconds)
            : null;

        List<string> options = [];
        Add(rate is not null, $"RATE_LIMIT {rate?.Tries} {rate?.Seconds}");
        Add(window is not null, $"WINDOW_SIZE {window}");
        Add(totp && flags.StepSeconds is not null, $"STEP_SIZE {flags.StepSeconds}");
        Add(disallowReuse, "DISALLOW_REUSE");
        options.Add(totp ? "TOTP_AUTH" : "HOTP_COUNTER 1");
        return options;

        void Add(bool wanted, string line)
        {
            if (wanted)
            {
                options.Add(line);
            }
        }
    }
}
