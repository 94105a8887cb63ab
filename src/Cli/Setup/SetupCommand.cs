using Sallyport.Cli.HomeFile;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Configuration;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Setup;

/// <summary>The command line of sallyport setup.</summary>
internal static class SetupCommand
{
    private static readonly Option[] _options =
    [
        new('h', "help", false), new('\0', "ask", true), new('\0', "exempt", true), new('\0', "enrolment", true),
        new('\0', "after-enrolment", true), new('\0', "break-glass", true), new('\0', "root-owned-keys", false),
        new('\0', "bastion", false), new('\0', "hop-from", true), new('\0', "hop", true),
        new('\0', "force-command", false), new('\0', "yes", false), new('\0', "json", false), new('\0', "unconfirmed", false),
        new('\0', "from-this-host", false),
    ];

    public static int Run(IReadOnlyList<string> words)
    {
        GetOpt options = new("sallyport setup", words, _options, anywhere: true);
        var choices = new SetupChoices();
        HashSet<string> flags = [];
        string? wrong = null;
        while (options.TryNext(out Option? option, out string value))
        {
            if (option.Name == "help")
            {
                Screen.Write(SallyportHelp.For("setup"));
                return 0;
            }

            choices = With(choices, option.Name, value, ref wrong);
            flags.Add(option.Name);
        }

        string[] rest = [.. options.Rest];
        string verb = rest.FirstOrDefault("");
        wrong ??= options.Error ?? (rest.Length > 1 ? $"unexpected argument '{rest[1]}'" : null)
            ?? (verb is "" or "confirm" or "undo" or "status" or "plan" ? null : $"there is no 'setup {verb}'")
            ?? (verb is "confirm" or "undo" or "status"
                && flags.Except(["json", "unconfirmed", "from-this-host"]).FirstOrDefault() is string other
                ? $"--{other} is nothing for 'setup {verb}'" : null)
            ?? (flags.Contains("json") && verb is not ("plan" or "status") ? "--json goes with plan and status" : null)
            ?? (flags.Contains("unconfirmed") && verb != "undo" ? "--unconfirmed goes with undo" : null)
            ?? (flags.Contains("from-this-host") && verb != "confirm" && !flags.Contains("yes")
                ? "--from-this-host goes with confirm and with --yes" : null)
            ?? (flags.Contains("hop") && !flags.Contains("hop-from") ? "--hop wants --hop-from" : null)
            ?? (choices is { ForceCommand: true, Bastion: true }
                ? "--bastion lets connections through, which --force-command shuts: they begin before anybody is asked" : null);
        if (wrong is not null)
        {
            Screen.WriteError($"sallyport setup: {wrong.Replace("sallyport setup: ", "", StringComparison.Ordinal)}\n{SallyportHelp.For("setup").TrimEnd()}");
            return SallyportHelp.UsageError;
        }

        try
        {
            return Unistd.geteuid() != 0 ? throw new SetupRefused("only root can do that") : verb switch
            {
                "confirm" => ConfirmSetup.Run(flags.Contains("from-this-host")),
                "undo" => UndoSetup.Run(flags.Contains("unconfirmed")),
                "status" => ShowSetup.Status(flags.Contains("json")),
                "plan" => ShowSetup.Plan(choices, flags.Contains("json"), flags.Contains("yes")),
                _ => ApplySetup.Run(choices, flags.Contains("yes"), flags.Contains("from-this-host")),
            };
        }
        catch (Exception refused) when (refused is SetupRefused or IOException or ConfigurationException or UnauthorizedAccessException)
        {
            Screen.WriteError($"sallyport setup: {refused.Message}");
            return 1;
        }
    }

    private static SetupChoices With(SetupChoices choices, string name, string value, ref string? wrong)
    {
        string words = value.Replace(',', ' ');
        Exemption? exemption = name is "exempt" or "break-glass" ? SetupChoices.Exemption(value) : null;
        if (name is "exempt" or "break-glass" && exemption is null)
        {
            wrong ??= $"--{name}={value}: NAME:YYYY-MM-DD:REASON";
        }

        return name switch
        {
            "ask" => choices with { Ask = words },
            "enrolment" => choices with { Enrolment = value },
            "after-enrolment" => choices with { AfterEnrolment = value },
            "exempt" when exemption is not null => choices with { Exempt = [.. choices.Exempt, exemption] },
            "break-glass" => choices with { BreakGlass = exemption },
            "hop-from" => choices with { HopFrom = words },
            "hop" => choices with { Hop = value },
            "root-owned-keys" => choices with { RootOwnedKeys = true },
            "bastion" => choices with { Bastion = true },
            "force-command" => choices with { ForceCommand = true },
            _ => choices,
        };
    }
}
