namespace Sallyport.Server.Authentications;

internal static class AuthenticationServices
{
    public static IServiceCollection AddAuthentications(this IServiceCollection services) => services
        .AddSingleton<AuthenticationLimits>()
        .AddSingleton<AuthenticationMeter>()
        .AddSingleton<FailureCounters>()
        .AddSingleton<Evidence>()
        .AddSingleton<Preauth>()
        .AddSingleton<Authenticate>()
        .AddSingleton<RefuseFactor>()
        .AddSingleton<AuthenticationStatus>()
        .AddSingleton<UnlockUser>()
        .AddHostedService<Sweep>();
}
