namespace Sallyport.Server.Applications;

internal static class ApplicationServices
{
    public static IServiceCollection AddApplications(this IServiceCollection services) => services
        .AddSingleton<AddApplication>()
        .AddSingleton<ListApplications>()
        .AddSingleton<ShowApplication>()
        .AddSingleton<SetApplication>()
        .AddSingleton<RotateSecretKey>()
        .AddSingleton<RemoveApplication>();
}
