using System.CommandLine;
using Sallyport.Server.Audit;
using Sallyport.Server.Hosting;

namespace Sallyport.Server.Commands;

/// <summary>Runs one use case of the server, in this process. A server that runs beside it sees it at once.</summary>
internal static class Administration
{
    extension(SettingsOptions options)
    {
        /// <summary>
        /// Gives <paramref name="command"/> what it does: asks for a <typeparamref name="T"/>, and runs it.
        /// </summary>
        public void Set<T>(Command command, Func<T, ParseResult, CancellationToken, Task> act)
            where T : notnull =>
            command.SetAction(async (result, cancellationToken) =>
            {
                await using ServiceProvider services = options.Services(options.Kept(result));
                await act(services.GetRequiredService<T>(), result, cancellationToken);
                return 0;
            });

        /// <summary>The settings of a server that was set up.</summary>
        public ServerSettings Kept(ParseResult result)
        {
            string folder = options.Enter(result);
            if (!SettingsFile.Exists(folder))
            {
                throw new Refusal($"no server was set up in {folder}; sallyport-server init --public-host NAME does "
                    + "that, --data FOLDER names another folder");
            }

            DataFolder.Open(folder);
            return ServerSettings.Parse(folder, SettingsFile.Read(folder));
        }

        public ServiceProvider Services(ServerSettings settings) => new ServiceCollection()
            .AddLogging()
            .AddSingleton(new Administrator(options.Caller))
            .AddSallyportServer(settings)
            .BuildServiceProvider();
    }

    /// <summary>Standard output, or what a test reads in its place.</summary>
    public static TextWriter Out(this ParseResult result) => result.InvocationConfiguration.Output;
}
