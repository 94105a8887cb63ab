namespace Sallyport.Server.Hosting;

/// <summary>Looks for a newer certificate while the server runs.</summary>
internal sealed class CertificateWatch(ServerCertificates certificates, TimeProvider time) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            certificates.Refresh();
        }
    }
}
