using System.Net;
using System.Runtime.CompilerServices;
using Npgsql;

namespace Sallyport.Server.Hosting;

/// <summary>From words to values: all of them are good, or there are no settings.</summary>
internal sealed partial record ServerSettings
{
    /// <summary>Every key, in the order in which they are written down.</summary>
    public static readonly IReadOnlyList<string> Keys =
    [
        "public-host", "listen", "postgres", "postgres-file", "certificate", "certificate-key",
        "trusted-proxy", "log", "metrics", "otlp",
    ];

    private static readonly string[] _repeatable = ["listen", "trusted-proxy"];

    /// <exception cref="SettingsException">One of them is unknown, or has a value that means nothing.</exception>
    public static ServerSettings Parse(string dataFolder, IReadOnlyCollection<Setting> written)
    {
        if (!Path.IsPathFullyQualified(dataFolder))
        {
            throw new SettingsException($"--data {dataFolder}: not an absolute path");
        }

        foreach (Setting setting in written)
        {
            if (!Keys.Contains(setting.Key))
            {
                throw new SettingsException($"{setting.Origin}: unknown key '{setting.Key}'");
            }
        }

        if (written.GroupBy(setting => setting.Key).FirstOrDefault(same => same.Count() > 1
            && !_repeatable.Contains(same.Key)) is IGrouping<string, Setting> twice)
        {
            throw new SettingsException($"{twice.Last().Origin}: '{twice.Key}' is set twice");
        }

        ILookup<string, Setting> by = written.ToLookup(setting => setting.Key);
        Setting? One(string key) => by[key].SingleOrDefault();
        RequireTogether(One("certificate"), One("certificate-key"));
        return new ServerSettings
        {
            DataFolder = Path.TrimEndingDirectorySeparator(dataFolder),
            PublicHost = One("public-host") is Setting host
                ? HostIn(host)
                : throw new SettingsException(
                    "--public-host NAME[:PORT] is missing: what hosts write behind 'host =' in their configuration"),
            Listen = [.. by["listen"].Select(EndPointIn)],
            Postgres = PostgresIn(One("postgres"), One("postgres-file")),
            Certificate = PathIn(One("certificate")),
            CertificateKey = PathIn(One("certificate-key")),
            TrustedProxies = [.. by["trusted-proxy"].Select(NetworkIn)],
            Log = One("log") is Setting log ? LogIn(log) : LogFormat.Text,
            Metrics = One("metrics") is Setting metrics ? LoopbackIn(metrics) : null,
            Otlp = One("otlp") is Setting otlp ? CollectorIn(otlp) : null,
        };
    }

    private static PublicHost HostIn(Setting setting) =>
        PublicHost.TryParse(setting.Value, out PublicHost? host)
            ? host
            : throw setting.Bad("NAME or NAME:PORT, a DNS name or an IPv4 address");

    private static IPEndPoint EndPointIn(Setting setting) =>
        // TryParse takes an address without a port too, and then means port 0.
        IPEndPoint.TryParse(setting.Value, out IPEndPoint? endpoint) && endpoint.Port > 0
            ? endpoint
            : throw setting.Bad("ADDRESS:PORT, such as 0.0.0.0:443 or [::]:443");

    // Anybody who reaches them reads them: there is no password.
    private static IPEndPoint LoopbackIn(Setting setting) =>
        EndPointIn(setting) is { } endpoint && IPAddress.IsLoopback(endpoint.Address)
            ? endpoint
            : throw setting.Bad("not a loopback address: 127.0.0.1:PORT or [::1]:PORT");

    private static Uri CollectorIn(Setting setting) =>
        Uri.TryCreate(setting.Value, UriKind.Absolute, out Uri? collector)
        && (collector.Scheme == Uri.UriSchemeHttp || collector.Scheme == Uri.UriSchemeHttps)
        && collector.UserInfo.Length == 0 && collector.Query.Length == 0 && collector.Fragment.Length == 0
            ? collector
            : throw setting.Bad("a collector's address, such as http://127.0.0.1:4318");

    private static IPNetwork NetworkIn(Setting setting)
    {
        if (IPAddress.TryParse(setting.Value, out IPAddress? address) && address.ToString() == setting.Value)
        {
            return new IPNetwork(address, address.GetAddressBytes().Length * 8);
        }

        return IPNetwork.TryParse(setting.Value, out IPNetwork network) && network.PrefixLength > 0
            && network.ToString() == setting.Value // TryParse takes 192.0.2.1/24 too
            ? network
            : throw setting.Bad("an address, or a network such as 192.0.2.0/24");
    }

    private static LogFormat LogIn(Setting setting) => setting.Value switch
    {
        "text" => LogFormat.Text,
        "json" => LogFormat.Json,
        _ => throw setting.Bad("text or json"),
    };

    private static string? PathIn(Setting? setting) =>
        setting is null || Path.IsPathFullyQualified(setting.Value)
            ? setting?.Value
            : throw setting.Bad("not an absolute path");

    private static void RequireTogether(Setting? certificate, Setting? key)
    {
        if (certificate is null != key is null)
        {
            throw new SettingsException(
                $"{(certificate ?? key)!.Origin}: certificate and certificate-key go together");
        }
    }

    private static string? PostgresIn(Setting? connection, Setting? file)
    {
        if (connection is not null && file is not null)
        {
            throw new SettingsException($"{file.Origin}: postgres is set too");
        }

        if (file is not null)
        {
            connection = file with { Value = SecretFile(file) };
        }

        return connection is null ? null : PostgresIn(connection);
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // else Npgsql would be loaded where nobody speaks of PostgreSQL
    private static string PostgresIn(Setting connection)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connection.Value).ConnectionString;
        }
        catch (ArgumentException)
        {
            throw new SettingsException($"{connection.Origin}: no connection string of Npgsql: Host=…;Database=…;Username=…");
        }
    }

    private static string SecretFile(Setting setting)
    {
        string path = PathIn(setting)!;
        try
        {
            return (File.GetUnixFileMode(path) & Hosting.DataFolder.Others) == 0
                ? File.ReadAllText(path).Trim()
                : throw setting.Bad($"others may read it; chmod 0600 {path}");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw setting.Bad(unreadable.Message);
        }
    }
}
