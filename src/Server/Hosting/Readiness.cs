using System.Data.Common;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Hosting;

/// <summary>
/// Whether a login could be decided now. Anybody may ask, so the database is asked once a second at most.
/// </summary>
internal sealed class Readiness(
    Database database,
    ServerCertificates certificates,
    TimeProvider time,
    ILogger<Readiness> logger) : IDisposable
{
    private static readonly TimeSpan _good = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _one = new(1);
    private string? _problem = "not asked yet";
    private DateTimeOffset _until = DateTimeOffset.MinValue;

    /// <returns>What is missing, in words that tell a stranger nothing; null: ready.</returns>
    public async Task<string?> ProblemAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (time.GetUtcNow() >= _until)
            {
                _problem = await AskAsync(cancellationToken);
                _until = time.GetUtcNow() + _good;
            }

            return _problem;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<string?> AskAsync(CancellationToken cancellationToken)
    {
        if (!certificates.IsValid)
        {
            Log.NotReady(logger, null, "the certificate is not valid now");
            return "certificate";
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_longest);
        try
        {
            SchemaState state = await database.StateAsync(limit.Token).WaitAsync(limit.Token);
            if (state is SchemaState.Current)
            {
                return null;
            }

            Log.NotReady(logger, null, $"the database is {state}");
            return "migrations";
        }
        catch (Exception unreachable) when (unreachable is DbException or InvalidOperationException or TimeoutException
            || (unreachable is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Log.NotReady(logger, unreachable, "the database does not answer");
            return "database";
        }
    }
}
