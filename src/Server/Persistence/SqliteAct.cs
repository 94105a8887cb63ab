using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Sallyport.Server.Persistence;

/// <summary>An act in the queue of <see cref="SqliteWriter"/>.</summary>
internal abstract class SqliteAct
{
    /// <summary>
    /// Runs it in a savepoint, and remembers how it ended. Throws where the whole transaction is lost, as it is when
    /// SQLite itself rolled it back (a full disk).
    /// </summary>
    public abstract void Run(SqliteDbContext db, SqliteConnection connection);

    /// <summary>Tells the caller how it ended, and wakes who waits for it: the commit is durable.</summary>
    public abstract void Complete(Signals signals);

    /// <summary>Tells the caller that nothing of it is there.</summary>
    public abstract void Fail(Exception failure);
}

internal sealed class SqliteAct<T>(
    Func<ServerDbContext, CancellationToken, Task<T>> act, CancellationToken cancellationToken) : SqliteAct
{
    private readonly TaskCompletionSource<T> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;
    private Exception? _failure;
    private string[] _wakes = [];
    private Action[] _counts = [];

    public Task<T> Task => _ended.Task;

    [SuppressMessage(
        "Design", "CA1031", Justification = "It is the caller's: it goes to him, and undoes his act alone.")]
    public override void Run(SqliteDbContext db, SqliteConnection connection)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            _failure = new OperationCanceledException(cancellationToken);
            return;
        }

        SqliteWriter.Execute(connection, "SAVEPOINT act");
        try
        {
            // SQLite's calls are synchronous underneath, and this thread has nothing else to do.
            _result = act(db, CancellationToken.None).GetAwaiter().GetResult();
            db.SaveChanges();
            _wakes = [.. db.Wakes];
            _counts = [.. db.Counts];
        }
        catch (Exception failure)
        {
            _failure = failure;
        }

        db.Wakes.Clear();
        db.Counts.Clear();
        db.ChangeTracker.Clear();
        if (_failure is null)
        {
            SqliteWriter.Execute(connection, "RELEASE act");
            return;
        }

        try
        {
            SqliteWriter.Execute(connection, "ROLLBACK TO act; RELEASE act");
        }
        catch (SqliteException)
        {
            throw new StorageException("SQLite gave up the transaction.", _failure);
        }
    }

    public override void Complete(Signals signals)
    {
        if (_failure is null)
        {
            Array.ForEach(_counts, count => count());
            _ended.SetResult(_result!);
            signals.Raise(_wakes);
        }
        else
        {
            _ended.SetException(_failure);
        }
    }

    public override void Fail(Exception failure) => _ended.SetException(failure);
}
