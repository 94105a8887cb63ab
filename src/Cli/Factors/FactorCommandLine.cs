using System.Globalization;
using Sallyport.Cli.HomeFile;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Qr;
using Sallyport.Protocol;

namespace Sallyport.Cli.Factors;

/// <summary>The command lines of codes, status and invite, and what enroll sends to the agent.</summary>
internal static class FactorCommandLine
{
    private static readonly Option[] _common =
        [new('h', "help", false), new('\0', "user", true), new('\0', "socket", true), new('\0', "config", true)];

    private static readonly Option[] _codes = [.. _common, new('n', "count", true)];

    private static readonly Option[] _status = [.. _common, new('\0', "all", false)];

    private static readonly Option[] _invite = [.. _common, new('\0', "replace", false), new('\0', "expires", true)];

    /// <param name="command">codes, status or invite.</param>
    /// <param name="words">What stands behind it.</param>
    public static int Run(string command, IReadOnlyList<string> words)
    {
        string program = $"sallyport {command}";
        Option[] known = command switch { "codes" => _codes, "invite" => _invite, _ => _status };
        GetOpt options = new(program, words, known, anywhere: true);
        var call = new CallOptions();
        string? user = null;
        bool all = false;
        List<string> arguments = [];
        while (options.TryNext(out Option? option, out string value))
        {
            switch (option.Name)
            {
                case "help":
                    Screen.Write(SallyportHelp.For(command));
                    return 0;
                case "user":
                    user = value;
                    break;
                case "socket":
                    call = call with { Socket = value };
                    break;
                case "config":
                    call = call with { Configuration = value };
                    break;
                case "all":
                    all = true;
                    break;
                case "count":
                    arguments.Add($"recovery-codes={value}");
                    break;
                case "expires" when FactorCommand.Seconds(value) is string seconds:
                    arguments.Add($"expires={seconds}");
                    break;
                case "expires":
                    return Wrong(command, $"{program}: --expires takes 60s to 90d, such as 48h");
                default:
                    arguments.Add(option.Name);
                    break;
            }
        }

        string[] rest = [.. options.Rest];
        user ??= rest.FirstOrDefault();
        return options.Error is string error ? Wrong(command, error)
            : rest.Length > 1 ? Wrong(command, $"{program}: unexpected argument '{rest[1]}'")
            : all ? user is null ? StatusOfAll.Run(call.Configuration) : Wrong(command, $"{program}: an account, or --all")
            : command == "invite" && user is null ? Wrong(command, "sallyport invite: whom?")
            : FactorCommand.Run(command, user, arguments, call, QrMode.Unset);
    }

    /// <summary>Enrolment in the root-only store.</summary>
    public static int Enrol(EnrolmentFlags flags)
    {
        if (flags.Quiet || flags.File is not null)
        {
            Screen.WriteError($"{(flags.Quiet ? "-q" : "-s")} is for files only: give --home-file with it");
            return SallyportHelp.UsageError;
        }

        return FactorCommand.Run("enrol", flags.User, Arguments(flags), flags.Call, flags.QrMode);
    }

    private static List<string> Arguments(EnrolmentFlags flags)
    {
        List<string> arguments = [];
        Add(flags.Mode is not OtpMode.None, flags.Mode is OtpMode.Hotp ? "mode=hotp" : "mode=totp");
        Add(flags.NoConfirm, "no-confirm");
        Add(flags.Force, "force");
        Add(flags.DisallowReuse is not null, flags.DisallowReuse is true ? "reuse=refuse" : "reuse=allow");
        Add(flags.Label is not null, $"label={flags.Label}");
        Add(flags.Issuer is not null, $"issuer={flags.Issuer}");
        Add(flags.NoRateLimit, "limit=off");
        Add(flags.RateTries is not null, Invariant($"limit={flags.RateTries}/{flags.RateSeconds}"));
        Add(flags.StepSeconds is not null, Invariant($"period={flags.StepSeconds}"));
        Add(flags.MinimalWindow, flags.Mode is OtpMode.Hotp ? "window=1" : "window=3");
        Add(flags.Window is not null, Invariant($"window={flags.Window}"));
        Add(flags.RecoveryCodes is not null, Invariant($"recovery-codes={flags.RecoveryCodes}"));
        Add(flags.Digits is not null, $"digits={flags.Digits}");
        Add(flags.Algorithm is not null, $"algorithm={flags.Algorithm}");
        return arguments;

        void Add(bool wanted, string argument)
        {
            if (wanted)
            {
                arguments.Add(argument);
            }
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static int Wrong(string command, string message)
    {
        Screen.WriteError($"{message}\n{SallyportHelp.For(command).TrimEnd()}");
        return SallyportHelp.UsageError;
    }
}
