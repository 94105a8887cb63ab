using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Applications;

/// <param name="Application">Its name or its integration key.</param>
internal sealed record RotateSecretKeyRequest(string Application)
{
    /// <summary>How long the key before is good yet; zero: not at all, 30 days at most.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.Zero;
}

internal abstract record RotateSecretKeyResult
{
    private RotateSecretKeyResult()
    {
    }

    internal sealed record Invalid(string What) : RotateSecretKeyResult;

    internal sealed record UnknownApplication : RotateSecretKeyResult;

    internal sealed record Rotated(
        string IntegrationKey, NewSecretKey SecretKey, DateTimeOffset? PreviousUntil) : RotateSecretKeyResult;
}

/// <summary>Gives an application a new secret key, and shows it, this once.</summary>
internal sealed class RotateSecretKey(
    Transactions transactions, Secrets secrets, AdministratorAudit audit, TimeProvider time)
{
    private static readonly TimeSpan _longestGrace = TimeSpan.FromDays(30);

    public async Task<RotateSecretKeyResult> RunAsync(
        RotateSecretKeyRequest request, CancellationToken cancellationToken)
    {
        if (request.Grace < TimeSpan.Zero || request.Grace > _longestGrace)
        {
            return new RotateSecretKeyResult.Invalid("the key before is good for 0 to 30 days more");
        }

        string skey = PublicKeys.NewSecretKey();
        return await transactions.RunAsync<RotateSecretKeyResult>(
            async (db, stop) =>
            {
                Application? application = await db.Applications
                    .SingleOrDefaultAsync(FindApplication.Named(request.Application), stop);
                if (application is null)
                {
                    return new RotateSecretKeyResult.UnknownApplication();
                }

                bool graceful = request.Grace > TimeSpan.Zero;
                application.PreviousProtectedSecretKey = graceful ? application.ProtectedSecretKey : null;
                application.PreviousSecretKeyUntil = graceful ? time.GetUtcNow() + request.Grace : null;
                application.ProtectedSecretKey =
                    secrets.Protect(SecretKind.SecretKey, application.Id.Value, Encoding.ASCII.GetBytes(skey));
                audit.Add(
                    db,
                    AuditActions.ApplicationRotate,
                    applicationName: application.Name,
                    applicationKey: application.IntegrationKey,
                    detail: graceful ? $"the key before is good until {application.PreviousSecretKeyUntil:u}" : null);
                return new RotateSecretKeyResult.Rotated(
                    application.IntegrationKey, new(skey), application.PreviousSecretKeyUntil);
            },
            cancellationToken);
    }
}
