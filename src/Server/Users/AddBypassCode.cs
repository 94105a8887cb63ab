using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Users;

/// <param name="User">A name or an alias.</param>
internal sealed record AddBypassCodeRequest(string User)
{
    /// <summary>How many codes; 1 to 10.</summary>
    public int Count { get; init; } = 1;

    /// <summary>How often each can be used; 1 to 100.</summary>
    public int Uses { get; init; } = 1;

    /// <summary>Null: they do not end.</summary>
    public TimeSpan? ValidFor { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Leaves the codes that he has.</summary>
    public bool KeepExisting { get; init; }
}

internal abstract record AddBypassCodeResult
{
    private AddBypassCodeResult()
    {
    }

    internal sealed record Invalid(string What) : AddBypassCodeResult;

    internal sealed record UnknownUser : AddBypassCodeResult;

    internal sealed record Added(NewBypassCodes Codes, DateTimeOffset? ExpiresAt) : AddBypassCodeResult;
}

/// <summary>Codes that are shown once.</summary>
internal sealed class NewBypassCodes(IReadOnlyList<string> digits)
{
    /// <summary>In groups of four digits, as people read them.</summary>
    public IReadOnlyList<string> Expose() => [.. digits.Select(BypassCodeText.Grouped)];

    public override string ToString() => "[bypass codes]";
}

/// <summary>Gives a user bypass codes, in place of those that he has.</summary>
internal sealed class AddBypassCode(
    Transactions transactions, BypassKey key, AdministratorAudit audit, TimeProvider time)
{
    private const int MostCodes = 10;
    private const int MostUses = 100;

    public async Task<AddBypassCodeResult> RunAsync(AddBypassCodeRequest request, CancellationToken cancellationToken)
    {
        if (request.Count is < 1 or > MostCodes
            || request.Uses is < 1 or > MostUses
            || request.ValidFor <= TimeSpan.Zero)
        {
            return new AddBypassCodeResult.Invalid(
                $"1 to {MostCodes} codes, each good for 1 to {MostUses} uses and a time above zero");
        }

        string[] codes = [.. Enumerable.Range(0, request.Count).Select(_ => BypassCodeText.New())];
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset? end = request.ValidFor is { } validity ? now + validity : null;
        return await transactions.RunAsync<AddBypassCodeResult>(
            async (db, stop) =>
            {
                if (await db.FindUserAsync(request.User, stop) is not { } user)
                {
                    return new AddBypassCodeResult.UnknownUser();
                }

                if (!request.KeepExisting)
                {
                    await db.BypassCodes.Where(c => c.UserId == user.Id).ExecuteDeleteAsync(stop);
                }

                db.BypassCodes.AddRange(codes.Select(digits => new BypassCode
                {
                    Id = new(Guid.CreateVersion7(now)),
                    UserId = user.Id,
                    Mac = key.OfBypassCode(user.Id.Value, digits),
                    ExpiresAt = end,
                    RemainingUses = request.Uses,
                    CreatedAt = now,
                }));
                audit.Add(
                    db,
                    AuditActions.BypassCreate,
                    userName: user.Name,
                    userKey: user.Key,
                    detail: $"codes: {codes.Length}; uses of each: {request.Uses}; "
                        + $"until: {end?.ToString("u") ?? "used"}");
                return new AddBypassCodeResult.Added(new(codes), end);
            },
            cancellationToken);
    }
}
