using System.CommandLine;
using Sallyport.Server.Commands;
using Sallyport.Server.Hosting;

var options = new SettingsOptions();
var root = new RootCommand("Sallyport's server: second factors for ssh, for hosts that speak Duo's protocol.")
{
    ServeCommand.Create(options),
};
options.AddTo(root);
root.SetAction((result, cancellationToken) => ServeCommand.RunAsync(options.Read(result), cancellationToken));

try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (SettingsException unusable)
{
    Console.Error.WriteLine($"sallyport-server: {unusable.Message}");
    return 1;
}
