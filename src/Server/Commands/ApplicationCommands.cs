using System.CommandLine;
using Sallyport.Server.Applications;
using Sallyport.Server.Hosting;

namespace Sallyport.Server.Commands;

/// <summary>application add|list|show|set|rotate|remove.</summary>
internal static class ApplicationCommands
{
    public static Command Create(SettingsOptions options) => new(
        "application", "What asks for second factors: a host, or a fleet.")
    {
        Add(options), List(options), Show(options), SetCommands.CreateOfApplication(options), Rotate(options),
        Remove(options),
    };

    private static Command Add(SettingsOptions options)
    {
        var name = new Argument<string>("name");
        var legacy = new Option<bool>("--legacy-clients")
        {
            Description = "take signatures without a date: login_duo before 2.0.4, so Debian 12's",
        };
        Option<string[]> groups = Words.ListOption("--groups", "GROUP", "only who is in one of these groups");
        groups.AllowMultipleArgumentsPerToken = true;
        Option<string[]> factors = Words.ListOption("--factors", "FACTOR", "passcode, push, bypass (all)");
        factors.AllowMultipleArgumentsPerToken = true;
        Option<UsernameNormalization?> usernames = Words.UsernamesOption();
        Option<string[]> networks = Words.ListOption(
            "--trusted-network", "CIDR", "no second factor from there; may be repeated");
        Option<DateTimeOffset?> enrol = Words.DateOption(
            "--enrol-until", "who is unknown may enrol, to the end of that day");
        Option<NumberMatching?> number = Words.NumberMatchingOption();
        Option<YesNo?> terminals = Words.TerminalDevicesOption();
        var command = new Command("add", "Add an application, and show its secret key.")
        {
            name, legacy, groups, factors, usernames, networks, enrol, number, terminals,
        };
        options.Set<AddApplication>(command, async (add, result, cancellationToken) =>
        {
            DateTimeOffset? until = result.GetValue(enrol);
            var request = new AddApplicationRequest(result.GetRequiredValue(name))
            {
                LegacyClients = result.GetValue(legacy),
                AllowedGroups = result.GetValue(groups) ?? [],
                AllowedFactors = result.GetValue(factors) ?? [],
                Usernames = result.GetValue(usernames) ?? UsernameNormalization.None,
                TrustedNetworks = result.GetValue(networks) ?? [],
                NewUsers = until is null ? NewUserPolicy.Deny : NewUserPolicy.Enrol,
                EnrolUntil = until,
                NumberMatching = result.GetValue(number) ?? NumberMatching.Never,
                TerminalDevices = result.GetValue(terminals) is YesNo.Yes,
            };
            AddApplicationResult.Added added = await add.RunAsync(request, cancellationToken) switch
            {
                AddApplicationResult.Added done => done,
                AddApplicationResult.NameTaken => throw new Refusal("there is an application of that name"),
                AddApplicationResult.Invalid invalid => throw new Refusal(invalid.What),
                _ => throw new Refusal("it was not added"),
            };
            await WriteKeysAsync(result, options.Kept(result), added.IntegrationKey, added.SecretKey);
        });
        return command;
    }

    private static Command List(SettingsOptions options)
    {
        var command = new Command("list", "All applications.");
        options.Set<ListApplications>(command, async (list, result, cancellationToken) =>
        {
            List<string[]> rows = [["NAME", "IKEY", "LEGACY", "ENROL UNTIL"]];
            foreach (ApplicationRow row in await list.RunAsync(cancellationToken))
            {
                rows.Add([row.Name, row.IntegrationKey, row.LegacyClients ? "yes" : "no", Words.Utc(row.EnrolUntil)]);
            }

            await Words.WriteTableAsync(result.Out(), rows);
        });
        return command;
    }

    private static Command Show(SettingsOptions options)
    {
        var name = new Argument<string>("name") { Description = "its name or its integration key" };
        var command = new Command("show", "One application, without its secret key.") { name };
        options.Set<ShowApplication>(command, async (show, result, cancellationToken) =>
        {
            ApplicationRow row = await show.RunAsync(result.GetRequiredValue(name), cancellationToken)
                ?? throw Unknown();
            await Words.WriteTableAsync(result.Out(),
            [
                ["name", row.Name],
                ["ikey", row.IntegrationKey],
                ["legacy clients", row.LegacyClients ? "yes" : "no"],
                ["enrol until", Words.Utc(row.EnrolUntil)],
                ["usernames", row.Usernames is UsernameNormalization.Simple ? "simple" : "exact"],
                .. Words.Lines("groups", row.AllowedGroups),
                .. Words.Lines("factors", row.AllowedFactors),
                .. Words.Lines("trusted networks", row.TrustedNetworks),
                ["number matching", Number(row.NumberMatching)],
                ["terminal devices", row.TerminalDevices ? "yes" : "no"],
                ["key before good until", Words.Utc(row.PreviousSecretKeyUntil)],
                ["added", Words.Utc(row.CreatedAt)],
            ]);
        });
        return command;
    }

    private static Command Rotate(SettingsOptions options)
    {
        var name = new Argument<string>("name") { Description = "its name or its integration key" };
        Option<TimeSpan?> grace = Words.TimeOption(
            "--grace", "how long the key before is good yet, 30d at most (not at all)");
        var command = new Command("rotate", "Give an application a new secret key, and show it.") { name, grace };
        options.Set<RotateSecretKey>(command, async (rotate, result, cancellationToken) =>
        {
            var request = new RotateSecretKeyRequest(result.GetRequiredValue(name))
            {
                Grace = result.GetValue(grace) ?? TimeSpan.Zero,
            };
            RotateSecretKeyResult.Rotated rotated = await rotate.RunAsync(request, cancellationToken) switch
            {
                RotateSecretKeyResult.Rotated done => done,
                RotateSecretKeyResult.UnknownApplication => throw Unknown(),
                RotateSecretKeyResult.Invalid invalid => throw new Refusal(invalid.What),
                _ => throw new Refusal("it was not rotated"),
            };
            await WriteKeysAsync(result, options.Kept(result), rotated.IntegrationKey, rotated.SecretKey);
            await result.Out().WriteLineAsync(rotated.PreviousUntil is null
                ? "The key before is good no longer."
                : $"The key before is good until {Words.Utc(rotated.PreviousUntil)}.");
        });
        return command;
    }

    private static Command Remove(SettingsOptions options)
    {
        var name = new Argument<string>("name") { Description = "its name or its integration key" };
        var command = new Command("remove", "Remove an application: its hosts are refused from then on.") { name };
        options.Set<RemoveApplication>(command, async (remove, result, cancellationToken) =>
        {
            if (!await remove.RunAsync(result.GetRequiredValue(name), cancellationToken))
            {
                throw Unknown();
            }

            await result.Out().WriteLineAsync("Removed.");
        });
        return command;
    }

    private static string Number(NumberMatching when) => when switch
    {
        NumberMatching.Never => "never",
        NumberMatching.NewSource => "new-source",
        _ => "always",
    };

    internal static Refusal Unknown() => new("there is no such application; 'application list' has them all");

    // Ready to be copied into login_duo.conf or pam_duo.conf. failmode: else who stops this server logs in with one
    // factor.
    private static async Task WriteKeysAsync(
        ParseResult result, ServerSettings settings, string integrationKey, NewSecretKey secretKey)
    {
        TextWriter output = result.Out();
        await output.WriteLineAsync(
            "; For login_duo.conf or pam_duo.conf of the host: in /etc/security where the package is the");
        await output.WriteLineAsync("; distribution's, in /etc/duo where it is Duo's. The skey is shown only now.");
        await output.WriteLineAsync("[duo]");
        await output.WriteLineAsync($"ikey = {integrationKey}");
        await output.WriteLineAsync($"skey = {secretKey.Expose()}");
        await output.WriteLineAsync($"host = {settings.PublicHost}");
        string authorities = settings.Certificate is null
            ? "/etc/duo/sallyport-ca.pem"
            : "/etc/ssl/certs/ca-certificates.crt";
        await output.WriteLineAsync($"cafile = {authorities}");
        await output.WriteLineAsync("failmode = secure");

        // Without cafile these clients know the CAs of Duo's own service, and not those of the host.
        await output.WriteLineAsync(settings.Certificate is null
            ? "; /etc/duo/sallyport-ca.pem on the host is what 'sallyport-server ca' prints"
            : "; cafile has the CA that issued the server's certificate; there must be a cafile");
    }
}
