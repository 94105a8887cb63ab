using Sallyport.Cli.Terminal;

namespace Sallyport.Cli.Phone;

/// <summary>
/// sallyport phone watch: a line for each login that begins to wait, and for each that does not any more.
/// </summary>
internal sealed class WatchRequests(PhoneApi api, PhoneIdentity phone, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private Dictionary<string, PendingRequest> _waiting = [];
    private bool _isAway;

    /// <summary>Goes on until what is wrong does not pass by itself.</summary>
    /// <exception cref="PhoneException">The server has refused, or is not the one.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = FirstPause;
        while (true)
        {
            TimeSpan notBefore = TimeSpan.Zero;
            try
            {
                using EventStream events = await api.EventsAsync(phone, cancellationToken);
                while (await events.NextAsync(cancellationToken) is byte[] data)
                {
                    Show(PendingRequest.ParseAll(data));
                    pause = FirstPause;
                }
            }
            catch (PhoneException away) when (away.Passes)
            {
                notBefore = away.NotBefore;
                Away(away.Message);
            }

            await Task.Delay(pause > notBefore ? pause : notBefore, time, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private void Show(IReadOnlyList<PendingRequest> waiting)
    {
        if (_isAway)
        {
            Screen.WriteError("The server is there again.");
            _isAway = false;
        }

        DateTimeOffset now = time.GetUtcNow();
        Dictionary<string, PendingRequest> before = _waiting;
        _waiting = waiting.DistinctBy(request => request.Transaction).ToDictionary(request => request.Transaction);
        foreach (PendingRequest over in before.Values.Where(request => !_waiting.ContainsKey(request.Transaction)))
        {
            Screen.Write($"over\t{RequestText.Shown(over.Transaction)}\n");
        }

        foreach (PendingRequest begun in waiting.Where(request => !before.ContainsKey(request.Transaction)))
        {
            Screen.Write($"new\t{RequestText.Line(begun, now)}\n");
        }
    }

    // Once for each time that it is away, and not for each attempt.
    private void Away(string why)
    {
        if (!_isAway)
        {
            Screen.WriteError($"sallyport phone: {why}. Trying again.");
        }

        _isAway = true;
    }
}
