using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.DuoApi;

/// <summary>An application and the keys that sign for it now.</summary>
internal sealed record KnownApplication(Application Application, byte[] SecretKey, byte[]? PreviousSecretKey)
{
    public override string ToString() => $"[application {Application.IntegrationKey}]";
}

/// <summary>
/// Applications by their integration keys, remembered for a second: for so long a removed one still works, or one that
/// was changed works as before. Who is not known is never remembered.
/// </summary>
internal sealed class KnownApplications(
    IDbContextFactory<ServerDbContext> contexts, Secrets secrets, TimeProvider time)
{
    private static readonly TimeSpan _life = TimeSpan.FromSeconds(1);
    private readonly Func<ServerDbContext, string, Task<Application?>> _byKey = EF.CompileAsyncQuery(
        (ServerDbContext db, string ikey) =>
            db.Set<Application>().AsNoTracking().FirstOrDefault(a => a.IntegrationKey == ikey));

    private readonly ConcurrentDictionary<string, (KnownApplication Known, long At)> _recent = new(StringComparer.Ordinal);

    public async Task<KnownApplication?> FindAsync(string integrationKey, CancellationToken cancellationToken)
    {
        if (_recent.TryGetValue(integrationKey, out var recent) && time.GetElapsedTime(recent.At) < _life)
        {
            return recent.Known;
        }

        long at = time.GetTimestamp();
        using DatabaseSpan span = new("read application");
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (span.Ended(await _byKey(db, integrationKey)) is not { } application)
        {
            _recent.TryRemove(integrationKey, out _);
            return null;
        }

        bool hasPrevious = application.PreviousSecretKeyUntil > time.GetUtcNow();
        KnownApplication known = new(
            application,
            Open(application, application.ProtectedSecretKey),
            hasPrevious && application.PreviousProtectedSecretKey is { } previous ? Open(application, previous) : null);
        _recent[integrationKey] = (known, at);
        return known;
    }

    private byte[] Open(Application application, byte[] ciphertext) =>
        secrets.Unprotect(SecretKind.SecretKey, application.Id.Value, ciphertext);
}
