using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>What a phone shows of a login that waits for it. The number is not in it.</summary>
/// <param name="Record">What is signed with the decision.</param>
/// <param name="Digits">How many a number has that is to be typed; null: none is.</param>
/// <param name="Info">The host's words (pushinfo); nothing of it is signed.</param>
internal sealed record WaitingPush(ApprovalRecord Record, int? Digits, string? Info);

/// <summary>What waits for a phone.</summary>
internal sealed class ListPushes(IDbContextFactory<ServerDbContext> contexts, ServerName server, TimeProvider time)
{
    public async Task<IReadOnlyList<WaitingPush>> RunAsync(DeviceId phone, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        List<PendingPush> waiting = await db.PendingPushes.AsNoTracking()
            .Where(p => p.DeviceId == phone && p.ExpiresAt > now)
            .OrderBy(p => p.ExpiresAt)
            .ToListAsync(cancellationToken);
        return [.. waiting.Select(p => new WaitingPush(p.ToRecord(server), p.Number?.Length, p.Info))];
    }
}
