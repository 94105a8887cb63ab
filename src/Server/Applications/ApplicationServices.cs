namespace Sallyport.Server.Applications;

internal static class ApplicationServices
{
    public static IServiceCollection AddApplications(this IServiceCollection services) => services
        .AddSingleton<AddApplication>();
}
