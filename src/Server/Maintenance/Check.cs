using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Maintenance;

/// <param name="Problems">Each says what to do; empty: all is well.</param>
internal sealed record CheckResult(IReadOnlyList<string> Problems, int Secrets);

/// <summary>Opens everything once: schema, files' modes, keys, each secret, and the database's own tests.</summary>
internal sealed class Check(
    IDbContextFactory<ServerDbContext> contexts, Database database, Secrets secrets, DatabaseSettings settings)
{
    private const UnixFileMode ForOthers =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private static readonly string[] _rules =
    [
        "approvals_not_changed", "approvals_not_deleted", "approvals_not_emptied", "approvals_not_replaced",
        "audit_events_not_changed", "audit_events_not_deleted", "audit_events_not_emptied",
        "audit_events_not_replaced", "users_new_name", "users_own_name",
    ];

    public async Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        if (await database.StateAsync(cancellationToken) is not SchemaState.Current and var state)
        {
            return new CheckResult([state switch
            {
                SchemaState.Fresh => "The database is empty. Run: sallyport-server init",
                SchemaState.Behind =>
                    "The database is of an older version. Make a backup, then run: sallyport-server migrate",
                _ => "The database is of a newer version of sallyport-server than this program.",
            }], 0);
        }

        List<string> problems = [.. FilesOthersCanReach()];
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        problems.AddRange(await OfDatabaseAsync(db, cancellationToken));
        try
        {
            await database.VerifyKeysAsync(cancellationToken);
        }
        catch (StorageException unusable)
        {
            return new CheckResult([.. problems, unusable.Message], 0);
        }

        int opened = 0;
        await foreach ((string whose, SecretKind kind, Guid row, byte[] ciphertext) in SecretsOf(db))
        {
            try
            {
                CryptographicOperations.ZeroMemory(secrets.Unprotect(kind, row, ciphertext));
                opened++;
            }
            catch (CryptographicException)
            {
                problems.Add($"The secret of {whose} cannot be decrypted: it was changed, or is another row's.");
            }
        }

        return new CheckResult(problems, opened);
    }

    private static async IAsyncEnumerable<(string Whose, SecretKind Kind, Guid Row, byte[] Ciphertext)> SecretsOf(
        ServerDbContext db)
    {
        await foreach (Application application in db.Applications.AsNoTracking().AsAsyncEnumerable())
        {
            string whose = $"application {application.IntegrationKey}";
            yield return (whose, SecretKind.SecretKey, application.Id.Value, application.ProtectedSecretKey);
            if (application.PreviousProtectedSecretKey is { } previous)
            {
                yield return (whose + " before its rotation", SecretKind.SecretKey, application.Id.Value, previous);
            }
        }

        await foreach (Device device in db.Devices.AsNoTracking()
            .Where(d => d.Kind != DeviceKind.Phone).AsAsyncEnumerable())
        {
            yield return ($"device {device.Key}", SecretKind.Otp, device.Id.Value, device.ProtectedSecret);
        }
    }

    private static async Task<List<string>> OfDatabaseAsync(ServerDbContext db, CancellationToken cancellationToken)
    {
        bool sqlite = db is SqliteDbContext;
        List<string> rules = await db.Database.SqlQueryRaw<string>(
            sqlite
                ? "SELECT name AS \"Value\" FROM sqlite_master WHERE type = 'trigger'"
                : "SELECT tgname::text AS \"Value\" FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'")
            .ToListAsync(cancellationToken);
        List<string> problems = [.. _rules
            .Where(rule => sqlite
                ? !rule.EndsWith("_not_emptied", StringComparison.Ordinal)
                : !rule.EndsWith("_not_deleted", StringComparison.Ordinal)
                    && !rule.EndsWith("_not_replaced", StringComparison.Ordinal))
            .Except(rules)
            .Select(rule => $"The database's rule {rule} is gone or switched off: somebody changed the schema.")];
        if (sqlite)
        {
            problems.AddRange((await db.Database
                .SqlQueryRaw<string>("SELECT integrity_check AS \"Value\" FROM pragma_integrity_check")
                .ToListAsync(cancellationToken))
                .Where(line => line != "ok")
                .Select(line => $"integrity_check: {line}"));
            problems.AddRange((await db.Database
                .SqlQueryRaw<string>("SELECT \"table\" AS \"Value\" FROM pragma_foreign_key_check")
                .ToListAsync(cancellationToken)).Select(table => $"A row of {table} points to one that is not there."));
        }
        else if (await db.Database.SqlQueryRaw<string>("SELECT current_setting('synchronous_commit') AS \"Value\"")
            .SingleAsync(cancellationToken) == "off")
        {
            problems.Add("synchronous_commit is off: a used passcode can come back after a crash. Set it to on.");
        }

        return problems;
    }

    private IEnumerable<string> FilesOthersCanReach() =>
        from file in new[] { settings.SqliteFile, settings.SqliteFile + "-wal", settings.SqliteFile + "-shm" }
        where File.Exists(file) && (File.GetUnixFileMode(file) & ForOthers) != 0
        select $"{file} can be reached by others than its owner. Run: chmod go= {file}";
}
