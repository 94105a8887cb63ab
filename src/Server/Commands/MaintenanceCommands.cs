using System.CommandLine;
using Sallyport.Server.Hosting;
using Sallyport.Server.Maintenance;

namespace Sallyport.Server.Commands;

/// <summary>backup, restore, check.</summary>
internal static class MaintenanceCommands
{
    public static Command CreateBackup(SettingsOptions options)
    {
        var file = new Argument<string>("file") { Description = "must not be there yet" };
        var command = new Command("backup", "Write the whole database into one file; serve may run meanwhile.")
        {
            file,
        };
        options.Set<Backup>(command, async (backup, result, cancellationToken) =>
        {
            BackupResult done = await backup.RunAsync(result.GetRequiredValue(file), cancellationToken);
            await result.Out().WriteLineAsync($"{done.Rows} rows. The keys are not in it: keep a copy of "
                + $"{Path.Combine(options.Enter(result), "keys")} apart from it, or it cannot be restored.");
        });
        return command;
    }

    /// <summary>Into a folder that has nothing but the keys, with the settings that init would take.</summary>
    public static Command CreateRestore(SettingsOptions options)
    {
        var file = new Argument<string>("file");
        var command = new Command("restore", "Fill an empty database from a backup; the keys are in FOLDER/keys.")
        {
            file,
        };
        options.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ServerSettings settings = options.Read(result);
            DataFolder.Open(settings.DataFolder);
            await using ServiceProvider services = options.Services(settings);
            RestoreResult done = await services.GetRequiredService<Restore>()
                .RunAsync(result.GetRequiredValue(file), cancellationToken);
            services.GetRequiredService<ServerCertificates>().Load();
            if (!SettingsFile.Exists(settings.DataFolder))
            {
                SettingsFile.Write(settings.DataFolder, options.Given(result));
            }

            await result.Out().WriteLineAsync(
                $"{done.Rows} rows. Bypass codes, invitations and passcodes from before are void.");
            if (done.TokensOutOfStep > 0)
            {
                await result.Out().WriteLineAsync($"Hardware tokens that are refused until their counter is known: "
                    + $"{done.TokensOutOfStep}. For each: sallyport-server device resync SERIAL PASSCODE PASSCODE");
            }

            return 0;
        });
        return command;
    }

    public static Command CreateCheck(SettingsOptions options)
    {
        var command = new Command("check", "Open everything once: settings, certificate, tables, keys, each secret. Writes nothing.");
        command.SetAction(async (result, cancellationToken) =>
        {
            await using ServiceProvider services = options.Services(options.Kept(result));
            CheckResult found = await services.GetRequiredService<Check>().RunAsync(cancellationToken);
            List<string> problems = [.. found.Problems];
            if (services.GetRequiredService<ServerCertificates>().Problem() is string problem)
            {
                problems.Add(problem);
            }

            foreach (string line in problems)
            {
                await result.Out().WriteLineAsync(line);
            }

            return problems.Count > 0
                ? throw new Refusal($"{problems.Count} {(problems.Count == 1 ? "problem" : "problems")}")
                : await SayAsync(result, $"All is well; {found.Secrets} secrets were opened.");
        });
        return command;
    }

    private static async Task<int> SayAsync(ParseResult result, string text)
    {
        await result.Out().WriteLineAsync(text);
        return 0;
    }
}
