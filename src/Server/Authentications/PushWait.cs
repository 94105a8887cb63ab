using Sallyport.Server.Applications;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>Waits until a push is decided, at whatever node that happens. A waiting login holds no thread.</summary>
internal sealed class PushWait(AuthenticationStatus status, Signals signals, TimeProvider time) : IDisposable
{
    // All may be woken at once. The others stand behind these, and not in the database's queue, which is everybody's.
    private const int MostReading = 64;

    private readonly SemaphoreSlim _reading = new(MostReading);

    /// <summary>For who asks by the transaction's id. The first is told at once that it waits; who asks again waits.</summary>
    public Task<Verdict?> PollAsync(
        IntegrationId application, string transactionId, CancellationToken cancellationToken) =>
        UntilDecidedAsync(application, transactionId, isPoll: true, cancellationToken);

    /// <summary>
    /// For the request that opened it or joined it, and waits for the verdict itself. Where it goes away, the same
    /// request, sent again, may take its place.
    /// </summary>
    public async Task<Verdict?> AnswerAsync(
        IntegrationId application, string transactionId, CancellationToken cancellationToken)
    {
        try
        {
            return await UntilDecidedAsync(application, transactionId, isPoll: false, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await status.AbandonAsync(transactionId, CancellationToken.None);
            throw;
        }
    }

    public void Dispose() => _reading.Dispose();

    private async Task<Verdict?> UntilDecidedAsync(
        IntegrationId application, string transactionId, bool isPoll, CancellationToken cancellationToken)
    {
        using Signals.Waiter waiter = signals.Await(transactionId);
        bool isQuestion = isPoll;
        while (true)
        {
            await _reading.WaitAsync(cancellationToken);
            Verdict? verdict;
            try
            {
                verdict = isPoll
                    ? await status.PollAsync(application, transactionId, isQuestion, cancellationToken)
                    : await status.ReadAsync(application, transactionId, cancellationToken);
            }
            finally
            {
                _reading.Release();
            }

            if (verdict?.Until is not { } until)
            {
                return verdict;
            }

            isQuestion = false;
            await waiter.WaitAsync(until - time.GetUtcNow(), cancellationToken);
        }
    }
}
