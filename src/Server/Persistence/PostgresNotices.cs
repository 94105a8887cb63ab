using System.Threading.Channels;
using Npgsql;

namespace Sallyport.Server.Persistence;

/// <summary>
/// Tells the other nodes what this one has made durable (NOTIFY), on a connection of its own. Within the act PostgreSQL
/// would tell it, too, but holds one lock for all who notify until the act is on disk: approvals would stand in line.
/// A node that dies in between has told nobody; who waits then learns of it when his time ends.
/// </summary>
internal sealed class PostgresNotices(DatabaseSettings settings, ILogger<PostgresNotices> logger) : BackgroundService
{
    private const int MostWaiting = 100_000; // topics; beyond it the oldest are forgotten
    private const int MostAtOnce = 500;
    private static readonly TimeSpan _again = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _last = TimeSpan.FromSeconds(2);

    private readonly Channel<string> _posted = Channel.CreateBounded<string>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private NpgsqlConnection? _connection;
    private volatile bool _isRunning;

    /// <summary>False: this process runs no server, and has to tell within the act.</summary>
    public bool IsRunning => _isRunning;

    public void Post(IEnumerable<string> topics)
    {
        foreach (string topic in topics)
        {
            _posted.Writer.TryWrite(topic);
        }
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _isRunning = true;
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _posted.Reader.WaitToReadAsync(stoppingToken))
            {
                await TellAsync(Take(), stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The web server has stopped before: this is the last that there is.
            _isRunning = false;
            using CancellationTokenSource late = new(_last);
            while (_posted.Reader.TryPeek(out _) && !late.IsCancellationRequested)
            {
                await TellAsync(Take(), late.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            await CloseAsync();
        }
    }

    private string[] Take()
    {
        HashSet<string> topics = new(StringComparer.Ordinal);
        while (topics.Count < MostAtOnce && _posted.Reader.TryRead(out string? topic))
        {
            topics.Add(topic);
        }

        return [.. topics];
    }

    /// <summary>Until it is told.</summary>
    private async Task TellAsync(string[] topics, CancellationToken cancellationToken)
    {
        bool isLogged = false;
        while (true)
        {
            try
            {
                _connection ??= await OpenAsync(cancellationToken);
                await using NpgsqlCommand command = new(
                    $"SELECT pg_notify('{PostgresListener.Channel}', topic) FROM unnest($1) AS topic", _connection)
                {
                    Parameters = { new() { Value = topics } },
                };
                await command.ExecuteNonQueryAsync(cancellationToken);
                return;
            }
            catch (Exception lost) when (lost is NpgsqlException or TimeoutException or IOException)
            {
                if (!isLogged)
                {
                    Log.NoticesLost(logger, lost);
                }

                isLogged = true;
                await CloseAsync();
                await Task.Delay(_again, cancellationToken);
            }
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        // Nothing is written by it that a crash could take back, so it waits for no disk.
        NpgsqlConnectionStringBuilder own = new(settings.Postgres)
        {
            Pooling = false,
            CommandTimeout = 5,
            Options = "-c synchronous_commit=off",
        };
        NpgsqlConnection connection = new(own.ToString());
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task CloseAsync()
    {
        if (_connection is { } open)
        {
            _connection = null;
            await open.DisposeAsync();
        }
    }
}
