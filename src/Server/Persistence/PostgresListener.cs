using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Sallyport.Server.Persistence;

/// <summary>
/// Hears what the other nodes made durable (LISTEN, NOTIFY), on a connection of its own, and holds this node's lock on
/// it (<see cref="Node"/>). While the connection is lost, who waits is woken at the end of his time, and everybody is
/// woken when it is there again. It needs a session: no pooler that gives each transaction another one.
/// </summary>
internal sealed class PostgresListener(
    DatabaseSettings settings, Node node, Signals signals, ILogger<PostgresListener> logger) : BackgroundService
{
    public const string Channel = "sallyport";

    private static readonly TimeSpan _again = TimeSpan.FromMilliseconds(500);
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Within the act, for who has no <see cref="PostgresNotices"/>: it is told when the act is committed.</summary>
    public static Task NotifyAsync(ServerDbContext db, string topic) =>
        db.Database.ExecuteSqlAsync($"SELECT pg_notify({Channel}, {topic})", CancellationToken.None);

    /// <summary>A node that others do not see alive serves nobody yet.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await base.StartAsync(cancellationToken);
        await _listening.Task.WaitAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bool isTold = false;
        while (true)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception lost) when (lost is NpgsqlException or TimeoutException or IOException)
            {
                if (!isTold)
                {
                    Log.ListenerLost(logger, lost);
                }

                isTold = true;
            }

            _listening.TrySetResult(); // the first time failed: readiness says so, and logins are refused
            await Task.Delay(_again, stoppingToken);
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        // Its death is seen in seconds, here and at the server: an idle connection would hold the lock of a lost node.
        NpgsqlConnectionStringBuilder own = new(settings.Postgres)
        {
            Pooling = false,
            KeepAlive = 5,
            Options = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3",
        };
        await using NpgsqlConnection connection = new(own.ToString());
        connection.Notification += (_, notice) => signals.Raise(notice.Payload);
        await connection.OpenAsync(cancellationToken);
        await using (NpgsqlCommand command = new($"SELECT pg_advisory_lock({node.Id}); LISTEN {Channel}", connection))
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        _listening.TrySetResult();
        signals.RaiseAll();
        while (true)
        {
            await connection.WaitAsync(cancellationToken);
        }
    }
}
