using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Devices;

internal enum ResyncDeviceResult
{
    Unspecified,
    UnknownDevice,

    /// <summary>Only a hardware token has a counter.</summary>
    NoHardwareToken,

    /// <summary>Not two passcodes of as many digits as it shows.</summary>
    NoPasscodes,

    /// <summary>Not two in a row among those that come next.</summary>
    NotFound,
    InStep,
}

/// <summary>
/// Finds out where a hardware token stands by two passcodes in a row (RFC 4226 section 7.4 and appendix E.4): one that
/// was pressed too often in a pocket, or whose counter a restore has set back. Only ahead of the counter that is known,
/// so that nothing that was used here is good again.
/// </summary>
internal sealed class ResyncDevice(Transactions transactions, Secrets secrets, AdministratorAudit audit)
{
    /// <summary>How many counters are tried. Two guesses of six digits are among them once in 10^8.</summary>
    public const int Window = 10_000;

    /// <param name="device">Its key or its serial.</param>
    /// <param name="first">A passcode that the token showed after all that were used.</param>
    /// <param name="second">The one after it.</param>
    public Task<ResyncDeviceResult> RunAsync(
        string device, string first, string second, CancellationToken cancellationToken) => transactions.RunAsync(
            async (db, stop) =>
            {
                if (await db.Devices.FindDeviceAsync(device, stop) is not { } found)
                {
                    return ResyncDeviceResult.UnknownDevice;
                }

                if (found.Kind is not DeviceKind.Hotp)
                {
                    return ResyncDeviceResult.NoHardwareToken;
                }

                if (!Passcode.TryParse(first, out Passcode one) || one.Digits != found.Digits
                    || !Passcode.TryParse(second, out Passcode two) || two.Digits != found.Digits)
                {
                    return ResyncDeviceResult.NoPasscodes;
                }

                if (Find(found, one.Number, two.Number) is not { } at)
                {
                    return ResyncDeviceResult.NotFound;
                }

                (DeviceId id, long before, long next) = (found.Id, found.Counter, at + 2);
                int moved = await db.Devices
                    .Where(d => d.Id == id && d.Counter == before)
                    .ExecuteUpdateAsync(
                        d => d.SetProperty(x => x.Counter, next).SetProperty(x => x.OutOfStep, false), stop);
                if (moved != 1)
                {
                    return ResyncDeviceResult.NotFound; // used in this moment: it is in step by that, or asked again
                }

                User? owner = await db.OwnerAsync(found, stop);
                audit.Add(
                    db,
                    AuditActions.DeviceResync,
                    userName: owner?.Name,
                    userKey: owner?.Key,
                    deviceKey: found.Key,
                    detail: $"counter {before} to {next}");
                return ResyncDeviceResult.InStep;
            },
            cancellationToken);

    /// <summary>The counter of the first of the two.</summary>
    private long? Find(Device device, uint one, uint two)
    {
        byte[] key = secrets.Unprotect(SecretKind.Otp, device.Id.Value, device.ProtectedSecret);
        using OtpSecret secret = OtpSecret.FromBytes(key);
        CryptographicOperations.ZeroMemory(key);
        long end = device.Counter + Window;
        long from = device.Counter;
        while (from < end
            && Hotp.Match(secret, one, from, (int)(end - from), device.Digits, device.Algorithm) is long at)
        {
            if (Hotp.Compute(secret, at + 1, device.Digits, device.Algorithm) == two)
            {
                return at;
            }

            from = at + 1;
        }

        return null;
    }
}
