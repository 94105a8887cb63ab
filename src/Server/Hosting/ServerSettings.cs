using System.Net;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Hosting;

/// <summary>What an administrator says about this node. docs/reference/server-settings.md has every key.</summary>
internal sealed partial record ServerSettings
{
    public const string DefaultDataFolder = "/var/lib/sallyport-server";

    /// <summary>Database, keys and certificates; nobody but the server's own user may read it.</summary>
    public required string DataFolder { get; init; }

    /// <summary>A connection string of Npgsql; null: SQLite in the data folder.</summary>
    public string? Postgres { get; init; }

    /// <summary>What hosts write behind "host =": clients compare it with the certificate, capitals and all.</summary>
    public required PublicHost PublicHost { get; init; }

    /// <summary>Empty: loopback, at the public host's port.</summary>
    public IReadOnlyList<IPEndPoint> Listen { get; init; } = [];

    /// <summary>PEM file of a certificate and its chain; null: the private CA makes one.</summary>
    public string? Certificate { get; init; }

    /// <summary>PEM file of its key.</summary>
    public string? CertificateKey { get; init; }

    /// <summary>Whose X-Forwarded-For is believed; empty: nobody's.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    public LogFormat Log { get; init; } = LogFormat.Text;

    /// <summary>Where Prometheus reads metrics, a loopback address; null: nowhere.</summary>
    public IPEndPoint? Metrics { get; init; }

    /// <summary>A collector that takes OTLP over HTTP; null: nothing is sent.</summary>
    public Uri? Otlp { get; init; }

    /// <summary>Off only to measure what it is worth.</summary>
    public bool QuickAck { get; init; } = true;

    public DatabaseSettings Database => new(DataFolder, Postgres);

    public IReadOnlyList<IPEndPoint> Endpoints =>
        Listen.Count > 0 ? Listen : [new IPEndPoint(IPAddress.Loopback, PublicHost.Port)];
}

internal enum LogFormat
{
    Text,
    Json,
}
