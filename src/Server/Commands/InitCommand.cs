using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Server.Hosting;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Commands;

/// <summary>
/// init: from an empty folder to a server that can be served. migrate: a newer program over an older database. ca: what
/// its hosts need.
/// </summary>
internal static class InitCommand
{
    public static Command Create(SettingsOptions options)
    {
        var command = new Command("init", "Set a server up: settings, database, keys, private CA.");
        options.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            string folder = options.Enter(result);
            if (SettingsFile.Exists(folder))
            {
                throw new Refusal($"a server was set up there: its settings are in {SettingsFile.In(folder)}");
            }

            await RunAsync(options, options.Read(result), result, cancellationToken);
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

    public static Command CreateCa(SettingsOptions options)
    {
        var command = new Command("ca", "Print the private CA's certificate, which hosts need as cafile.");
        command.SetAction(async (result, cancellationToken) =>
        {
            ServerSettings settings = options.Kept(result);
            if (settings.Certificate is string given)
            {
                throw new Refusal($"the private CA is not in use: the certificate is {given}, and hosts need its CA's");
            }

            // Through the reader: what is printed is a certificate, and never a key that was put in its place.
            using var authority = X509Certificate2.CreateFromPem(
                await File.ReadAllTextAsync(new LeafFiles(settings).Ca, cancellationToken));
            await result.Out().WriteLineAsync(authority.ExportCertificatePem());
            return 0;
        });
        return command;
    }

    /// <summary>The settings come last: where they are, all else is.</summary>
    public static async Task RunAsync(
        SettingsOptions options, ServerSettings settings, ParseResult result, CancellationToken cancellationToken)
    {
        DataFolder.Open(settings.DataFolder);
        await using (ServiceProvider services = options.Services(settings))
        {
            await services.GetRequiredService<Database>().InitAsync(cancellationToken);
            services.GetRequiredService<ServerCertificates>().Load();
        }

        SettingsFile.Write(settings.DataFolder, options.Given(result));
        TextWriter output = result.Out();
        await output.WriteLineAsync(
            $"Set up in {settings.DataFolder} for hosts that write: host = {settings.PublicHost}");
        if (settings.Certificate is null)
        {
            await output.WriteLineAsync(
                $"Hosts need the CA's certificate (cafile): {new LeafFiles(settings).Ca}, or sallyport-server ca");
        }

        await output.WriteLineAsync($"Keep a copy of {Path.Combine(settings.DataFolder, "keys")} apart from backups: "
            + "without it a backup is worth nothing.");
    }
}
