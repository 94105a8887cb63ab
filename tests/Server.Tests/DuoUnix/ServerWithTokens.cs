using Microsoft.Extensions.DependencyInjection;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Devices;
using Sallyport.Server.Tests.Hosting;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.DuoUnix;

/// <summary>A whole server over HTTPS, applications for old and new clients, and a user with a token for each test.</summary>
public sealed class ServerWithTokens : IAsyncLifetime
{
    // RFC 4226, appendix D.
    public static readonly string[] Passcodes = ["755224", "287082", "359152", "969429", "338314", "254676"];

    private int _users;

    internal HostedServer Server { get; private set; } = null!;

    private (string Ikey, string Skey) Legacy { get; set; }

    private (string Ikey, string Skey) Strict { get; set; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Server = await HostedServer.StartAsync(replace: services => services.AddSingleton(new Administrator("ada")));
        Legacy = await AddAsync(new("old hosts") { LegacyClients = true });
        Strict = await AddAsync(new("new hosts"));
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    internal async Task<string> EnrolAsync()
    {
        string name = $"user{Interlocked.Increment(ref _users)}";
        await Server.Services.GetRequiredService<AddUser>().RunAsync(new(name), Stop);
        Assert.IsType<AddHotpDeviceResult.Added>(await Server.Services.GetRequiredService<AddHotpDevice>().RunAsync(
            new(name, "3132333435363738393031323334353637383930") { User = name }, Stop));
        return name;
    }

    /// <param name="host">The line host of its configuration; null: as the certificate has it.</param>
    internal DuoUnixClient Client(
        Dialect dialect, string? host = null, string? signedHost = null, Func<DateTimeOffset, string>? date = null)
    {
        (string ikey, string skey) = dialect.IsDated ? Strict : Legacy;
        return new(Server, dialect, ikey, skey)
        {
            Host = host ?? "Auth.example.com",
            SignedHost = signedHost,
            Date = date ?? DuoUnixClient.InEnglish,
        };
    }

    private async Task<(string Ikey, string Skey)> AddAsync(AddApplicationRequest request)
    {
        var added = Assert.IsType<AddApplicationResult.Added>(
            await Server.Services.GetRequiredService<AddApplication>().RunAsync(request, Stop));
        return (added.IntegrationKey, added.SecretKey.Expose());
    }
}
