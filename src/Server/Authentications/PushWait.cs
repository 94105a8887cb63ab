using Sallyport.Server.Applications;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>
/// Waits until a push is decided, at whatever node that happens. A waiting login holds no thread. It ends with
/// OperationCanceledException where the client is gone, and where this node is told to stop: then its client has to ask
/// again, another node or the next run of this one.
/// </summary>
internal sealed class PushWait(
    AuthenticationStatus status, Signals signals, IHostApplicationLifetime lifetime, TimeProvider time) : IDisposable
{
    // All may be woken at once. The others stand behind these, and not in the database's queue, which is everybody's.
    private const int MostReading = 64;

    /// <summary>
    /// For clients that give up a connection on which nothing is said. A push of 55 s has 12 answers then, of the 15 that
    /// it may get.
    /// </summary>
    public static readonly TimeSpan ShortSilence = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _reading = new(MostReading);

    /// <summary>For who asks by the transaction's id. The first is told at once that it waits; who asks again waits.</summary>
    /// <param name="silence">After which he is told again that it waits; null: when it is decided.</param>
    public Task<Verdict?> PollAsync(
        IntegrationId application, string transactionId, TimeSpan? silence, CancellationToken cancellationToken) =>
        UntilDecidedAsync(application, transactionId, isPoll: true, silence, cancellationToken);

    /// <summary>
    /// For the request that opened it or joined it, and waits for the verdict itself. Where it goes away, the same
    /// request, sent again, may take its place.
    /// </summary>
    public async Task<Verdict?> AnswerAsync(
        IntegrationId application, string transactionId, CancellationToken cancellationToken)
    {
        try
        {
            return await UntilDecidedAsync(application, transactionId, isPoll: false, silence: null, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await status.AbandonAsync(transactionId, CancellationToken.None);
            throw;
        }
    }

    public void Dispose() => _reading.Dispose();

    private async Task<Verdict?> UntilDecidedAsync(
        IntegrationId application,
        string transactionId,
        bool isPoll,
        TimeSpan? silence,
        CancellationToken cancellationToken)
    {
        DateTimeOffset speak = silence is { } most ? time.GetUtcNow() + most : DateTimeOffset.MaxValue;
        using Signals.Waiter waiter = signals.Await(transactionId);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, lifetime.ApplicationStopping);
        bool isQuestion = isPoll;
        while (true)
        {
            await _reading.WaitAsync(stop.Token);
            Verdict? verdict;
            try
            {
                // Finished also where the client is gone: what it gives out and nobody gets is taken back by its caller.
                verdict = isPoll
                    ? await status.PollAsync(application, transactionId, isQuestion, CancellationToken.None)
                    : await status.ReadAsync(application, transactionId, CancellationToken.None);
            }
            finally
            {
                _reading.Release();
            }

            DateTimeOffset now = time.GetUtcNow();
            if (verdict?.Until is not { } until || speak <= now)
            {
                return verdict is null ? null : verdict with { Until = null };
            }

            isQuestion = false;
            await waiter.WaitAsync((until < speak ? until : speak) - now, stop.Token);
        }
    }
}
