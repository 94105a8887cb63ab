using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <summary>A host that asks the service: its settings, its connections, and one person.</summary>
internal sealed class DuoHost(FakeDuoService service) : IDisposable
{
    public static readonly DuoSubject Alice = new("alice", "192.0.2.7", "bastion.example.org");

    public static readonly Func<bool> Stays = static () => false;

    public DuoSettings Settings { get; set; } = new()
    {
        IntegrationKey = FakeDuoService.IntegrationKey,
        SecretKey = FakeDuoService.SecretKey,
        Host = "localhost",
        Port = service.Port,
        CaFile = service.Certificate.AuthorityFile,
        HttpsTimeout = TimeSpan.FromSeconds(2),
    };

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public DuoConnections Connections => field ??= new DuoConnections(Time);

    public DuoClient Client => new(Settings, Connections, "sallyport-agent/0 (linux) sallyport", Time);

    public DuoPreauth Preauth() => Client.Preauth(Alice, Stays);

    public DuoAuth Auth(string prompt, bool isAsync = true) =>
        Client.Auth(Alice, prompt, isAsync, "Server+IP=192.0.2.2&Command=", null, Stays);

    public DuoStatus Status(string id, TimeSpan? patience = null) =>
        Client.Status(id, patience ?? DuoClient.PersonPatience, Stays);

    public void Dispose() => Connections.Dispose();
}
