using Microsoft.AspNetCore.Http.HttpResults;

namespace Sallyport.Server.Hosting;

internal static class HealthEndpoints
{
    /// <summary>/healthz: the process answers. /readyz: a login could be decided. Plain text, for anybody.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => TypedResults.Text("ok\n"));
        routes.MapGet("/readyz", ReadyAsync);
    }

    private static async Task<ContentHttpResult> ReadyAsync(Readiness readiness, CancellationToken cancellationToken) =>
        await readiness.ProblemAsync(cancellationToken) is string problem
            ? TypedResults.Text($"not ready: {problem}\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : TypedResults.Text("ready\n");
}
