using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Sallyport.Server.Persistence;

/// <summary>
/// SQLite has one writer at a time, so there is one here, on a thread of its own. While a commit waits for the disk,
/// acts gather; the next batch runs them all in one transaction, each in a savepoint of its own, and pays for the disk
/// once. Nobody goes on before the commit of his batch is durable; a commit that fails, fails every act in it.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private const int MostWaiting = 4096;
    private const int MostInBatch = 64; // some ten milliseconds of work: what the first of a batch waits for the last
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(250);

    private readonly DbContextOptions<SqliteDbContext> _options;
    private readonly Signals _signals;
    private readonly CommitMeter _meter;
    private readonly BlockingCollection<SqliteAct> _waiting = new(MostWaiting);
    private readonly Thread _thread;
    private readonly Lock _starting = new();
    private SqliteDbContext? _db;
    private long _version;
    private long _looked;
    private bool _started;

    public SqliteWriter(DatabaseSettings settings, Signals signals, CommitMeter meter)
    {
        _signals = signals;
        _meter = meter;
        DbContextOptionsBuilder<SqliteDbContext> builder = new();
        settings.UseForWriter(builder);
        _options = builder.Options;
        _thread = new(Work) { IsBackground = true, Name = "SQLite writer" };
    }

    public Task<T> RunAsync<T>(
        Func<ServerDbContext, CancellationToken, Task<T>> act, CancellationToken cancellationToken)
    {
        if (Thread.CurrentThread == _thread)
        {
            throw new InvalidOperationException("An act cannot wait for another act.");
        }

        lock (_starting)
        {
            if (!_started)
            {
                _thread.Start();
                _started = true;
            }
        }

        SqliteAct<T> waiting = new(act, cancellationToken);
        return _waiting.TryAdd(waiting, millisecondsTimeout: 0, CancellationToken.None)
            ? waiting.Task
            : throw new StorageException($"{MostWaiting} changes wait for the disk already.");
    }

    /// <summary>Finishes what waits.</summary>
    public void Dispose()
    {
        _waiting.CompleteAdding();
        lock (_starting)
        {
            if (_started)
            {
                _thread.Join();
            }
        }

        _waiting.Dispose();
    }

    private void Work()
    {
        while (!_waiting.IsCompleted)
        {
            bool isAwaited = _signals.IsAwaited;
            if (_waiting.TryTake(out SqliteAct? first, isAwaited ? _look : Timeout.InfiniteTimeSpan))
            {
                RunBatch(first);
            }

            if (isAwaited && Stopwatch.GetElapsedTime(_looked) >= _look)
            {
                HearOthers();
            }
        }

        _db?.Dispose();
    }

    /// <summary>
    /// Commands are processes of their own, and SQLite tells nobody what they did; but it counts, for this connection, what
    /// others committed. Only while somebody waits is it looked at.
    /// </summary>
    private void HearOthers()
    {
        _looked = Stopwatch.GetTimestamp();
        if (_db is null)
        {
            return; // it broke; the next act opens it, and begins anew
        }

        try
        {
            long version = Version((SqliteConnection)_db.Database.GetDbConnection());
            if (version != _version)
            {
                _version = version;
                _signals.RaiseAll();
            }
        }
        catch (SqliteException)
        {
            _db.Dispose();
            _db = null;
        }
    }

    private static long Version(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA data_version";
        return (long)command.ExecuteScalar()!;
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "Whatever it is, each act of the batch must hear that it failed.")]
    private void RunBatch(SqliteAct first)
    {
        List<SqliteAct> begun = [];
        try
        {
            _db ??= Open();
            SqliteConnection connection = (SqliteConnection)_db.Database.GetDbConnection();
            Execute(connection, "BEGIN IMMEDIATE");
            SqliteAct? act = first;
            do
            {
                begun.Add(act);
                act.Run(_db, connection);
            }
            while (begun.Count < MostInBatch && _waiting.TryTake(out act));

            Execute(connection, "COMMIT");
        }
        catch (Exception failure)
        {
            // The connection is given up with its transaction, whatever state it is in: closing it rolls back.
            _db?.Dispose();
            _db = null;
            if (begun.Count == 0)
            {
                begun.Add(first);
            }

            begun.ForEach(act => act.Fail(failure));
            _meter.Failed();
            return;
        }

        _meter.Committed(begun.Count);
        begun.ForEach(act => act.Complete(_signals));
    }

    private SqliteDbContext Open()
    {
        SqliteDbContext db = new(_options);
        db.Database.OpenConnection();
        db.Database.AutoTransactionBehavior = AutoTransactionBehavior.Never;
        db.Database.AutoSavepointsEnabled = false;
        _version = 0; // SQLite's own begins above: who waits already is woken once for nothing
        return db;
    }

    internal static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
