using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>Removes a phone by its owner's wish; what waits for it is denied.</summary>
internal sealed class RemovePhone(Transactions transactions, AuthenticationMeter meter, TimeProvider time)
{
    /// <summary>False: it is there no more.</summary>
    /// <param name="client">The address that the request came from.</param>
    public Task<bool> RunAsync(KnownPhone phone, string? client, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        return transactions.RunAsync((db, stop) => RemoveAsync(db, phone, client, now, stop), cancellationToken);
    }

    private async Task<bool> RemoveAsync(
        ServerDbContext db, KnownPhone phone, string? client, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.LockUserAsync(phone.UserId, cancellationToken);
        if (await db.Devices.Where(d => d.Id == phone.Id).ExecuteDeleteAsync(cancellationToken) != 1)
        {
            return false;
        }

        await PushEnd.Denied.DecideAllAsync(
            db,
            meter,
            db.PendingPushes.Where(p => p.DeviceId == phone.Id),
            now,
            "its phone was removed",
            cancellationToken);
        PhoneAudit.Add(db, AuditActions.DeviceRemove, phone, client, now, detail: null);
        db.Wakes.Add(phone.Key);
        return true;
    }
}
