using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Audit;

/// <param name="Most">Of those that fit, the newest.</param>
internal sealed record ListAuditRequest(int Most)
{
    public DateTimeOffset? Since { get; init; }

    /// <summary>The name that was sent, or a user's key, which has him under all his names.</summary>
    public string? User { get; init; }

    /// <summary>Its name or its integration key.</summary>
    public string? Application { get; init; }
}

/// <summary>What happened, the newest last.</summary>
internal sealed class ListAuditEvents(IDbContextFactory<ServerDbContext> contexts)
{
    public async Task<IReadOnlyList<AuditEvent>> RunAsync(ListAuditRequest request, CancellationToken cancellationToken)
    {
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        IQueryable<AuditEvent> events = db.AuditEvents.AsNoTracking();
        if (request.Since is DateTimeOffset since)
        {
            events = events.Where(e => e.At >= since);
        }

        if (request.User is string user)
        {
            events = events.Where(e => e.UserName == user || e.UserKey == user);
        }

        if (request.Application is string application)
        {
            events = events.Where(e => e.ApplicationName == application || e.ApplicationKey == application);
        }

        List<AuditEvent> newest = await events
            .OrderByDescending(e => e.At).ThenByDescending(e => e.Id).Take(request.Most).ToListAsync(cancellationToken);
        newest.Reverse();
        return newest;
    }
}
