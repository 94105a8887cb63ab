using System.Globalization;
using Sallyport.Host.Qr;
using Sallyport.Protocol;

namespace Sallyport.Cli.HomeFile;

/// <summary>
/// The command line of google-authenticator: its options, ranges and error texts. An option is judged where it stands,
/// so of two mistakes the first is told.
/// </summary>
internal static class EnrolmentCommandLine
{
    private const string HomeFile = "home-file";

    // In the order of its help, which is also the order in which it lists what a cut name may mean.
    private static readonly Option[] Options =
    [
        new('h', "help", false),
        new('\0', "version", false),
        new('c', "counter-based", false),
        new('C', "no-confirm", false),
        new('t', "time-based", false),
        new('d', "disallow-reuse", false),
        new('D', "allow-reuse", false),
        new('f', "force", false),
        new('l', "label", true),
        new('i', "issuer", true),
        new('q', "quiet", false),
        new('Q', "qr-mode", true),
        new('r', "rate-limit", true),
        new('R', "rate-time", true),
        new('u', "no-rate-limit", false),
        new('s', "secret", true),
        new('S', "step-size", true),
        new('w', "window-size", true),
        new('W', "minimal-window", false),
        new('e', "emergency-codes", true),
    ];

    private static readonly Option[] OptionsOfEnroll =
    [
        .. Options, new('\0', HomeFile, false), new('\0', "user", true), new('\0', "digits", true),
        new('\0', "algorithm", true), new('\0', "socket", true), new('\0', "config", true),
    ];

    /// <param name="program">The name that error texts begin with.</param>
    /// <param name="words">What stands behind it.</param>
    /// <param name="asEnroll">Whether --home-file is an option too.</param>
    public static CommandLine Parse(string program, IReadOnlyList<string> words, bool asEnroll)
    {
        GetOpt options = new(program, words, asEnroll ? OptionsOfEnroll : Options);
        EnrolmentFlags flags = new();
        HashSet<string> seen = [];
        while (options.TryNext(out Option? option, out string argument))
        {
            if (option.Name is "help")
            {
                return new CommandLine.ShowHelp();
            }

            if (option.Name is "version")
            {
                return new CommandLine.ShowVersion();
            }

            if (Objection(option, argument, flags, seen) is string objection)
            {
                return new CommandLine.Wrong(objection);
            }

            flags = With(flags, option, argument);
            seen.Add(option.Name);
        }

        if (options.Error is string error)
        {
            return new CommandLine.Wrong(error, "Failed to parse command line");
        }

        if (options.Rest.FirstOrDefault() is string extra)
        {
            return new CommandLine.Wrong($"{program}: unexpected argument '{extra}'", "Failed to parse command line");
        }

        return flags switch
        {
            { DisallowReuse: not null, Mode: OtpMode.None } =>
                new CommandLine.Wrong("Must select time-based mode, when using -d or -D"),
            { RateTries: null } and not { RateSeconds: null } or { RateSeconds: null } and not { RateTries: null } =>
                new CommandLine.Wrong("Must set -r when setting -R, and vice versa"),
            _ => new CommandLine.Enrol(flags),
        };
    }

    /// <summary>What speaks against an option at this place, or null.</summary>
    private static string? Objection(Option option, string argument, EnrolmentFlags flags, HashSet<string> seen)
    {
        bool rate = flags.RateTries is not null || flags.RateSeconds is not null;
        bool hotp = flags.Mode is OtpMode.Hotp || option.Name is "counter-based";
        return option.Name switch
        {
            "counter-based" or "time-based" when flags.Mode is not OtpMode.None =>
                "Duplicate -c and/or -t option detected",
            "disallow-reuse" or "allow-reuse" when flags.DisallowReuse is not null && flags.Mode is not OtpMode.Hotp =>
                "Duplicate -d and/or -D option detected",
            "disallow-reuse" or "allow-reuse" when hotp => ReuseWithCounter,
            "counter-based" when flags.DisallowReuse is not null => ReuseWithCounter,
            "window-size" or "minimal-window" when flags.Window is not null || flags.MinimalWindow =>
                "Duplicate -w/-W option detected",
            not ("no-confirm" or HomeFile) when seen.Contains(option.Name) =>
                option.Letter == '\0' ? $"Duplicate --{option.Name} option detected" : $"Duplicate -{option.Letter} option detected",
            "rate-limit" or "rate-time" when flags.NoRateLimit => $"-u is mutually exclusive with -{option.Letter}",
            "no-rate-limit" when rate => "-u is mutually exclusive with -r/-R",
            "qr-mode" when !QrModeNames.TryParse(argument, out _) => $"Invalid qr-mode \"{argument}\"",
            "secret" when argument.Length == 0 => "-s must be followed by a filename",
            _ when Range(option) is (int least, int most) && Number(argument, least, most) is null =>
                $"-{option.Letter} requires an argument in the range {least}..{most}",
            _ => null,
        };
    }

    private const string ReuseWithCounter = "Reuse of tokens is not a meaningful parameter in counter-based mode";

    private static EnrolmentFlags With(EnrolmentFlags flags, Option option, string argument)
    {
        int? number = Range(option) is (int least, int most) ? Number(argument, least, most) : null;
        return option.Name switch
        {
            "counter-based" => flags with { Mode = OtpMode.Hotp },
            "time-based" => flags with { Mode = OtpMode.Totp },
            "no-confirm" => flags with { NoConfirm = true },
            "disallow-reuse" => flags with { DisallowReuse = true },
            "allow-reuse" => flags with { DisallowReuse = false },
            "force" => flags with { Force = true },
            "label" => flags with { Label = argument },
            "issuer" => flags with { Issuer = argument },
            "quiet" => flags with { Quiet = true },
            "qr-mode" => flags with { QrMode = QrModeNames.TryParse(argument, out QrMode mode) ? mode : QrMode.Unset },
            "rate-limit" => flags with { RateTries = number },
            "rate-time" => flags with { RateSeconds = number },
            "no-rate-limit" => flags with { NoRateLimit = true },
            "secret" => flags with { File = argument },
            "step-size" => flags with { StepSeconds = number },
            "window-size" => flags with { Window = number },
            "minimal-window" => flags with { MinimalWindow = true },
            "emergency-codes" => flags with { RecoveryCodes = number },
            HomeFile => flags with { HomeFile = true },
            "user" => flags with { User = argument },
            "digits" => flags with { Digits = argument },
            "algorithm" => flags with { Algorithm = argument },
            "socket" => flags with { Call = flags.Call with { Socket = argument } },
            "config" => flags with { Call = flags.Call with { Configuration = argument } },
            _ => throw new InvalidOperationException($"no meaning for --{option.Name}"),
        };
    }

    private static (int Least, int Most)? Range(Option option) => option.Name switch
    {
        "rate-limit" => (1, 10),
        "rate-time" => (15, 600),
        "step-size" => (1, 60),
        "window-size" => (1, 21),
        "emergency-codes" => (0, 10),
        _ => null,
    };

    /// <summary>As strtol(3) reads a whole argument: white space and a sign before the digits, nothing after.</summary>
    private static int? Number(string text, int least, int most) =>
        long.TryParse(text, NumberStyles.AllowLeadingWhite | NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture, out long number)
        && number >= least && number <= most
            ? (int)number
            : null;
}
