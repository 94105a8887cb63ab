using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Devices;

/// <param name="Code">As it was typed.</param>
/// <param name="Name">What the user calls it.</param>
/// <param name="IsTerminal">Its key is in a file of a computer, as it says.</param>
/// <param name="Key">Of which it has proved that it has the private one.</param>
/// <param name="Client">The address that the request came from.</param>
internal sealed record ActivatePhoneRequest(string Code, string Name, bool IsTerminal, PhoneKey Key, string? Client);

internal abstract record ActivatePhoneResult
{
    private ActivatePhoneResult()
    {
    }

    internal sealed record Invalid(string What) : ActivatePhoneResult;

    /// <summary>There is no such code, or not any more, or nobody who may use it.</summary>
    internal sealed record InvalidCode : ActivatePhoneResult;

    internal sealed record Activated(string DeviceKey, string UserName) : ActivatePhoneResult;
}

/// <summary>Makes a phone the user's who was given the code, and uses the code up in the same act.</summary>
internal sealed class ActivatePhone(
    IDbContextFactory<ServerDbContext> contexts, Transactions transactions, BypassKey key, TimeProvider time)
{
    /// <summary>That one user has.</summary>
    public const int Most = 10;

    private const int LockClass = 0x50484f4e; // "PHON", in PostgreSQL's space of pairs

    public async Task<ActivatePhoneResult> RunAsync(ActivatePhoneRequest request, CancellationToken cancellationToken)
    {
        if (!FindPhone.IsName(request.Name))
        {
            return new ActivatePhoneResult.Invalid(
                $"a name has 1 to {FindPhone.MostNameCharacters} characters and {Names.Are}");
        }

        if (!ActivationCode.TryParse(request.Code, out ActivationCode? code))
        {
            return new ActivatePhoneResult.InvalidCode();
        }

        byte[] mac = key.OfActivation(code.Expose());
        await using (ServerDbContext look = await contexts.CreateDbContextAsync(cancellationToken))
        {
            // Who guesses does not stand in the queue of those who change something.
            if (!await look.Activations.AnyAsync(a => a.Mac == mac, cancellationToken))
            {
                return new ActivatePhoneResult.InvalidCode();
            }
        }

        return await transactions.RunAsync(
            (db, stop) => ActivateAsync(db, request, mac, time.GetUtcNow(), stop), cancellationToken);
    }

    // What is refused before the code is taken leaves it as it is: whoever it is that has it, may try again.
    private static async Task<ActivatePhoneResult> ActivateAsync(
        ServerDbContext db,
        ActivatePhoneRequest request,
        byte[] mac,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        Activation? activation = await db.Activations.AsNoTracking()
            .SingleOrDefaultAsync(a => a.Mac == mac && a.ExpiresAt > now, cancellationToken);
        if (activation is null)
        {
            return new ActivatePhoneResult.InvalidCode();
        }

        byte[] publicKey = request.Key.SubjectPublicKeyInfo;
        await LockKeyAsync(db, publicKey, cancellationToken);
        await db.LockUserAsync(activation.UserId, cancellationToken);
        User? user = await db.Users.AsNoTracking()
            .SingleOrDefaultAsync(u => u.Id == activation.UserId, cancellationToken);
        if (user is null or { Status: UserStatus.Disabled })
        {
            return new ActivatePhoneResult.InvalidCode();
        }

        if (await db.Devices.AnyAsync(d => d.PublicKey == publicKey, cancellationToken))
        {
            return new ActivatePhoneResult.Invalid("this key is a device's already; make a new one");
        }

        int phones = await db.Devices.CountAsync(
            d => d.UserId == user.Id && d.Kind == DeviceKind.Phone, cancellationToken);
        if (phones >= Most)
        {
            return new ActivatePhoneResult.Invalid($"the user has {Most} phones; one has to be removed first");
        }

        // Of two who have the code, one deletes it.
        int used = await db.Activations.Where(a => a.Mac == mac && a.ExpiresAt > now)
            .ExecuteDeleteAsync(cancellationToken);
        if (used != 1)
        {
            return new ActivatePhoneResult.InvalidCode();
        }

        Device device = new()
        {
            Id = new(Guid.CreateVersion7(now)),
            Key = PublicKeys.New("DP"),
            UserId = user.Id,
            Kind = DeviceKind.Phone,
            Name = request.Name,
            ProtectedSecret = [],
            Algorithm = OtpAlgorithm.Sha1, // of no passcode
            Digits = 0,
            Period = 0,
            PublicKey = publicKey,
            IsTerminal = request.IsTerminal,
            CreatedAt = now,
        };
        db.Devices.Add(device);
        PhoneAudit.Add(
            db,
            AuditActions.DeviceActivate,
            new(device.Id, device.Key, device.Name, device.IsTerminal, publicKey, user.Id, user.Name, user.Key),
            request.Client,
            now,
            $"{(device.IsTerminal ? "phone, terminal" : "phone")}; key {PhoneKey.ThumbprintOf(publicKey)}");
        return new ActivatePhoneResult.Activated(device.Key, user.Name);
    }

    // Of two activations of one key at once, with two codes, the second sees the first.
    private static async Task LockKeyAsync(ServerDbContext db, byte[] publicKey, CancellationToken cancellationToken)
    {
        if (db is PostgresDbContext)
        {
            int number = BinaryPrimitives.ReadInt32BigEndian(SHA256.HashData(publicKey));
            await db.Database.ExecuteSqlAsync(
                $"SELECT pg_advisory_xact_lock({LockClass}, {number})", cancellationToken);
        }
    }
}
