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
        .AddSingleton<OpenPush>()
        .AddSingleton<LostPush>()
        .AddSingleton<PushWait>()
        .AddSingleton<AnswerPush>()
        .AddSingleton<ListPushes>()
        .AddSingleton<CancelPush>()
        .AddSingleton<ReportBypass>()
        .AddSingleton<RemovePhone>()
        .AddSingleton<RemoveDevice>()
        .AddSingleton<RemoveUser>()
        .AddSingleton<DisableUser>()
        .AddSingleton<UnlockUser>()
        .AddHostedService<Sweep>();
}
