namespace Sallyport.Server.Hosting;

/// <summary>Looks for a newer certificate while the server runs.</summary>
internal sealed class CertificateWatch(ServerCertificates certificates, TimeProvider time) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // No PeriodicTimer: after a leap of the clock it would make up for each look that it missed.
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, stoppingToken);
            certificates.Refresh();
        }
    }
}
