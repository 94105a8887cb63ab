using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Sallyport.Server.Audit;

internal static class AuditServices
{
    /// <summary>Adds what writes events. Who knows the administrator's name registers it before.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services)
    {
        services.TryAddSingleton(new Administrator("unknown"));
        return services.AddSingleton<AdministratorAudit>().AddSingleton<ListAuditEvents>();
    }
}
