using System.CommandLine;
using Sallyport.Server.Hosting;

namespace Sallyport.Server.Commands;

/// <summary>sallyport-server and its commands. 0: done; 1: refused or failed, in words; 64: not understood.</summary>
internal static class CommandLine
{
    public const int Failed = 1;
    public const int UsageError = 64; // sysexits.h, EX_USAGE

    public static async Task<int> RunAsync(string[] args)
    {
        ParseResult result = Create().Parse(args);
        if (result.Errors.Count > 0)
        {
            Console.Error.WriteLine($"sallyport-server: {result.Errors[0].Message}");
            return UsageError;
        }

        try
        {
            return await result.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception refused) when (refused is SettingsException or IOException)
        {
            Console.Error.WriteLine($"sallyport-server: {refused.Message}");
            return Failed;
        }
    }

    private static RootCommand Create()
    {
        var options = new SettingsOptions();
        var root = new RootCommand("Sallyport's server: second factors for ssh, for hosts that speak Duo's protocol.")
        {
            ServeCommand.Create(options),
        };
        options.AddDataTo(root);
        options.AddTo(root);
        root.SetAction((result, cancellationToken) => ServeCommand.RunAsync(options.Read(result), cancellationToken));
        return root;
    }
}
