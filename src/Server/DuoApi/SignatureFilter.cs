using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Authentications;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.DuoApi;

/// <summary>Who signed a request, or why nobody did.</summary>
internal abstract record Signed
{
    private Signed()
    {
    }

    internal sealed record Refused(ApiError Error, string? IntegrationKey) : Signed;

    internal sealed record By(KnownApplication Known, DuoSignatureMatch Match, byte[] Hash, byte[] RequestMac) : Signed;
}

/// <summary>Lets through what an application signed, now, with a key of its own.</summary>
internal sealed class SignatureFilter(
    KnownApplications applications, Transactions transactions, TimeProvider time, ILogger<SignatureFilter> logger)
{
    private const int MostUndated = 10_000;
    private static readonly TimeSpan _undatedAuditEvery = TimeSpan.FromHours(1);
    private readonly ConcurrentDictionary<string, long> _undatedRefused = new(StringComparer.Ordinal);

    public async Task<Signed> VerifyAsync(
        DuoRequestText request, StringValues authorizationHeader, CancellationToken cancellationToken)
    {
        if (authorizationHeader.Count != 1
            || !DuoAuthorization.TryParse(authorizationHeader[0], out DuoAuthorization? authorization))
        {
            return new Signed.Refused(ApiError.MissingCredentials, null);
        }

        string ikey = authorization.IntegrationKey;
        KnownApplication? known = await applications.FindAsync(ikey, cancellationToken);

        // Nothing is computed for nobody: that nobody has the key is what the answer says.
        if (known is null)
        {
            return new Signed.Refused(ApiError.UnknownIntegrationKey, ikey);
        }

        byte[] key = known.SecretKey;
        DuoSignatureMatch? match = Verify(request, key, authorization);
        if (match is null && known.PreviousSecretKey is not null)
        {
            key = known.PreviousSecretKey;
            match = Verify(request, key, authorization);
        }

        if (match is null)
        {
            return new Signed.Refused(ApiError.WrongSignature, ikey);
        }

        if (!match.IsDated)
        {
            if (!known.Application.LegacyClients)
            {
                await AuditUndatedAsync(known.Application, cancellationToken);
                return new Signed.Refused(ApiError.WrongSignature with { Detail = "date is not signed" }, ikey);
            }
        }
        else if (!DuoDate.TryParse(request.Date, out DateTimeOffset date)
            || !DuoDate.IsWithin(date, time.GetUtcNow(), DuoDate.Window))
        {
            return new Signed.Refused(ApiError.BadTimestamp, ikey);
        }

        string mac = $"{ikey}:{Encoding.ASCII.GetString(authorization.HexMac)}";
        string again = $"{request.Method}\n{request.Path}\n{request.Parameters.Canonical()}";
        return new Signed.By(
            known,
            match,
            SHA256.HashData(Encoding.ASCII.GetBytes(mac)),
            HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(again)));
    }

    private static DuoSignatureMatch? Verify(DuoRequestText request, byte[] key, DuoAuthorization authorization) =>
        DuoSignature.Verify(request, key, authorization.HexMac, allowsUndated: true);

    /// <summary>Who sends this has the secret key. One row an hour and application says it.</summary>
    private async Task AuditUndatedAsync(Application application, CancellationToken cancellationToken)
    {
        bool lately = _undatedRefused.TryGetValue(application.IntegrationKey, out long at)
            && time.GetElapsedTime(at) < _undatedAuditEvery;
        if (lately || _undatedRefused.Count >= MostUndated)
        {
            return;
        }

        _undatedRefused[application.IntegrationKey] = time.GetTimestamp();
        Log.UndatedRefused(logger, application.Name);
        DateTimeOffset now = time.GetUtcNow();
        await transactions.RunAsync(
            (db, _) =>
            {
                db.AuditEvents.Add(new AuditEvent
                {
                    Id = Guid.CreateVersion7(now),
                    At = now,
                    Action = AuditActions.Authentication,
                    Result = AuditResults.Failure,
                    Reason = Reasons.Error,
                    ApplicationName = application.Name,
                    ApplicationKey = application.IntegrationKey,
                    Detail = "undated signature: a client before 2.0.4, and the application is not for legacy clients",
                });
                return Task.FromResult(true);
            },
            cancellationToken);
    }
}
