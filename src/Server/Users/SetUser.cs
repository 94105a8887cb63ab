using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Users;

/// <summary>Null or empty leaves as it is, but an empty list of groups.</summary>
/// <param name="User">A name or an alias.</param>
internal sealed record SetUserRequest(string User)
{
    /// <summary>In place of those that he is in; empty: none.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    public IReadOnlyList<string> NewAliases { get; init; } = [];

    public IReadOnlyList<string> OldAliases { get; init; } = [];

    /// <summary>Whether he is let in without a factor.</summary>
    public bool? Bypass { get; init; }
}

internal abstract record SetUserResult
{
    private SetUserResult()
    {
    }

    internal sealed record Invalid(string What) : SetUserResult;

    internal sealed record UnknownUser : SetUserResult;

    /// <summary>Whether he bypasses is said of who is not disabled: else that would enable him.</summary>
    internal sealed record UserDisabled : SetUserResult;

    internal sealed record NameTaken : SetUserResult;

    internal sealed record Changed : SetUserResult;
}

/// <summary>Changes a user's groups and other names, and whether he is asked for a factor.</summary>
internal sealed class SetUser(Transactions transactions, AdministratorAudit audit)
{
    public async Task<SetUserResult> RunAsync(SetUserRequest request, CancellationToken cancellationToken)
    {
        if (Problem(request) is { } problem)
        {
            return new SetUserResult.Invalid(problem);
        }

        try
        {
            return await transactions.RunAsync(
                async (db, stop) => await ChangeAsync(db, request, stop), cancellationToken);
        }
        catch (DbUpdateException failure) when (failure.IsDuplicate)
        {
            return new SetUserResult.NameTaken();
        }
    }

    private static string? Problem(SetUserRequest request)
    {
        if (request is { Groups: null, NewAliases.Count: 0, OldAliases.Count: 0, Bypass: null })
        {
            return "nothing was said that is to change";
        }

        return request.NewAliases.Intersect(request.OldAliases).Any()
            ? "a name is either added or removed"
            : UserRules.Problem(request.NewAliases, request.Groups ?? []);
    }

    private async Task<SetUserResult> ChangeAsync(
        ServerDbContext db, SetUserRequest request, CancellationToken cancellationToken)
    {
        // Holds the row: who is disabled in this moment stays so, and what is audited as it was is what was changed.
        IQueryable<Alias> names = db.Aliases.Where(a => a.Name == request.User);
        IQueryable<User> named = db.Users.Where(u => names.Any(a => a.UserId == u.Id));
        if (await named.ExecuteUpdateAsync(u => u.SetProperty(x => x.Groups, x => x.Groups), cancellationToken) != 1)
        {
            return new SetUserResult.UnknownUser();
        }

        User user = await named.SingleAsync(cancellationToken);
        if (request.Bypass is not null && user.Status is UserStatus.Disabled)
        {
            return new SetUserResult.UserDisabled();
        }

        string[] added = [.. request.NewAliases.Distinct()];
        if (await db.Aliases.AnyAsync(a => added.Contains(a.Name), cancellationToken))
        {
            return new SetUserResult.NameTaken();
        }

        List<Alias> aliases = await db.Aliases.Where(a => a.UserId == user.Id && a.Name != user.Name)
            .OrderBy(a => a.Name).ToListAsync(cancellationToken);
        if (request.OldAliases.FirstOrDefault(old => aliases.All(a => a.Name != old)) is { } stranger)
        {
            return new SetUserResult.Invalid($"he has no alias '{Names.ForTerminal(stranger)}'");
        }

        string before = user.PolicyText(aliases.Select(a => a.Name));
        db.Aliases.RemoveRange(aliases.Where(a => request.OldAliases.Contains(a.Name)));
        db.Aliases.AddRange(added.Select(alias => new Alias { Name = alias, UserId = user.Id }));
        user.Groups = request.Groups is null ? user.Groups : string.Join(' ', request.Groups.Distinct());
        user.Status = request.Bypass switch
        {
            true => UserStatus.Bypass,
            false => UserStatus.Active,
            null => user.Status,
        };
        string after = user.PolicyText(aliases.Select(a => a.Name).Except(request.OldAliases).Concat(added));
        audit.Add(
            db,
            AuditActions.UserSet,
            userName: user.Name,
            userKey: user.Key,
            detail: $"was {before}; is {after}");
        return new SetUserResult.Changed();
    }
}
