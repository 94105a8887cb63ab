using System.Runtime.CompilerServices;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Hosting;

/// <summary>
/// Sends traces and metrics to a collector (OTLP over HTTP), if one is named. Else nothing of it is loaded.
/// </summary>
internal static class OpenTelemetrySettings
{
    public static void Apply(IServiceCollection services, ServerSettings settings)
    {
        if (settings.Otlp is Uri collector)
        {
            Add(services, collector);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // else all of it would be loaded
    private static void Add(IServiceCollection services, Uri collector)
    {
        // With an endpoint that is set, the path of each signal is ours to add.
        void Export(OtlpExporterOptions exporter, string signal)
        {
            exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
            exporter.Endpoint = new Uri($"{collector.AbsoluteUri.TrimEnd('/')}/v1/{signal}");
        }

        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("sallyport-server"))
            .WithTracing(tracing => tracing.AddSource(Telemetry.Name).AddOtlpExporter(o => Export(o, "traces")))
            .WithMetrics(metrics => metrics.AddMeter(Telemetry.Name).AddOtlpExporter(o => Export(o, "metrics")));
    }
}
