using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Devices;

/// <param name="Serial">What stands on the token; 1 to 64 characters.</param>
/// <param name="HexSecret">K as the vendor's list has it: 10 to 64 bytes in hexadecimal digits.</param>
internal sealed record AddHotpDeviceRequest(string Serial, string HexSecret)
{
    /// <summary>A name or an alias; null: nobody has it yet.</summary>
    public string? User { get; init; }

    /// <summary>The next counter.</summary>
    public long Counter { get; init; }

    /// <summary>6 to 8.</summary>
    public int Digits { get; init; } = 6;
}

internal abstract record AddHotpDeviceResult
{
    private AddHotpDeviceResult()
    {
    }

    internal sealed record Invalid(string What) : AddHotpDeviceResult;

    internal sealed record UnknownUser : AddHotpDeviceResult;

    internal sealed record SerialTaken : AddHotpDeviceResult;

    internal sealed record Added(string DeviceKey) : AddHotpDeviceResult;
}

/// <summary>Adds a hardware token (RFC 4226).</summary>
internal sealed class AddHotpDevice(
    Transactions transactions, Secrets secrets, AdministratorAudit audit, TimeProvider time)
{
    private const int MostSerialCharacters = 64;
    private const int FewestBytes = 10;
    private const int MostBytes = 64;

    public async Task<AddHotpDeviceResult> RunAsync(AddHotpDeviceRequest request, CancellationToken cancellationToken)
    {
        if (!Names.IsWord(request.Serial) || request.Serial.Length > MostSerialCharacters)
        {
            return new AddHotpDeviceResult.Invalid(
                $"a serial has 1 to {MostSerialCharacters} characters and no blanks");
        }

        byte[] secret = new byte[MostBytes];
        if (Convert.FromHexString(request.HexSecret, secret, out int read, out int length)
                is not System.Buffers.OperationStatus.Done
            || read != request.HexSecret.Length
            || length < FewestBytes)
        {
            return new AddHotpDeviceResult.Invalid(
                $"the secret is not {FewestBytes} to {MostBytes} bytes in hexadecimal digits");
        }

        // The counter leaves room for the look-ahead (RFC 4226 section 7.4) to count on.
        if (request.Digits is < 6 or > 8 || request.Counter is < 0 or > int.MaxValue)
        {
            return new AddHotpDeviceResult.Invalid("6 to 8 digits, and a counter from 0 to 2147483647");
        }

        DateTimeOffset now = time.GetUtcNow();
        Device device = new()
        {
            Id = new(Guid.CreateVersion7(now)),
            Key = PublicKeys.New("DH"),
            Kind = DeviceKind.Hotp,
            Name = request.Serial,
            Serial = request.Serial,
            ProtectedSecret = [],
            Algorithm = OtpAlgorithm.Sha1,
            Digits = request.Digits,
            Period = 0,
            Counter = request.Counter,
            CreatedAt = now,
        };
        byte[] exact = secret[..length];
        device.ProtectedSecret = secrets.Protect(SecretKind.Otp, device.Id.Value, exact);
        using OtpSecret given = OtpSecret.FromBytes(exact);
        CryptographicOperations.ZeroMemory(secret);
        CryptographicOperations.ZeroMemory(exact);
        try
        {
            return await transactions.RunAsync(
                async (db, stop) => await AddAsync(db, device, given, request.User, stop), cancellationToken);
        }
        catch (DbUpdateException failure) when (failure.IsDuplicate)
        {
            return new AddHotpDeviceResult.SerialTaken();
        }
    }

    private async Task<AddHotpDeviceResult> AddAsync(
        ServerDbContext db, Device device, OtpSecret secret, string? name, CancellationToken cancellationToken)
    {
        if (await db.Devices.AnyAsync(d => d.Serial == device.Serial, cancellationToken))
        {
            return new AddHotpDeviceResult.SerialTaken();
        }

        User? user = name is null ? null : await db.FindUserAsync(name, cancellationToken);
        if (name is not null && user is null)
        {
            return new AddHotpDeviceResult.UnknownUser();
        }

        if (user is not null && await db.HasSecretAsync(secrets, user.Id, secret, cancellationToken))
        {
            return new AddHotpDeviceResult.Invalid(SameSecret.Words);
        }

        device.UserId = user?.Id;
        db.Devices.Add(device);
        audit.Add(
            db,
            AuditActions.DeviceAdd,
            userName: user?.Name,
            userKey: user?.Key,
            deviceKey: device.Key,
            detail: $"HOTP, serial {device.Serial}");
        return new AddHotpDeviceResult.Added(device.Key);
    }
}
