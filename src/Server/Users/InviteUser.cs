using System.Security.Cryptography;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Users;

/// <param name="User">A name or an alias of a user who is there.</param>
internal sealed record InviteUserRequest(string User)
{
    /// <summary>At most 30 days.</summary>
    public TimeSpan ValidFor { get; init; } = TimeSpan.FromDays(7);
}

internal abstract record InviteUserResult
{
    private InviteUserResult()
    {
    }

    internal sealed record Invalid(string What) : InviteUserResult;

    internal sealed record UnknownUser : InviteUserResult;

    /// <summary>He is disabled: an invitation would not let him in.</summary>
    internal sealed record UserDisabled : InviteUserResult;

    internal sealed record Invited(InvitationCode Code, DateTimeOffset Until) : InviteUserResult;
}

/// <summary>A code that is shown once.</summary>
internal sealed class InvitationCode(string text)
{
    public string Expose() => text;

    public override string ToString() => "[invitation]";
}

/// <summary>Gives a user a one-time code with which he enrols, in place of the one before.</summary>
internal sealed class InviteUser(Transactions transactions, BypassKey key, AdministratorAudit audit, TimeProvider time)
{
    private const string Alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"; // nothing that is read as something else
    private const int Characters = 20; // 100 bits: it is looked up by itself, whoever's it is
    private static readonly TimeSpan _longest = TimeSpan.FromDays(30);

    public async Task<InviteUserResult> RunAsync(InviteUserRequest request, CancellationToken cancellationToken)
    {
        if (request.ValidFor <= TimeSpan.Zero || request.ValidFor > _longest)
        {
            return new InviteUserResult.Invalid("an invitation is good for a time above zero, and 30 days at most");
        }

        string code = RandomNumberGenerator.GetString(Alphabet, Characters);
        DateTimeOffset until = time.GetUtcNow() + request.ValidFor;
        return await transactions.RunAsync<InviteUserResult>(
            async (db, stop) =>
            {
                if (await db.FindUserAsync(request.User, stop) is not { } user)
                {
                    return new InviteUserResult.UnknownUser();
                }

                if (user.Status is UserStatus.Disabled)
                {
                    return new InviteUserResult.UserDisabled();
                }

                user.InvitationMac = key.OfInvitation(code);
                user.InvitedUntil = until;
                audit.Add(db, AuditActions.UserInvite, userName: user.Name, userKey: user.Key, detail: $"until {until:u}");
                return new InviteUserResult.Invited(new(code), until);
            },
            cancellationToken);
    }
}
