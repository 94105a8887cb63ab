using Microsoft.AspNetCore.HttpOverrides;

namespace Sallyport.Server.Hosting;

/// <summary>Where a request comes from. Only a trusted proxy may say that it is from somebody else.</summary>
internal static class ClientAddress
{
    public static void UseClientAddress(this WebApplication app, ServerSettings settings)
    {
        if (settings.TrustedProxies.Count > 0)
        {
            app.UseForwardedHeaders(Options(settings));
        }

        // A socket for both kinds shows IPv4 as IPv6. One client has one address, however he came.
        app.Use((context, next) =>
        {
            if (context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped)
            {
                context.Connection.RemoteIpAddress = mapped.MapToIPv4();
            }

            return next(context);
        });
    }

    private static ForwardedHeadersOptions Options(ServerSettings settings)
    {
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor,
            ForwardLimit = null, // back to the first address that is no trusted proxy
        };
        options.KnownProxies.Clear(); // loopback stands there by default
        options.KnownIPNetworks.Clear();
        foreach (System.Net.IPNetwork network in settings.TrustedProxies)
        {
            options.KnownIPNetworks.Add(network);
        }

        return options;
    }
}
