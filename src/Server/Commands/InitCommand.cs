using System.CommandLine;
using Sallyport.Server.Hosting;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Commands;

/// <summary>
/// init: from an empty folder to a server that can be served. migrate: a newer program over an older database.
/// </summary>
internal static class InitCommand
{
    public static Command Create(SettingsOptions options)
    {
        var command = new Command("init", "Set a server up: settings, database, keys, private CA.");
        options.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            if (SettingsFile.Exists(options.DataFolder(result)))
            {
                string file = SettingsFile.In(options.DataFolder(result));
                throw new Refusal($"a server was set up there: its settings are in {file}");
            }

            await RunAsync(options.Read(result), options.Given(result), result.Out(), cancellationToken);
            return 0;
        });
        return command;
    }

    public static Command CreateMigrate(SettingsOptions options)
    {
        var command = new Command("migrate", "Bring the database's tables up to this program's; serve does not.");
        options.Set<Database>(command, async (database, result, cancellationToken) =>
        {
            await database.MigrateAsync(cancellationToken);
            await result.Out().WriteLineAsync("The tables are up to date.");
        });
        return command;
    }

    /// <summary>The settings come last: where they are, all else is.</summary>
    public static async Task RunAsync(
        ServerSettings settings, IReadOnlyList<Setting> given, TextWriter output, CancellationToken cancellationToken)
    {
        DataFolder.Open(settings.DataFolder);
        await using (ServiceProvider services = Administration.Services(settings))
        {
            await services.GetRequiredService<Database>().InitAsync(cancellationToken);
            services.GetRequiredService<ServerCertificates>().Load();
        }

        SettingsFile.Write(settings.DataFolder, given);
        await output.WriteLineAsync(
            $"Set up in {settings.DataFolder} for hosts that write: host = {settings.PublicHost}");
        if (settings.Certificate is null)
        {
            await output.WriteLineAsync($"Hosts need the CA's certificate (cafile): {new LeafFiles(settings).Ca}");
        }

        await output.WriteLineAsync($"Keep a copy of {Path.Combine(settings.DataFolder, "keys")} apart from backups: "
            + "without it a backup is worth nothing.");
    }
}
