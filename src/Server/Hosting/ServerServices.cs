using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.DuoApi;
using Sallyport.Server.Maintenance;
using Sallyport.Server.Persistence;
using Sallyport.Server.Phone;
using Sallyport.Server.Push;
using Sallyport.Server.Users;

namespace Sallyport.Server.Hosting;

/// <summary>Everything that the server is made of. A test replaces what it must after this: the clock.</summary>
internal static class ServerServices
{
    public static IServiceCollection AddSallyportServer(this IServiceCollection services, ServerSettings settings) => services
        .AddSingleton(settings)
        .AddSingleton(TimeProvider.System)
        .AddPersistence(settings.Database)
        .AddAudit()
        .AddApplications()
        .AddUsers()
        .AddDevices()
        .AddPush()
        .AddSingleton(new ServerName(settings.PublicHost.ToString()))
        .AddAuthentications()
        .AddMaintenance()
        .AddPhone()
        .AddDuoApi(new Uri($"https://{settings.PublicHost}{PortalPage.Path}"))
        .AddSingleton<ServerCertificates>()
        .AddSingleton<ListenSockets>()
        .AddHostedService<CertificateWatch>()
        .AddSingleton<ConnectionLimit>()
        .AddSingleton<UnreadableRequests>()
        .AddSingleton<Readiness>()
        .AddSingleton<RequestMeter>()
        .AddSingleton<Measurements>()
        .AddSingleton<MetricsEndpoint>()
        .AddHostedService<SystemdNotice>();
}
