using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Sallyport.Server.Persistence;

/// <summary>
/// The one way to change anything: an act and its audit event are in one transaction, durable when it returns. An act
/// that has begun is finished, also where its caller is gone. What is thrown, whatever it is, is a refusal to the
/// caller: where the connection was lost in the commit nobody knows whether it happened, so nothing is tried again.
/// </summary>
/// <remarks>
/// An act reads and writes through the context that it gets, keeps nothing of it, and waits for nothing else: on SQLite
/// all acts stand in one queue (<see cref="SqliteWriter"/>). It checks and consumes in one statement, because on
/// PostgreSQL acts run side by side at READ COMMITTED.
/// </remarks>
internal sealed class Transactions(
    IDbContextFactory<ServerDbContext> contexts,
    DatabaseSettings settings,
    Signals signals,
    CommitMeter meter,
    PostgresNotices? notices = null) : IDisposable
{
    private readonly SqliteWriter? _writer = settings.Postgres is null ? new(settings, signals, meter) : null;

    /// <summary>What <paramref name="act"/> throws undoes it.</summary>
    /// <param name="cancellationToken">Ends the wait; an act that has not begun then never does.</param>
    public Task<T> RunAsync<T>(
        Func<ServerDbContext, CancellationToken, Task<T>> act, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        return Telemetry.Activities.HasListeners()
            ? RunTracedAsync(act, cancellationToken)
            : BeginAsync(act, cancellationToken);
    }

    public void Dispose() => _writer?.Dispose();

    private async Task<T> RunTracedAsync<T>(
        Func<ServerDbContext, CancellationToken, Task<T>> act, CancellationToken cancellationToken)
    {
        using DatabaseSpan span = new("transaction");
        return span.Ended(await BeginAsync(act, cancellationToken));
    }

    private Task<T> BeginAsync<T>(
        Func<ServerDbContext, CancellationToken, Task<T>> act, CancellationToken cancellationToken)
    {
        Task<T> running = _writer is null ? RunAloneAsync(act) : _writer.RunAsync(act, cancellationToken);
        return cancellationToken.CanBeCanceled ? running.WaitAsync(cancellationToken) : running;
    }

    private async Task<T> RunAloneAsync<T>(Func<ServerDbContext, CancellationToken, Task<T>> act)
    {
        bool committed = false;
        try
        {
            await using ServerDbContext db = await contexts.CreateDbContextAsync(CancellationToken.None);
            db.Database.AutoSavepointsEnabled = false;
            db.Wakes.Clear(); // the context is one of a pool
            db.Counts.Clear();
            await using IDbContextTransaction transaction =
                await db.Database.BeginTransactionAsync(CancellationToken.None);
            T result = await act(db, CancellationToken.None);
            await db.SaveChangesAsync(CancellationToken.None);
            bool isServer = notices is { IsRunning: true };
            foreach (string topic in isServer ? [] : db.Wakes)
            {
                await PostgresListener.NotifyAsync(db, topic);
            }

            await transaction.CommitAsync(CancellationToken.None);
            committed = true;
            signals.Raise(db.Wakes); // those who wait here need not wait for PostgreSQL to tell
            if (isServer)
            {
                notices!.Post(db.Wakes);
            }

            meter.Committed(acts: 1);
            db.Counts.ForEach(count => count());
            return result;
        }
        finally
        {
            if (!committed)
            {
                meter.Failed();
            }
        }
    }
}
