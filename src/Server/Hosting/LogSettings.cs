using Microsoft.Extensions.Logging.Console;

namespace Sallyport.Server.Hosting;

/// <summary>The log goes to standard output, for journald or a container. Secrets are never handed to it.</summary>
internal static class LogSettings
{
    public static void Apply(ILoggingBuilder logging, ServerSettings settings)
    {
        logging.SetMinimumLevel(LogLevel.Information);

        // A line for each request and each statement says nothing that the audit events do not say better.
        logging.AddFilter("Microsoft", LogLevel.Warning);

        // It would put the path of each request, which is anybody's text, beside what is logged of it.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        if (settings.Log is LogFormat.Json)
        {
            logging.Configure(log => log.ActivityTrackingOptions =
                ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
            logging.AddJsonConsole(console =>
            {
                console.IncludeScopes = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.ColorBehavior = LoggerColorBehavior.Disabled;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            });
        }
    }
}
