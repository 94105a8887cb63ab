using Sallyport.Server.Audit;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>Removes a device with its secret, and denies what waits for it.</summary>
internal sealed class RemoveDevice(
    Transactions transactions, AdministratorAudit audit, AuthenticationMeter meter, TimeProvider time)
{
    /// <summary>False: there is none.</summary>
    /// <param name="device">Its key or its serial.</param>
    public Task<bool> RunAsync(string device, CancellationToken cancellationToken) => transactions.RunAsync(
        async (db, stop) =>
        {
            if (await db.Devices.FindDeviceAsync(device, stop) is not { } found)
            {
                return false;
            }

            User? user = await db.OwnerAsync(found, stop);
            if (user is not null)
            {
                await db.LockUserAsync(user.Id, stop); // else one could be opened for it meanwhile
            }

            await PushEnd.PhoneRemoved.DecideAllAsync(
                db,
                meter,
                db.PendingPushes.Where(p => p.DeviceId == found.Id),
                time.GetUtcNow(),
                "its phone was removed",
                stop);
            db.Devices.Remove(found);
            db.Wakes.Add(found.Key); // a phone's stream ends
            audit.Add(db, AuditActions.DeviceRemove, userName: user?.Name, userKey: user?.Key, deviceKey: found.Key);
            return true;
        },
        cancellationToken);
}
