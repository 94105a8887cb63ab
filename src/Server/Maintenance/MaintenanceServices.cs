namespace Sallyport.Server.Maintenance;

internal static class MaintenanceServices
{
    public static IServiceCollection AddMaintenance(this IServiceCollection services) => services
        .AddSingleton<Backup>()
        .AddSingleton<Restore>()
        .AddSingleton<Check>();
}
