using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Devices;

/// <param name="User">A name or an alias.</param>
internal sealed record AddActivationRequest(string User)
{
    /// <summary>At most 7 days.</summary>
    public TimeSpan ValidFor { get; init; } = TimeSpan.FromHours(24);
}

internal abstract record AddActivationResult
{
    private AddActivationResult()
    {
    }

    internal sealed record Invalid(string What) : AddActivationResult;

    internal sealed record UnknownUser : AddActivationResult;

    /// <summary>He is disabled: no phone would let him in.</summary>
    internal sealed record UserDisabled : AddActivationResult;

    internal sealed record Added(ActivationCode Code, DateTimeOffset Until) : AddActivationResult;
}

/// <summary>Gives a user a code with which he adds one phone, and shows it, this once.</summary>
internal sealed class AddActivation(
    Transactions transactions, BypassKey key, AdministratorAudit audit, TimeProvider time)
{
    private static readonly TimeSpan _longest = TimeSpan.FromDays(7);

    public async Task<AddActivationResult> RunAsync(AddActivationRequest request, CancellationToken cancellationToken)
    {
        if (request.ValidFor <= TimeSpan.Zero || request.ValidFor > _longest)
        {
            return new AddActivationResult.Invalid("a code is good for a time above zero, and 7 days at most");
        }

        var code = ActivationCode.New();
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset until = now + request.ValidFor;
        return await transactions.RunAsync<AddActivationResult>(
            async (db, stop) =>
            {
                if (await db.FindUserAsync(request.User, stop) is not { } user)
                {
                    return new AddActivationResult.UnknownUser();
                }

                if (user.Status is UserStatus.Disabled)
                {
                    return new AddActivationResult.UserDisabled();
                }

                // Nobody else comes by to remove what was never used.
                await db.Activations.Where(a => a.ExpiresAt <= now).ExecuteDeleteAsync(stop);
                db.Activations.Add(new Activation
                {
                    Mac = key.OfActivation(code.Expose()),
                    UserId = user.Id,
                    ExpiresAt = until,
                });
                audit.Add(
                    db, AuditActions.DeviceInvite, userName: user.Name, userKey: user.Key, detail: $"until {until:u}");
                return new AddActivationResult.Added(code, until);
            },
            cancellationToken);
    }
}
