namespace Sallyport.Server.Phone;

internal static class PhoneEndpoints
{
    public static IServiceCollection AddPhone(this IServiceCollection services) => services
        .AddSingleton<SourceRate>()
        .AddSingleton<SpentProofs>()
        .AddSingleton<DpopCheck>()
        .AddSingleton<EventStreams>()
        .AddSingleton<PhoneCalls>()
        .AddSingleton<PhoneRequests>();

    /// <summary>All below /phone/v1: what is no call of it is 404 in its own envelope.</summary>
    public static void MapPhone(this IEndpointRouteBuilder routes)
    {
        PhoneRequests requests = routes.ServiceProvider.GetRequiredService<PhoneRequests>();
        routes.Map(PhoneRoutes.Root + "{**path}", requests.HandleAsync);
    }
}
