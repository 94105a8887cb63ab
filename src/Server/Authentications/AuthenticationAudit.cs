using Sallyport.Protocol.Duo;
using Sallyport.Server.Audit;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>Writes down what came of a login, in the words of Duo's authentication log.</summary>
internal static class AuthenticationAudit
{
    public const string NoFactor = "not_available";

    /// <summary>Nothing for Ask: that is decided by the passcode.</summary>
    public static void AddPreauth(
        ServerDbContext db, Attempt attempt, Candidate? candidate, Ruling ruling, DateTimeOffset now)
    {
        (string Result, string Reason)? outcome = ruling switch
        {
            Ruling.Allow allow => (AuditResults.Success, allow.Reason),
            Ruling.Deny deny => (AuditResults.Denied, deny.Reason),
            Ruling.Enrol => (AuditResults.Denied, Reasons.Unenrolled),
            _ => null,
        };
        if (outcome is { } what)
        {
            string action = ruling is Ruling.Enrol ? AuditActions.Enrollment : AuditActions.Authentication;
            Add(db, attempt, candidate, new(action, what.Result, what.Reason, NoFactor), null, now);
        }
    }

    public static void Add(
        ServerDbContext db,
        Attempt attempt,
        Candidate? candidate,
        Outcome outcome,
        string? transactionId,
        DateTimeOffset now)
    {
        db.AuditEvents.Add(new AuditEvent
        {
            Id = Guid.CreateVersion7(now),
            At = now,
            Action = outcome.Action,
            Result = outcome.Result,
            Reason = outcome.Reason,
            Factor = outcome.Factor,
            UserName = DuoText.Line(attempt.SentName),
            UserKey = candidate?.User.Key,
            ApplicationName = attempt.Application.Name,
            ApplicationKey = attempt.Application.IntegrationKey,
            DeviceKey = outcome.Device?.Key,
            AccessAddress = attempt.Source.Address?.ToString(),
            HostName = attempt.HostName is null ? null : DuoText.Line(attempt.HostName),
            ClientAddress = attempt.Source.Client?.ToString(),
            TransactionId = transactionId,
            Detail = outcome.Detail is null ? attempt.Detail : $"{outcome.Detail}; {attempt.Detail}",
        });
    }
}

/// <param name="Result">success, denied or failure.</param>
/// <param name="Reason">One of <see cref="Reasons"/>.</param>
internal sealed record Outcome(string Action, string Result, string Reason, string Factor)
{
    public Device? Device { get; init; }

    public string? Detail { get; init; }

    /// <summary>A phone was asked: what is said here is so if it never answers.</summary>
    public bool IsWaiting { get; init; }

    /// <summary>When the passcode was used, where it was an earlier request's; null: now.</summary>
    public DateTimeOffset? ProvenAt { get; init; }

    public static Outcome Denied(string reason, string factor = AuthenticationAudit.NoFactor) =>
        new(AuditActions.Authentication, AuditResults.Denied, reason, factor);

    /// <summary>Nothing is decided, and so nothing is audited, until the phone answers or its time is over.</summary>
    public static Outcome Waiting(Device phone) =>
        Denied(Reasons.NoResponse, FactorNames.Push) with { Device = phone, IsWaiting = true };

    public static Outcome Of(PushEnd end) =>
        new(AuditActions.Authentication, end.Result, end.Reason, FactorNames.Push);

    public static Outcome Success(string reason, string factor, Device? device = null) =>
        new(AuditActions.Authentication, AuditResults.Success, reason, factor) { Device = device };
}
