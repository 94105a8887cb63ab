using System.CommandLine;
using System.Net;
using Sallyport.Server.Hosting;

namespace Sallyport.Server.Commands;

/// <summary>The settings as options.</summary>
internal sealed class SettingsOptions
{
    private readonly Option<string> _data = new("--data") { HelpName = "FOLDER", DefaultValueFactory = _ => ServerSettings.DefaultDataFolder, Recursive = true };
    private readonly Option<string> _publicHost = new("--public-host") { HelpName = "NAME[:PORT]", DefaultValueFactory = _ => "localhost:8443", Recursive = true };
    private readonly Option<string[]> _listen = new("--listen") { HelpName = "ADDRESS:PORT", Recursive = true };
    private readonly Option<string?> _postgres = new("--postgres") { HelpName = "CONNECTION", Recursive = true };

    public void AddTo(Command command)
    {
        command.Add(_data);
        command.Add(_publicHost);
        command.Add(_listen);
        command.Add(_postgres);
    }

    public ServerSettings Read(ParseResult result) => new()
    {
        DataFolder = result.GetRequiredValue(_data),
        Postgres = result.GetValue(_postgres),
        PublicHost = PublicHost.TryParse(result.GetRequiredValue(_publicHost), out PublicHost? host)
            ? host
            : throw new SettingsException("--public-host: NAME or NAME:PORT"),
        Listen = [.. (result.GetValue(_listen) ?? []).Select(text => IPEndPoint.TryParse(text, out IPEndPoint? endpoint)
            ? endpoint
            : throw new SettingsException($"--listen {text}: ADDRESS:PORT"))],
    };
}
