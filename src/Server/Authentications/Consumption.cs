using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>
/// Check and use in one statement each: the number of rows is the verdict, so of two only one gets it.
/// </summary>
internal static class Consumption
{
    /// <summary>Uses the time step (RFC 6238 section 5.2) or the counter (RFC 4226 section 7.2).</summary>
    public static async Task<bool> TryUseAsync(ServerDbContext db, Match match, CancellationToken cancellationToken)
    {
        DeviceId id = match.Device.Id;
        long at = match.At;
        return match.Device.Kind switch
        {
            DeviceKind.Totp => await db.Devices
                .Where(d => d.Id == id && d.LastUsedStep < at)
                .ExecuteUpdateAsync(d => d.SetProperty(x => x.LastUsedStep, at), cancellationToken) == 1,
            DeviceKind.Hotp => await db.Devices
                .Where(d => d.Id == id && d.Counter <= at && !d.OutOfStep)
                .ExecuteUpdateAsync(d => d.SetProperty(x => x.Counter, at + 1), cancellationToken) == 1,
            _ => false,
        };
    }

    public static async Task<bool> TryUseBypassCodeAsync(
        ServerDbContext db, UserId user, byte[] mac, DateTimeOffset now, CancellationToken cancellationToken) =>
        await db.BypassCodes
            .Where(c => c.UserId == user && c.Mac == mac && c.RemainingUses > 0
                && (c.ExpiresAt == null || c.ExpiresAt > now))
            .ExecuteUpdateAsync(
                c => c.SetProperty(x => x.RemainingUses, x => x.RemainingUses - 1), cancellationToken) == 1;
}
