using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Devices;

internal enum AssignDeviceResult
{
    Unspecified,
    UnknownDevice,
    UnknownUser,

    /// <summary>Another user has it: it is taken from him first.</summary>
    SomebodyHasIt,

    /// <summary>Only a hardware token goes from one to another.</summary>
    NoHardwareToken,
    Assigned,
}

/// <summary>Gives a hardware token to a user, or takes it back.</summary>
internal sealed class AssignDevice(Transactions transactions, AdministratorAudit audit)
{
    /// <param name="device">Its key or its serial.</param>
    /// <param name="user">A name or an alias; null: nobody.</param>
    public Task<AssignDeviceResult> RunAsync(string device, string? user, CancellationToken cancellationToken) =>
        transactions.RunAsync(
            async (db, stop) =>
            {
                if (await db.Devices.FindDeviceAsync(device, stop) is not { } found)
                {
                    return AssignDeviceResult.UnknownDevice;
                }

                if (found.Kind is not DeviceKind.Hotp)
                {
                    return AssignDeviceResult.NoHardwareToken;
                }

                User? owner = user is null ? null : await db.FindUserAsync(user, stop);
                if (user is not null && owner is null)
                {
                    return AssignDeviceResult.UnknownUser;
                }

                User? before = await db.OwnerAsync(found, stop);
                (UserId? from, UserId? to) = (found.UserId, owner?.Id);
                // Check and give in one statement: of two administrators one gives it, and who is audited had it.
                int given = await db.Devices
                    .Where(d => d.Id == found.Id && d.UserId == from && (to == null || from == null || from == to))
                    .ExecuteUpdateAsync(d => d.SetProperty(x => x.UserId, to), stop);
                if (given != 1)
                {
                    return AssignDeviceResult.SomebodyHasIt;
                }

                User? whose = owner ?? before;
                audit.Add(
                    db,
                    owner is null ? AuditActions.DeviceUnassign : AuditActions.DeviceAssign,
                    userName: whose?.Name,
                    userKey: whose?.Key,
                    deviceKey: found.Key);
                return AssignDeviceResult.Assigned;
            },
            cancellationToken);
}

internal static class FindDevice
{
    /// <summary>By its key, else by its serial, tracked; null: there is none.</summary>
    public static async Task<Device?> FindDeviceAsync(
        this DbSet<Device> devices, string device, CancellationToken cancellationToken) =>
        await devices.SingleOrDefaultAsync(d => d.Key == device, cancellationToken)
        ?? await devices.SingleOrDefaultAsync(d => d.Serial == device, cancellationToken);

    /// <summary>Who has it; null: nobody.</summary>
    public static async Task<User?> OwnerAsync(
        this ServerDbContext db, Device device, CancellationToken cancellationToken) =>
        device.UserId is { } owner ? await db.Users.SingleOrDefaultAsync(u => u.Id == owner, cancellationToken) : null;
}
