using System.Security.Cryptography;
using Sallyport.Protocol;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>
/// Looks for the device that shows a passcode. It changes nothing: who calls it consumes what it found.
/// </summary>
internal sealed class Evidence(Secrets secrets, AuthenticationLimits limits)
{
    private static readonly byte[] _decoySecret = RandomNumberGenerator.GetBytes(20);
    private static readonly Guid _decoyRow = new("00000000-0000-4000-8000-00000000000d");
    private readonly Lazy<byte[]> _decoy = new(() => secrets.Protect(SecretKind.Otp, _decoyRow, _decoySecret));

    /// <summary>
    /// All devices are tried, whether one matched before or not. Without a device, or without a passcode, one that
    /// nobody has is tried, so that unknown names and garbage cost what a wrong passcode costs.
    /// </summary>
    public IReadOnlyList<Match> Find(IReadOnlyList<Device> devices, DuoPrompt typed, DateTimeOffset now)
    {
        Passcode passcode = default;
        bool isPasscode = typed is DuoPrompt.Code code && code.TryGetPasscode(out passcode);
        List<Match> matches = [];
        if (!isPasscode || devices.All(device => device.Kind is DeviceKind.Phone))
        {
            _ = TryTotp(_decoyRow, _decoy.Value, OtpAlgorithm.Sha1, 6, 30, 0, now);
            return matches;
        }

        foreach (Device device in devices)
        {
            long? at = device.Kind switch
            {
                DeviceKind.Totp => TryTotp(
                    device.Id.Value,
                    device.ProtectedSecret,
                    device.Algorithm,
                    device.Digits,
                    device.Period,
                    passcode.Number,
                    now),
                DeviceKind.Hotp => TryHotp(device, passcode.Number) is { } counter && !device.OutOfStep ? counter : null,
                _ => null,
            };
            if (at is { } used && passcode.Digits == device.Digits)
            {
                matches.Add(new(device, used));
            }
        }

        return matches;
    }

    private long? TryTotp(
        Guid row, byte[] ciphertext, OtpAlgorithm algorithm, int digits, int period, uint number, DateTimeOffset now)
    {
        using OtpSecret secret = Open(row, ciphertext);
        TimeStep step = TimeStep.At(now, TimeSpan.FromSeconds(period));
        return Totp.Match(secret, number, step, limits.TotpSteps, limits.TotpSteps, digits, algorithm)?.Value;
    }

    private long? TryHotp(Device device, uint number)
    {
        using OtpSecret secret = Open(device.Id.Value, device.ProtectedSecret);
        return Hotp.Match(
            secret, number, device.Counter, Device.HotpLookAhead, device.Digits, device.Algorithm);
    }

    private OtpSecret Open(Guid row, byte[] ciphertext)
    {
        byte[] key = secrets.Unprotect(SecretKind.Otp, row, ciphertext);
        try
        {
            return OtpSecret.FromBytes(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}

/// <summary>A device that shows the passcode, and at which time step or counter.</summary>
internal readonly record struct Match(Device Device, long At);
