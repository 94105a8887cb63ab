using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;

namespace Sallyport.Server.Persistence;

/// <summary>
/// This run of this server, as others know it. A run that has ended, however it ended, is never mistaken for one that
/// still holds a client's connection.
/// </summary>
internal sealed class Node
{
    /// <summary>In the place of a node that is gone.</summary>
    public const long None = 0;

    /// <summary>Random, above 2^32: no other number in PostgreSQL's space of advisory locks is like it.</summary>
    public long Id { get; } = NewId();

    /// <summary>
    /// Whether that run is there. On PostgreSQL each holds a lock of its session (<see cref="PostgresListener"/>), which
    /// ends with its process or its network; on SQLite there is one server, and so one run.
    /// </summary>
    public async Task<bool> IsAliveAsync(ServerDbContext db, long id, CancellationToken cancellationToken)
    {
        if (id == Id || db is not PostgresDbContext)
        {
            return id == Id;
        }

        // Shared, so that two who ask at once do not take each other for it.
        bool isFree = await db.Database
            .SqlQuery<bool>($"SELECT pg_try_advisory_xact_lock_shared({id}) AS \"Value\"")
            .SingleAsync(cancellationToken);
        return !isFree;
    }

    private static long NewId()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return (BitConverter.ToInt64(bytes) & long.MaxValue) | (1L << 33);
    }
}
