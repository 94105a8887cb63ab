using System.Net;
using System.Threading.RateLimiting;
using Sallyport.Server.Authentications;

namespace Sallyport.Server.Phone;

/// <summary>How many requests one source sends, whatever they are: codes are guessed no faster.</summary>
internal sealed class SourceRate : IDisposable
{
    public const int AtOnce = 100;
    public const int PerSecond = 20;

    private readonly PartitionedRateLimiter<IPAddress?> _limiter =
        PartitionedRateLimiter.Create<IPAddress?, SourceNetwork>(address => RateLimitPartition.GetTokenBucketLimiter(
            SourceNetwork.Of(address ?? IPAddress.None),
            _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = AtOnce,
                TokensPerPeriod = PerSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                QueueLimit = 0,
            }));

    public bool TryEnter(IPAddress? address)
    {
        using RateLimitLease lease = _limiter.AttemptAcquire(address);
        return lease.IsAcquired;
    }

    public void Dispose() => _limiter.Dispose();
}
