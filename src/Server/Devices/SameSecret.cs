using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Devices;

/// <summary>
/// Whether a user has a device with this secret already: then one passcode would be two devices', and to remove one of
/// them would take away nothing.
/// </summary>
internal static class SameSecret
{
    public const string Words = "the user has a device with this secret already";

    public static async Task<bool> HasSecretAsync(
        this ServerDbContext db, Secrets secrets, UserId user, OtpSecret secret, CancellationToken cancellationToken)
    {
        List<Device> devices = await db.Devices.AsNoTracking()
            .Where(d => d.UserId == user && d.Kind != DeviceKind.Phone)
            .ToListAsync(cancellationToken);
        bool found = false;
        foreach (Device device in devices)
        {
            byte[] his = secrets.Unprotect(SecretKind.Otp, device.Id.Value, device.ProtectedSecret);
            found |= CryptographicOperations.FixedTimeEquals(his, secret.Expose());
            CryptographicOperations.ZeroMemory(his);
        }

        return found;
    }
}
