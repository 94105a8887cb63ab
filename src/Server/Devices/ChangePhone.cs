using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Devices;

internal enum ChangePhoneResult
{
    Unspecified,

    /// <summary>It is there no more.</summary>
    Gone,

    /// <summary>That is no name.</summary>
    Invalid,
    Changed,
}

/// <summary>Gives a phone the name that its owner wants.</summary>
internal sealed class RenamePhone(Transactions transactions, TimeProvider time)
{
    /// <param name="client">The address that the request came from.</param>
    public async Task<ChangePhoneResult> RunAsync(
        KnownPhone phone, string name, string? client, CancellationToken cancellationToken)
    {
        if (!FindPhone.IsName(name))
        {
            return ChangePhoneResult.Invalid;
        }

        return await transactions.RunAsync(
            async (db, stop) =>
            {
                int changed = await db.Devices.Where(d => d.Id == phone.Id)
                    .ExecuteUpdateAsync(d => d.SetProperty(x => x.Name, name), stop);
                if (changed != 1)
                {
                    return ChangePhoneResult.Gone;
                }

                PhoneAudit.Add(
                    db, AuditActions.DeviceRename, phone, client, time.GetUtcNow(), $"was {phone.Name}; is {name}");
                return ChangePhoneResult.Changed;
            },
            cancellationToken);
    }
}

/// <summary>Says where the phone is told that something waits for it.</summary>
internal sealed class SetPushSubscription(Transactions transactions, TimeProvider time)
{
    /// <param name="subscription">Null: nowhere.</param>
    /// <param name="client">The address that the request came from.</param>
    public Task<ChangePhoneResult> RunAsync(
        KnownPhone phone, PushSubscription? subscription, string? client, CancellationToken cancellationToken) =>
        transactions.RunAsync(
            async (db, stop) =>
            {
                string? text = subscription?.ToJson();
                int changed = await db.Devices.Where(d => d.Id == phone.Id)
                    .ExecuteUpdateAsync(d => d.SetProperty(x => x.PushSubscription, text), stop);
                if (changed != 1)
                {
                    return ChangePhoneResult.Gone;
                }

                PhoneAudit.Add(
                    db, AuditActions.DeviceSubscribe, phone, client, time.GetUtcNow(), subscription?.Host ?? "nowhere");
                return ChangePhoneResult.Changed;
            },
            cancellationToken);
}
