using System.CommandLine;
using Sallyport.Server.Hosting;

namespace Sallyport.Server.Commands;

/// <summary>
/// The settings as options. Those of <c>init</c> are kept in the data folder; those of <c>serve</c> take the place of
/// the kept ones while it runs.
/// </summary>
internal sealed class SettingsOptions
{
    private readonly Option<string> _data = new("--data")
    {
        HelpName = "FOLDER",
        Description = "where database, keys and certificates are",
        DefaultValueFactory = _ => ServerSettings.DefaultDataFolder,
        Recursive = true,
    };

    private readonly Option<string[]>[] _settings =
    [
        Setting("public-host", "NAME[:PORT]", "what hosts write behind 'host =' (port: 443)"),
        Setting("listen", "ADDRESS:PORT", "where to listen; may be repeated (127.0.0.1, at the public host's port)"),
        Setting("postgres", "CONNECTION", "PostgreSQL instead of SQLite; ps shows it: better --postgres-file"),
        Setting("postgres-file", "FILE", "the file that has the connection string"),
        Setting("certificate", "FILE", "certificate and chain, PEM (one by the private CA)"),
        Setting("certificate-key", "FILE", "its key, PEM"),
        Setting("trusted-proxy", "ADDRESS|CIDR", "whose X-Forwarded-For is believed; may be repeated (nobody's)"),
        Setting("log", "text|json", "how the log is written (text)"),
        Setting("metrics", "127.0.0.1:PORT", "where Prometheus reads metrics, loopback only (nowhere)"),
        Setting("otlp", "URL", "a collector that traces and metrics are sent to, OTLP over HTTP (none)"),
    ];

    // To measure what re-arming TCP_QUICKACK is worth; no setting, because nobody wants it off.
    private readonly Option<bool> _noQuickAck = new("--no-quickack") { Hidden = true };

    /// <summary>For every command.</summary>
    public void AddDataTo(Command root) => root.Add(_data);

    public void AddTo(Command command)
    {
        foreach (Option option in _settings)
        {
            command.Add(option);
        }

        command.Add(_noQuickAck);
    }

    /// <summary>Who gave the command; asked before the process becomes somebody else.</summary>
    public string Caller { get; } = Account.Caller();

    /// <summary>The account that the process became, because the data folder is its.</summary>
    public string? Became { get; private set; }

    /// <summary>As the account that the data folder belongs to. Before anything in it is opened.</summary>
    /// <param name="make">Where there is none yet, it is made.</param>
    public string Enter(ParseResult result, bool make = false)
    {
        string folder = result.GetRequiredValue(_data);
        if (make)
        {
            FolderOwner.Make(folder);
        }

        Became ??= FolderOwner.Become(folder);
        return folder;
    }

    /// <summary>What was given on the command line.</summary>
    public IReadOnlyList<Setting> Given(ParseResult result) =>
    [
        .. from option in _settings
           from value in result.GetResult(option) is null ? [] : result.GetValue(option) ?? []
           select new Setting(option.Name[2..], value, option.Name),
    ];

    /// <summary>The kept settings, and over them what was given on the command line.</summary>
    public ServerSettings Read(ParseResult result)
    {
        string folder = Enter(result, make: true);
        IReadOnlyList<Setting> given = Given(result);
        IReadOnlyList<Setting> kept = SettingsFile.Exists(folder) ? SettingsFile.Read(folder) : [];
        ServerSettings settings = ServerSettings.Parse(
            folder, [.. kept.Where(setting => given.All(other => other.Key != setting.Key)), .. given]);
        return settings with { QuickAck = !result.GetValue(_noQuickAck) };
    }

    private static Option<string[]> Setting(string key, string value, string description) => new("--" + key)
    {
        HelpName = value,
        Description = description,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };
}
