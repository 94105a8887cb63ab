namespace Sallyport.Server.DuoApi;

internal static class DuoApiEndpoints
{
    /// <param name="portal">Where people enrol.</param>
    public static IServiceCollection AddDuoApi(this IServiceCollection services, Uri portal) => services
        .AddSingleton(new EnrolmentPortal(portal))
        .AddSingleton<KnownApplications>()
        .AddSingleton<SignatureFilter>()
        .AddSingleton<RefusedRequests>()
        .AddSingleton<ClientPrograms>()
        .AddSingleton<LoginCalls>()
        .AddSingleton<BypassCalls>()
        .AddSingleton<DuoRequests>();

    /// <summary>
    /// Everything that nothing else is mapped to: what is no call of Duo's API is 404 in its envelope.
    /// </summary>
    public static void MapDuoApi(this IEndpointRouteBuilder routes)
    {
        DuoRequests requests = routes.ServiceProvider.GetRequiredService<DuoRequests>();
        routes.MapFallback("{**path}", requests.HandleAsync);
    }
}
