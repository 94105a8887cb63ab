using System.CommandLine;
using Sallyport.Server.Applications;
using Sallyport.Server.Users;

namespace Sallyport.Server.Commands;

/// <summary>application set and user set: what is not said stays as it is.</summary>
internal static class SetCommands
{
    public static Command CreateOfApplication(SettingsOptions options)
    {
        var name = new Argument<string>("name") { Description = "its name or its integration key" };
        var rename = new Option<string?>("--rename") { HelpName = "NAME", Description = "its name from now on" };
        Option<YesNo?> legacy = Words.YesNoOption(
            "--legacy-clients", "whether it takes signatures without a date");
        Option<string[]> groups = Words.ListOption("--groups", "GROUP", "only who is in one of these, and no others");
        groups.AllowMultipleArgumentsPerToken = true;
        var everybody = new Option<bool>("--everybody") { Description = "whoever, whatever groups he is in" };
        Option<string[]> factors = Words.ListOption("--factors", "FACTOR", "passcode, push, bypass, or all");
        factors.AllowMultipleArgumentsPerToken = true;
        Option<UsernameNormalization?> usernames = Words.UsernamesOption();
        Option<string[]> networks = Words.ListOption(
            "--trusted-network",
            "CIDR",
            "no second factor from there, and from nowhere else; may be repeated; or none");
        Option<DateTimeOffset?> enrol = Words.DateOption(
            "--enrol-until", "who is unknown may enrol, to the end of that day", never: true);
        Option<NumberMatching?> number = Words.NumberMatchingOption();
        Option<YesNo?> terminals = Words.TerminalDevicesOption();
        var command = new Command("set", "Change an application. What is not said stays as it is.")
        {
            name, rename, legacy, groups, everybody, factors, usernames, networks, enrol, number, terminals,
        };
        Words.Exclude(command, groups, everybody);
        options.Set<SetApplication>(command, async (set, result, cancellationToken) =>
        {
            DateTimeOffset? until = result.GetValue(enrol);
            var request = new SetApplicationRequest(result.GetRequiredValue(name))
            {
                Name = result.GetValue(rename),
                LegacyClients = Words.IsYes(result.GetValue(legacy)),
                AllowedGroups = result.GetValue(everybody) ? [] : Words.Given(result, groups),
                AllowedFactors = Words.Given(result, factors, nothing: "all"),
                Usernames = result.GetValue(usernames),
                TrustedNetworks = Words.Given(result, networks, nothing: "none"),
                Enrolment = until is null ? null : new(until == Words.Never ? null : until),
                NumberMatching = result.GetValue(number),
                TerminalDevices = Words.IsYes(result.GetValue(terminals)),
            };
            string done = await set.RunAsync(request, cancellationToken) switch
            {
                SetApplicationResult.Changed => "Changed.",
                SetApplicationResult.UnknownApplication => throw ApplicationCommands.Unknown(),
                SetApplicationResult.NameTaken => throw new Refusal("there is an application of that name"),
                SetApplicationResult.Invalid invalid => throw new Refusal(invalid.What),
                _ => throw new Refusal("it was not changed"),
            };
            await result.Out().WriteLineAsync(done);
        });
        return command;
    }

    public static Command CreateOfUser(SettingsOptions options)
    {
        var name = new Argument<string>("name");
        Option<string[]> aliases = Words.ListOption("--alias", "NAME", "one more name of his; may be repeated");
        Option<string[]> removed = Words.ListOption(
            "--remove-alias", "NAME", "no name of his any more; may be repeated");
        Option<string[]> groups = Words.ListOption("--groups", "GROUP", "groups that he is in, and no others");
        groups.AllowMultipleArgumentsPerToken = true;
        var none = new Option<bool>("--no-groups") { Description = "he is in none" };
        Option<YesNo?> bypass = Words.YesNoOption(
            "--bypass", "whether he is let in without a factor, which is audited each time");
        var command = new Command("set", "Change a user. What is not said stays as it is.")
        {
            name, aliases, removed, groups, none, bypass,
        };
        Words.Exclude(command, groups, none);
        options.Set<SetUser>(command, async (set, result, cancellationToken) =>
        {
            var request = new SetUserRequest(result.GetRequiredValue(name))
            {
                NewAliases = result.GetValue(aliases) ?? [],
                OldAliases = result.GetValue(removed) ?? [],
                Groups = result.GetValue(none) ? [] : Words.Given(result, groups),
                Bypass = Words.IsYes(result.GetValue(bypass)),
            };
            string done = await set.RunAsync(request, cancellationToken) switch
            {
                SetUserResult.Changed => "Changed.",
                SetUserResult.UnknownUser => throw UserCommands.Unknown(),
                SetUserResult.UserDisabled => throw new Refusal("he is disabled; user enable first"),
                SetUserResult.NameTaken => throw new Refusal("one of the names is taken"),
                SetUserResult.Invalid invalid => throw new Refusal(invalid.What),
                _ => throw new Refusal("he was not changed"),
            };
            await result.Out().WriteLineAsync(done);
        });
        return command;
    }
}
