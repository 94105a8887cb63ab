using System.Security.Cryptography;
using Sallyport.Protocol;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Devices;

/// <param name="User">A name or an alias.</param>
internal sealed record AddTotpDeviceRequest(string User)
{
    public string Name { get; init; } = "Authenticator app";

    /// <summary>
    /// Base32, or an otpauth URI whose digits, period and algorithm count too; null: a new secret of 20 bytes.
    /// </summary>
    public string? Secret { get; init; }
}

internal abstract record AddTotpDeviceResult
{
    private AddTotpDeviceResult()
    {
    }

    internal sealed record Invalid(string What) : AddTotpDeviceResult;

    internal sealed record UnknownUser : AddTotpDeviceResult;

    /// <param name="Uri">For the QR code; its secret is wiped by whoever got it.</param>
    internal sealed record Added(string DeviceKey, KeyUri Uri) : AddTotpDeviceResult;
}

internal sealed class AddTotpDevice(
    Transactions transactions, Secrets secrets, AdministratorAudit audit, TimeProvider time)
{
    private const int NewSecretBytes = 20; // RFC 4226 section 4, R6
    private const int FewestBytes = 10; // 80 bits: what google-authenticator's first releases made
    private const int MostNameCharacters = 128;

    public async Task<AddTotpDeviceResult> RunAsync(AddTotpDeviceRequest request, CancellationToken cancellationToken)
    {
        if (!Names.IsName(request.Name) || request.Name.Length > MostNameCharacters)
        {
            return new AddTotpDeviceResult.Invalid(
                $"a device's name has 1 to {MostNameCharacters} characters and {Names.Are}");
        }

        if (!TryReadUri(request, out KeyUri? uri))
        {
            return new AddTotpDeviceResult.Invalid(
                $"the secret is neither base32 nor an otpauth://totp/ URI, or has fewer than {FewestBytes} bytes");
        }

        DateTimeOffset now = time.GetUtcNow();
        DeviceId id = new(Guid.CreateVersion7(now));
        byte[] secret = uri.Secret.Expose().ToArray();
        byte[] ciphertext = secrets.Protect(SecretKind.Otp, id.Value, secret);
        CryptographicOperations.ZeroMemory(secret);
        return await transactions.RunAsync<AddTotpDeviceResult>(
            async (db, stop) =>
            {
                if (await db.FindUserAsync(request.User, stop) is not { } user)
                {
                    return new AddTotpDeviceResult.UnknownUser();
                }

                if (await db.HasSecretAsync(secrets, user.Id, uri.Secret, stop))
                {
                    return new AddTotpDeviceResult.Invalid(SameSecret.Words);
                }

                Device device = new()
                {
                    Id = id,
                    Key = PublicKeys.New("DP"),
                    UserId = user.Id,
                    Kind = DeviceKind.Totp,
                    Name = request.Name,
                    ProtectedSecret = ciphertext,
                    Algorithm = uri.Algorithm,
                    Digits = uri.Digits,
                    Period = uri.PeriodSeconds,
                    CreatedAt = now,
                };
                db.Devices.Add(device);
                audit.Add(
                    db, AuditActions.DeviceAdd, userName: user.Name, userKey: user.Key, deviceKey: device.Key, detail: "TOTP");
                return new AddTotpDeviceResult.Added(device.Key, uri);
            },
            cancellationToken);
    }

    private static bool TryReadUri(AddTotpDeviceRequest request, out KeyUri uri)
    {
        uri = null!;
        if (KeyUri.TryParse(request.Secret, out KeyUri? given))
        {
            uri = given;
            return given.Mode is OtpMode.Totp && given.Secret.Expose().Length >= FewestBytes;
        }

        OtpSecret? secret;
        if (request.Secret is null)
        {
            byte[] random = RandomNumberGenerator.GetBytes(NewSecretBytes);
            secret = OtpSecret.FromBytes(random);
            CryptographicOperations.ZeroMemory(random);
        }
        else if (!OtpSecret.TryParse(System.Text.Encoding.UTF8.GetBytes(request.Secret), out secret)
            || secret.Expose().Length < FewestBytes)
        {
            return false;
        }

        uri = new(OtpMode.Totp, secret, Account(request.User), "Sallyport");
        return true;
    }

    // A name that the format cannot carry is a label only: the app shows it, nothing compares it.
    private static string Account(string user) => KeyUri.IsName(user) ? user : "user";
}
