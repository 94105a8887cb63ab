using System.CommandLine;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;

namespace Sallyport.Server.Commands;

/// <summary>device add-phone|add-totp|add-hotp|assign|resync|list|remove.</summary>
internal static class DeviceCommands
{
    private const int LongestSecret = 1024;

    public static Command Create(SettingsOptions options) => new(
        "device", "What a user proves himself with: phones, apps and hardware tokens.")
    {
        PhoneCommand.Create(options), AddTotp(options), AddHotp(options), Assign(options), Resync(options),
        List(options), Remove(options),
    };

    private static Command AddTotp(SettingsOptions options)
    {
        var user = new Argument<string>("user");
        var name = new Option<string?>("--name") { HelpName = "NAME", Description = "what the user calls it" };
        Option<string?> secret = SecretOption("base32, of an app that he has already (a new one)");
        var command = new Command("add-totp", "Add an authenticator app, and show its key URI.") { user, name, secret };
        options.Set<AddTotpDevice>(command, async (add, result, cancellationToken) =>
        {
            var request = new AddTotpDeviceRequest(result.GetRequiredValue(user))
            {
                Secret = await ReadSecretAsync(result.GetValue(secret), cancellationToken),
            };
            request = result.GetValue(name) is string called ? request with { Name = called } : request;
            AddTotpDeviceResult.Added added = await add.RunAsync(request, cancellationToken) switch
            {
                AddTotpDeviceResult.Added done => done,
                AddTotpDeviceResult.UnknownUser => throw UserCommands.Unknown(),
                AddTotpDeviceResult.Invalid invalid => throw new Refusal(invalid.What),
                _ => throw new Refusal("it was not added"),
            };
            await result.Out().WriteLineAsync(
                $"Added: {added.DeviceKey}\nKey URI, shown only now: {added.Uri.Expose()}");
        });
        return command;
    }

    private static Command AddHotp(SettingsOptions options)
    {
        var serial = new Argument<string>("serial") { Description = "what stands on it" };
        Option<string?> secret = SecretOption("hexadecimal, as its maker sends it");
        secret.Required = true;
        var user = new Option<string?>("--user") { HelpName = "NAME", Description = "who has it (nobody yet)" };
        var counter = new Option<long>("--counter") { HelpName = "N", Description = "the next counter (0)" };
        Option<int> digits = Words.NumberOption("--digits", "6 to 8", 6);
        var command = new Command("add-hotp", "Add a hardware token.") { serial, secret, user, counter, digits };
        options.Set<AddHotpDevice>(command, async (add, result, cancellationToken) =>
        {
            string hex = await ReadSecretAsync(result.GetValue(secret), cancellationToken) ?? "";
            var request = new AddHotpDeviceRequest(result.GetRequiredValue(serial), hex)
            {
                User = result.GetValue(user),
                Counter = result.GetValue(counter),
                Digits = result.GetValue(digits),
            };
            AddHotpDeviceResult.Added added = await add.RunAsync(request, cancellationToken) switch
            {
                AddHotpDeviceResult.Added done => done,
                AddHotpDeviceResult.UnknownUser => throw UserCommands.Unknown(),
                AddHotpDeviceResult.SerialTaken => throw new Refusal("there is a token with that serial"),
                AddHotpDeviceResult.Invalid invalid => throw new Refusal(invalid.What),
                _ => throw new Refusal("it was not added"),
            };
            await result.Out().WriteLineAsync($"Added: {added.DeviceKey}");
        });
        return command;
    }

    private static Command Assign(SettingsOptions options)
    {
        var device = new Argument<string>("device") { Description = "its key or its serial" };
        var user = new Option<string?>("--user") { HelpName = "NAME", Description = "who gets it (it is taken back)" };
        var command = new Command("assign", "Give a hardware token to a user, or take it back.") { device, user };
        options.Set<AssignDevice>(command, async (assign, result, cancellationToken) =>
        {
            string? name = result.GetValue(user);
            string said = await assign.RunAsync(result.GetRequiredValue(device), name, cancellationToken) switch
            {
                AssignDeviceResult.Assigned => name is null ? "Taken back." : "Given.",
                AssignDeviceResult.UnknownDevice => throw Unknown(),
                AssignDeviceResult.UnknownUser => throw UserCommands.Unknown(),
                AssignDeviceResult.SomebodyHasIt => throw new Refusal("somebody has it; take it back first"),
                AssignDeviceResult.NoHardwareToken =>
                    throw new Refusal("only a hardware token goes from one to another"),
                _ => throw new Refusal("it was not given"),
            };
            await result.Out().WriteLineAsync(said);
        });
        return command;
    }

    private static Command Resync(SettingsOptions options)
    {
        var device = new Argument<string>("device") { Description = "its key or its serial" };
        var first = new Argument<string>("first") { Description = "a passcode that it shows now" };
        var second = new Argument<string>("second") { Description = "the next one that it shows" };
        var command = new Command(
            "resync", "Learn from two passcodes in a row where a hardware token stands.") { device, first, second };
        options.Set<ResyncDevice>(command, async (resync, result, cancellationToken) =>
        {
            string said = await resync.RunAsync(
                result.GetRequiredValue(device),
                result.GetRequiredValue(first),
                result.GetRequiredValue(second),
                cancellationToken) switch
            {
                ResyncDeviceResult.InStep => "In step. Both passcodes are used up; the next one is good.",
                ResyncDeviceResult.UnknownDevice => throw Unknown(),
                ResyncDeviceResult.NoHardwareToken => throw new Refusal("only a hardware token has a counter"),
                ResyncDeviceResult.NoPasscodes =>
                    throw new Refusal("these are not two passcodes of as many digits as it shows"),
                ResyncDeviceResult.NotFound => throw new Refusal(
                    $"these are not two in a row among the {ResyncDevice.Window} that come next; press it again, twice"),
                _ => throw new Refusal("it is as before"),
            };
            await result.Out().WriteLineAsync(said);
        });
        return command;
    }

    private static Command List(SettingsOptions options)
    {
        var user = new Argument<string?>("user") { Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("list", "A user's devices; without a user, the hardware tokens that nobody has.")
        {
            user,
        };
        options.Set<ListDevices>(command, async (list, result, cancellationToken) =>
        {
            List<string[]> rows = [["KEY", "KIND", "NAME", "SERIAL", "ADDED"]];
            foreach (DeviceRow row in await list.RunAsync(result.GetValue(user), cancellationToken)
                ?? throw UserCommands.Unknown())
            {
                rows.Add([row.Key, Kind(row), Words.OrDash(row.Name), row.Serial ?? "-", Words.Utc(row.CreatedAt)]);
            }

            await Words.WriteTableAsync(result.Out(), rows);
        });
        return command;
    }

    private static string Kind(DeviceRow row) => row.Kind switch
    {
        DeviceKind.Phone => row.IsTerminal ? "phone, terminal" : "phone",
        DeviceKind.Hotp => row.OutOfStep ? "hotp, out of step" : "hotp",
        _ => "totp",
    };

    private static Command Remove(SettingsOptions options)
    {
        var device = new Argument<string>("device") { Description = "its key or its serial" };
        var command = new Command("remove", "Remove a device with its secret.") { device };
        options.Set<RemoveDevice>(command, async (remove, result, cancellationToken) =>
        {
            if (!await remove.RunAsync(result.GetRequiredValue(device), cancellationToken))
            {
                throw Unknown();
            }

            await result.Out().WriteLineAsync("Removed.");
        });
        return command;
    }

    // From a file or standard input: ps shows command lines to everybody on the machine.
    private static Option<string?> SecretOption(string what) => new("--secret-file")
    {
        HelpName = "FILE",
        Description = $"the file with its secret, {what}; -: standard input",
    };

    private static async Task<string?> ReadSecretAsync(string? file, CancellationToken cancellationToken)
    {
        if (file is null)
        {
            return null;
        }

        using TextReader reader = file == "-" ? Console.In : new StreamReader(file);
        char[] text = new char[LongestSecret];
        int read = await reader.ReadBlockAsync(text, cancellationToken);
        return new string(text, 0, read).Trim();
    }

    private static Refusal Unknown() => new("there is no such device; 'device list' has them");
}
