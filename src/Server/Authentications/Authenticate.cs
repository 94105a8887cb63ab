using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Audit;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>
/// The second half of a login: from what was typed to the verdict, in one transaction with everything that it counts,
/// uses and writes down (docs/decisions/0013-authentications.md).
/// </summary>
internal sealed class Authenticate(
    Transactions transactions,
    Evidence evidence,
    BypassKey bypass,
    FailureCounters counters,
    OpenPush pushes,
    LostPush lost,
    Node node,
    AuthenticationLimits limits,
    AuthenticationMeter meter,
    TimeProvider time)
{
    /// <remarks>
    /// The transaction does not end when the client does: who hangs up after a wrong passcode has had his guess.
    /// </remarks>
    public async Task<Verdict> RunAsync(Attempt attempt, DuoPrompt typed, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        (Verdict verdict, Outcome? decided) = await transactions.RunAsync<(Verdict, Outcome?)>(
            async (db, stop) =>
            {
                await LockAsync(db, attempt.Subject, stop);
                Candidate? candidate = await Candidate.FindAsync(db, attempt.Subject, now, stop);

                // The same request, sent again because nothing came back, is no other login.
                if (candidate is not null && MayPush(typed)
                    && await lost.TryJoinAsync(db, attempt, candidate, now, stop) is { } joined)
                {
                    return (joined, null);
                }

                string id = TransactionIds.New();
                (Outcome outcome, string message) = await DecideAsync(db, attempt, candidate, typed, id, now, stop);
                return (Record(db, attempt, candidate, outcome, message, id, now), outcome);
            },
            cancellationToken);
        if (decided is { IsWaiting: false })
        {
            meter.Decided(decided);
        }

        return verdict;
    }

    private static bool MayPush(DuoPrompt typed) =>
        typed is DuoPrompt.Auto or DuoPrompt.Device or DuoPrompt.Push or DuoPrompt.MenuLine;

    // Reads from top to bottom; what is not allowed on the way is denied.
    private async Task<(Outcome Outcome, string Message)> DecideAsync(
        ServerDbContext db,
        Attempt attempt,
        Candidate? candidate,
        DuoPrompt typed,
        string id,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        // 1. A request is decided once.
        if (attempt.SignatureHash is { } hash
            && await db.Authentications.AnyAsync(a => a.SignatureHash == hash, cancellationToken))
        {
            return (Outcome.Denied(Reasons.Error) with { Detail = "sent twice" }, Verdict.Denied);
        }

        // 2. The factor is looked for before anything refuses, so that every refusal costs the same.
        IReadOnlyList<Match> matches = evidence.Find(candidate?.Devices ?? [], typed, now);
        string digits = typed is DuoPrompt.Code code ? code.Digits : "";
        byte[] mac = bypass.OfBypassCode(candidate?.User.Id.Value ?? default, digits);

        // 3. A source that has failed too often waits, whatever it says now.
        IReadOnlyList<Throttle> throttles = await FailureCounters.ReadAsync(db, attempt, candidate, cancellationToken);
        if (throttles.Max(t => t.BlockedUntil) is { } until && until > now)
        {
            return (Outcome.Denied(Reasons.FrequentAttempts), "Too many wrong passcodes. Try again " + In(until - now));
        }

        // 4. The policy: user, groups, lock-out, network, factors.
        Ruling ruling = Policy.Decide(attempt, candidate, now);
        if (ruling is Ruling.Allow allow && candidate is not null)
        {
            return (Outcome.Success(allow.Reason, AuthenticationAudit.NoFactor), Verdict.Welcome);
        }

        if (ruling is not Ruling.Ask ask || candidate is null)
        {
            // For the source only, under the name as such: who probes names waits, and it costs what a guess costs.
            await counters.FailedAsync(db, attempt, candidate: null, now, cancellationToken);
            return Refused(ruling);
        }

        // 5. A phone is asked, or there is none to ask.
        if (OpenPush.PhoneOf(typed, ask.Phones) is { } phone)
        {
            return await pushes.RunAsync(db, attempt, candidate, phone, id, now, cancellationToken);
        }

        if (typed is DuoPrompt.Device)
        {
            return (Outcome.Denied(Reasons.NoDefaultFactor, FactorNames.Push), Verdict.NoDevice);
        }

        if (typed is DuoPrompt.Auto)
        {
            return (
                Outcome.Denied(Reasons.NoDefaultFactor), "No factor works without a passcode. Log in at a terminal.");
        }

        // 6. The factor is checked and used in one statement for each device that shows it.
        Outcome? proven = null;
        if (ask.Factors.Passcode)
        {
            proven = await UsePasscodeAsync(db, matches, cancellationToken);
        }

        // Sent again in good faith, it is used up: by the first, which has ended the row of failures already.
        if (proven is null && typed is DuoPrompt.Code
            && await LostAnswer.TryTakeAsync(
                db, attempt, candidate, ask.Factors, now - limits.Resend, cancellationToken) is { } again)
        {
            return (again, Verdict.Welcome);
        }

        if (proven is null && ask.Factors.Bypass
            && await Consumption.TryUseBypassCodeAsync(db, candidate.User.Id, mac, now, cancellationToken))
        {
            proven = Outcome.Success(Reasons.ValidPasscode, FactorNames.BypassCode);
        }

        // 7. What it leaves behind.
        if (proven is not null)
        {
            await FailureCounters.SucceededAsync(db, attempt, candidate, throttles, now, cancellationToken);
            return (proven, Verdict.Welcome);
        }

        await counters.FailedAsync(db, attempt, candidate, now, cancellationToken);
        return (Wrong(typed, matches, candidate.Devices), Verdict.Wrong);
    }

    // Two devices that show the same may be one secret twice: each passcode of it is good once all the same.
    private static async Task<Outcome?> UsePasscodeAsync(
        ServerDbContext db, IReadOnlyList<Match> matches, CancellationToken cancellationToken)
    {
        int fresh = 0;
        foreach (Match match in matches)
        {
            fresh += await Consumption.TryUseAsync(db, match, cancellationToken) ? 1 : 0;
        }

        return fresh > 0 && fresh == matches.Count
            ? Outcome.Success(Reasons.ValidPasscode, FactorNames.Of(matches[0].Device), matches[0].Device)
            : null;
    }

    private Verdict Record(
        ServerDbContext db,
        Attempt attempt,
        Candidate? candidate,
        Outcome outcome,
        string message,
        string id,
        DateTimeOffset now)
    {
        bool allowed = outcome.Result == AuditResults.Success;
        (AuthenticationState state, string status) = outcome switch
        {
            { IsWaiting: true } => (AuthenticationState.Waiting, "pushed"),
            { Reason: Reasons.BypassUser } when allowed => (AuthenticationState.Allowed, "bypass"),
            _ when allowed => (AuthenticationState.Allowed, "allow"),
            { Reason: Reasons.LockedOut } => (AuthenticationState.Denied, "locked_out"),
            _ => (AuthenticationState.Denied, "deny"),
        };
        bool again = outcome is { Reason: Reasons.Error };
        db.Authentications.Add(new Authentication
        {
            TransactionId = id,
            ApplicationId = attempt.Application.Id,
            UserId = candidate?.User.Id,
            State = state,
            Status = status,
            StatusMessage = message,
            IsAsync = attempt.IsAsync,
            IsRedeemed = allowed && !attempt.IsAsync,
            Waiter = outcome.IsWaiting && !attempt.IsAsync ? node.Id : null,
            SignatureHash = again ? null : attempt.SignatureHash,
            RequestMac = attempt.RequestMac,
            CreatedAt = outcome.ProvenAt ?? now,
            ExpiresAt = now + limits.TransactionLife,
        });
        if (!outcome.IsWaiting)
        {
            AuthenticationAudit.Add(db, attempt, candidate, outcome, id, now);
        }

        return new(state, status, message, id) { Until = outcome.IsWaiting ? now + limits.PushLife : null };
    }

    private static (Outcome Outcome, string Message) Refused(Ruling ruling) => ruling switch
    {
        Ruling.Deny deny => (Outcome.Denied(deny.Reason), deny.Message),
        Ruling.Enrol => (Outcome.Denied(Reasons.Unenrolled), "Enroll an authentication device to proceed"),
        _ => (Outcome.Denied(Reasons.Error), Verdict.Denied),
    };

    private static Outcome Wrong(DuoPrompt typed, IReadOnlyList<Match> matches, IReadOnlyList<Device> devices) =>
        Outcome.Denied(
            Reasons.InvalidPasscode,
            matches.Count > 0 ? FactorNames.Of(matches[0].Device) : FactorNames.Tried(typed, devices)) with
        {
            Device = matches.Count > 0 ? matches[0].Device : null,
            Detail = (matches.Count, typed) switch
            {
                (> 0, _) => "used before",
                (_, DuoPrompt.Code) => devices.Any(d => d.OutOfStep) ? "a token waits for device resync" : null,
                _ => "no passcode",
            },
        };

    private static string In(TimeSpan wait) =>
        string.Create(CultureInfo.InvariantCulture, $"in {Math.Ceiling(wait.TotalMinutes)} minutes.");

    // Attempts of one user are decided one after the other, so that many at once are not many free guesses. On SQLite
    // there is one writer anyway.
    private static async Task LockAsync(ServerDbContext db, Subject subject, CancellationToken cancellationToken)
    {
        if (db is not PostgresDbContext)
        {
            return;
        }

        string text = subject.Text;
        FormattableString one = subject.IsKey
            ? (FormattableString)$"""SELECT 1 FROM users WHERE "Key" = {text} FOR UPDATE"""
            : $"""SELECT 1 FROM users WHERE "Id" = (SELECT "UserId" FROM aliases WHERE "Name" = {text}) FOR UPDATE""";
        await db.Database.ExecuteSqlAsync(one, cancellationToken);
    }
}
