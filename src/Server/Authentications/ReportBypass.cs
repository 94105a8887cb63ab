using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>What a host says of a login that it let in by itself. All but the application is its word.</summary>
internal sealed record BypassReport
{
    public required Application Application { get; init; }

    /// <summary>The host's own; the same again is the same bypass.</summary>
    public required Guid Id { get; init; }

    /// <summary>As it was sent.</summary>
    public required string SentName { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>In the host's words.</summary>
    public required string Reason { get; init; }

    public required string HostName { get; init; }

    public required Source Source { get; init; }
}

/// <summary>
/// Writes down that a host let somebody in without this server. It decides nothing, and lets nobody in: it is there so
/// that what happened meanwhile is seen where everything else is.
/// </summary>
internal sealed class ReportBypass(Transactions transactions, TimeProvider time, ILogger<ReportBypass> logger)
{
    /// <summary>How long ago a bypass may be: as long as a host may go without this server.</summary>
    public static readonly TimeSpan Oldest = TimeSpan.FromDays(90);

    public bool IsInTime(DateTimeOffset at)
    {
        DateTimeOffset now = time.GetUtcNow();
        return at <= now + DuoDate.Window && at >= now - Oldest;
    }

    /// <summary>Entered when it returns, by this report or by the same one before.</summary>
    public async Task RunAsync(BypassReport report, CancellationToken cancellationToken)
    {
        bool isNew;
        try
        {
            isNew = await transactions.RunAsync((db, stop) => EnterAsync(db, report, stop), cancellationToken);
        }
        catch (DbUpdateException failure) when (failure.IsDuplicate)
        {
            isNew = false; // another node was faster
        }

        if (isNew)
        {
            Log.Bypassed(
                logger,
                DuoText.Line(report.HostName),
                report.Application.Name,
                DuoText.Line(report.SentName),
                report.At,
                DuoText.Line(report.Reason));
        }
    }

    private async Task<bool> EnterAsync(ServerDbContext db, BypassReport report, CancellationToken cancellationToken)
    {
        Guid id = EventId(report);
        if (await db.AuditEvents.AnyAsync(e => e.Id == id, cancellationToken))
        {
            return false;
        }

        DateTimeOffset now = time.GetUtcNow();
        string name = UserName.Canonical(report.SentName, report.Application.Usernames);
        Candidate? candidate = await Candidate.FindAsync(db, new(name, IsKey: false), now, cancellationToken);
        db.AuditEvents.Add(new AuditEvent
        {
            Id = id,
            At = now,
            Action = AuditActions.BypassReport,
            Result = AuditResults.Success,
            Reason = Reasons.HostReport,
            Factor = AuthenticationAudit.NoFactor,
            UserName = DuoText.Line(report.SentName),
            UserKey = candidate?.User.Key,
            ApplicationName = report.Application.Name,
            ApplicationKey = report.Application.IntegrationKey,
            AccessAddress = report.Source.Address?.ToString(),
            HostName = DuoText.Line(report.HostName),
            ClientAddress = report.Source.Client?.ToString(),
            Detail = $"let in at {report.At:yyyy-MM-dd'T'HH:mm:ss'Z'}, by the host's own report {report.Id}: "
                + DuoText.Line(report.Reason),
        });
        return true;
    }

    // Rows are never changed and never deleted, so the key of the row is what enters a report once, at however many
    // nodes. One application cannot name another's. It is no time, hence version 8 (RFC 9562 section 5.8).
    private static Guid EventId(BypassReport report)
    {
        byte[] both = [.. report.Application.Id.Value.ToByteArray(), .. report.Id.ToByteArray()];
        Span<byte> bytes = SHA256.HashData(both).AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
