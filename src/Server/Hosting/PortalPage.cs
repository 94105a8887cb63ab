using Microsoft.AspNetCore.Http.HttpResults;

namespace Sallyport.Server.Hosting;

/// <summary>
/// What a person finds behind the link that login_duo shows the invited. Nobody can enrol in a browser here, and the
/// page says who can help instead. It asks for nothing and is the same for everybody.
/// </summary>
internal static class PortalPage
{
    public const string Path = "/portal";

    private const string Text = """
        You are invited, and you have no second factor yet.

        You cannot add one here yourself. Ask your administrator: he adds your authenticator app or your hardware token.
        Then log in again, and type the passcode that it shows.

        For the administrator: sallyport-server device add-totp NAME

        """;

    public static void MapPortal(this IEndpointRouteBuilder routes) => routes.MapGet(Path, Show);

    private static ContentHttpResult Show(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.Text(Text);
    }
}
