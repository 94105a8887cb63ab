using System.CommandLine;
using Sallyport.Server.Hosting;

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
                await InitCommand.RunAsync(settings, options.Given(result), result.Out(), cancellationToken);
            }

            await using WebApplication app = ServerApplication.Build(settings);
            await RequireTablesAsync(app.Services, cancellationToken);
            await app.RunAsync(cancellationToken);
            return 0;
        });

    // A database that does not answer now may do so soon, and hosts are told; wrong tables stay wrong.
    private static async Task RequireTablesAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (await services.GetRequiredService<Readiness>().ProblemAsync(cancellationToken) is "migrations")
        {
            throw new Refusal("the database was made by an older program; run: sallyport-server migrate");
        }
    }
}
