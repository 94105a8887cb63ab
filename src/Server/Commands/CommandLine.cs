using System.CommandLine;
using System.Data.Common;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Hosting;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Commands;

/// <summary>sallyport-server and its commands. 0: done; 1: refused or failed, in words; 64: not understood.</summary>
internal static class CommandLine
{
    public const int Failed = 1;
    public const int UsageError = 64; // sysexits.h, EX_USAGE

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var options = new SettingsOptions();
        ParseResult result = Create(options).Parse(args);
        if (result.Errors.Count > 0)
        {
            await error.WriteLineAsync($"sallyport-server: {result.Errors[0].Message}");
            return UsageError;
        }

        try
        {
            return await result.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = error });
        }
        catch (Exception refused) when (IsSaid(refused))
        {
            Exception said = refused.InnerException as DbException ?? refused;
            await error.WriteLineAsync($"sallyport-server: {said.Message}{AsWhom(refused, options.Became)}");
            return Failed;
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("sallyport-server: interrupted; what was not yet done was not done");
            return Failed;
        }
        catch (InvalidOperationException away) when (away.InnerException is DbException or TimeoutException)
        {
            await error.WriteLineAsync($"sallyport-server: the database does not answer: {away.InnerException.Message}");
            return Failed;
        }
    }

    // What the world can do to a command. EF Core wraps what the database says, and, in another exception, that it is away.
    private static bool IsSaid(Exception failure) => failure is Refusal or SettingsException or StorageException
        or IOException or CryptographicException or InvalidDataException or UnauthorizedAccessException or SocketException or DbException
        or DbUpdateException or TimeoutException;

    // Root is not used to being denied.
    private static string AsWhom(Exception refused, string? became) =>
        became is not null
        && (refused is UnauthorizedAccessException || refused.InnerException is UnauthorizedAccessException)
            ? $" It is opened as {became}, to whom the data folder belongs."
            : "";

    private static RootCommand Create(SettingsOptions options)
    {
        var root = new RootCommand("Sallyport's server: second factors for ssh, for hosts that speak Duo's protocol.")
        {
            ServeCommand.Create(options),
            InitCommand.Create(options),
            InitCommand.CreateMigrate(options),
            InitCommand.CreateCa(options),
            ApplicationCommands.Create(options),
            UserCommands.Create(options),
            UserCommands.CreateBypassCode(options),
            DeviceCommands.Create(options),
            AuditCommands.Create(options),
            ApprovalCommands.CreateShow(options),
            ApprovalCommands.CreateVerify(),
            MaintenanceCommands.CreateBackup(options),
            MaintenanceCommands.CreateRestore(options),
            MaintenanceCommands.CreateCheck(options),
        };
        options.AddDataTo(root);
        options.AddTo(root);
        ServeCommand.SetAction(root, options);
        return root;
    }
}
