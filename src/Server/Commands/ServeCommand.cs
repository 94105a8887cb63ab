using System.CommandLine;
using Sallyport.Server.Hosting;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Commands;

/// <summary>serve: answer hosts until told to stop. On an empty folder it does first what init does.</summary>
internal static class ServeCommand
{
    public static Command Create(SettingsOptions options)
    {
        var command = new Command("serve", "Answer hosts until told to stop; what runs when no command is given.");
        options.AddTo(command);
        SetAction(command, options);
        return command;
    }

    public static void SetAction(Command command, SettingsOptions options) =>
        command.SetAction(async (result, cancellationToken) =>
        {
            ServerSettings settings = options.Read(result);
            if (!SettingsFile.Exists(settings.DataFolder))
            {
                await InitCommand.RunAsync(options, settings, result, cancellationToken);
            }

            await using WebApplication app = ServerApplication.Build(settings);
            await app.Services.GetRequiredService<Database>().OpenAsync(cancellationToken);
            app.Services.GetRequiredService<ListenSockets>().Bind(SystemdSockets.Take());
            if (Account.Self == 0)
            {
                Hosting.Log.RunsAsRoot(app.Logger, settings.DataFolder, FolderOwner.ServerAccount);
            }

            await app.RunAsync(cancellationToken);
            return 0;
        });
}
