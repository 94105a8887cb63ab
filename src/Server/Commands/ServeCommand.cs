using System.CommandLine;
using Sallyport.Server.Hosting;

namespace Sallyport.Server.Commands;

/// <summary>serve: answer hosts until told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create(SettingsOptions options)
    {
        var command = new Command("serve", "Answer hosts until told to stop. What runs when no command is given.");
        options.AddTo(command);
        command.SetAction((result, cancellationToken) => RunAsync(options.Read(result), cancellationToken));
        return command;
    }

    public static async Task<int> RunAsync(ServerSettings settings, CancellationToken cancellationToken)
    {
        await using WebApplication app = ServerApplication.Build(settings);
        await app.RunAsync(cancellationToken);
        return 0;
    }
}
