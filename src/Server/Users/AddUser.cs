using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Users;

/// <param name="Name">As hosts know him (<see cref="Names.IsIdentity"/>).</param>
internal sealed record AddUserRequest(string Name)
{
    public IReadOnlyList<string> Aliases { get; init; } = [];

    public IReadOnlyList<string> Groups { get; init; } = [];

    public UserStatus Status { get; init; } = UserStatus.Active;
}

internal abstract record AddUserResult
{
    private AddUserResult()
    {
    }

    internal sealed record Invalid(string What) : AddUserResult;

    /// <summary>One of the names is a user's already, or an alias.</summary>
    internal sealed record NameTaken : AddUserResult;

    internal sealed record Added(string Key) : AddUserResult;
}

internal sealed class AddUser(Transactions transactions, AdministratorAudit audit, TimeProvider time)
{
    public async Task<AddUserResult> RunAsync(AddUserRequest request, CancellationToken cancellationToken)
    {
        if (UserRules.Problem([request.Name, .. request.Aliases], request.Groups) is { } problem)
        {
            return new AddUserResult.Invalid(problem);
        }

        User user = new()
        {
            Id = new(Guid.CreateVersion7(time.GetUtcNow())),
            Key = PublicKeys.New("DU"),
            Name = request.Name,
            Status = request.Status,
            Groups = string.Join(' ', request.Groups.Distinct()),
            CreatedAt = time.GetUtcNow(),
        };
        try
        {
            return await transactions.RunAsync(
                async (db, stop) => await AddAsync(db, user, [.. request.Aliases.Distinct()], stop), cancellationToken);
        }
        catch (DbUpdateException failure) when (failure.IsDuplicate)
        {
            return new AddUserResult.NameTaken();
        }
    }

    private async Task<AddUserResult> AddAsync(
        ServerDbContext db, User user, string[] aliases, CancellationToken cancellationToken)
    {
        string[] names = [user.Name, .. aliases];
        if (aliases.Contains(user.Name)
            || await db.Aliases.AnyAsync(a => names.Contains(a.Name), cancellationToken))
        {
            return new AddUserResult.NameTaken();
        }

        db.Users.Add(user);
        db.Aliases.AddRange(aliases.Select(alias => new Alias { Name = alias, UserId = user.Id }));
        audit.Add(
            db,
            AuditActions.UserAdd,
            userName: user.Name,
            userKey: user.Key,
            detail: user.PolicyText(aliases));
        return new AddUserResult.Added(user.Key);
    }
}
