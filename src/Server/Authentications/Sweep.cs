using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>Removes transactions that have expired and failures that count no more, every ten minutes.</summary>
internal sealed class Sweep(
    Transactions transactions, AuthenticationLimits limits, TimeProvider time, ILogger<Sweep> logger)
    : BackgroundService
{
    private static readonly TimeSpan _every = TimeSpan.FromMinutes(10);

    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset old = now - limits.SourceWindow;
        await transactions.RunAsync(
            async (db, stop) =>
                await db.Authentications.Where(a => a.ExpiresAt <= now).ExecuteDeleteAsync(stop)
                + await db.Throttles
                    .Where(t => t.Since <= old && (t.BlockedUntil == null || t.BlockedUntil <= now))
                    .ExecuteDeleteAsync(stop),
            cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(_every, time, stoppingToken);
            try
            {
                await RunOnceAsync(stoppingToken);
            }
#pragma warning disable CA1031 // Around one retry: a database that is away now is asked again at the next tick.
            catch (Exception failure) when (failure is not OperationCanceledException)
#pragma warning restore CA1031
            {
                Log.SweepFailed(logger, failure);
            }
        }
    }
}
