using Sallyport.Protocol;

namespace Sallyport.Host.Passcodes;

/// <summary>At most so many attempts in so many seconds. Refused attempts do not count, so a block ends by itself.</summary>
internal static class RateLimits
{
    /// <summary>
    /// 0: there is room, and <paramref name="counted"/> is the limit with this attempt in it. Otherwise the seconds
    /// until there is room again.
    /// </summary>
    public static long Count(RateLimit limit, long now, out RateLimit counted)
    {
        // Stamps in the future come from a clock that was set back; like the old ones they no longer count.
        List<long> recent = [.. limit.Stamps.Where(s => s >= now - limit.IntervalSeconds && s <= now).Order()];
        if (recent.Count >= limit.Attempts)
        {
            counted = limit;
            return recent[^limit.Attempts] + limit.IntervalSeconds + 1 - now;
        }

        recent.Add(now);
        counted = limit with { Stamps = recent };
        return 0;
    }
}
