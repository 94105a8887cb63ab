using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Devices;

/// <summary>A phone that was activated, and whose it is.</summary>
/// <param name="Key">DP….</param>
/// <param name="PublicKey">SubjectPublicKeyInfo.</param>
internal sealed record KnownPhone(
    DeviceId Id,
    string Key,
    string Name,
    bool IsTerminal,
    byte[] PublicKey,
    UserId UserId,
    string UserName,
    string UserKey);

internal sealed class FindPhone(IDbContextFactory<ServerDbContext> contexts)
{
    public const int MostNameCharacters = 128;

    /// <summary>What a phone may be called.</summary>
    public static bool IsName(string name) => Names.IsName(name) && name.Length <= MostNameCharacters;

    /// <summary>By its key; null: there is none, or not any more.</summary>
    public async Task<KnownPhone?> RunAsync(string key, CancellationToken cancellationToken)
    {
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        var known =
            from device in db.Set<Device>()
            where device.Key == key && device.Kind == DeviceKind.Phone && device.PublicKey != null
            from user in db.Set<User>().Where(u => u.Id == device.UserId)
            select new KnownPhone(
                device.Id,
                device.Key,
                device.Name,
                device.IsTerminal,
                device.PublicKey!,
                user.Id,
                user.Name,
                user.Key);
        return await known.SingleOrDefaultAsync(cancellationToken);
    }
}

/// <summary>Puts what a user did with his phone into the act's own transaction.</summary>
internal static class PhoneAudit
{
    public const string Reason = "user";

    /// <param name="action">One of <see cref="AuditActions"/>.</param>
    /// <param name="client">The address that the phone's request came from.</param>
    public static void Add(
        ServerDbContext db, string action, KnownPhone phone, string? client, DateTimeOffset now, string? detail) =>
        db.AuditEvents.Add(new AuditEvent
        {
            Id = Guid.CreateVersion7(now),
            At = now,
            Action = action,
            Result = AuditResults.Success,
            Reason = Reason,
            UserName = phone.UserName,
            UserKey = phone.UserKey,
            DeviceKey = phone.Key,
            ClientAddress = client,
            Detail = detail,
        });
}
