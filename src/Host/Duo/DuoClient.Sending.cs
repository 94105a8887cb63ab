namespace Sallyport.Host.Duo;

/// <content>
/// Sending, and sending again. A lost connection is a reason to send again, at once; silence is not, because whoever
/// waits has waited. What is sent again has only what is left of its time.
/// </content>
internal sealed partial class DuoClient
{
    private static readonly TimeSpan _brief = TimeSpan.FromSeconds(1.5);

    private static long Now => Environment.TickCount64;

    private HttpAnswer AskTimely(DuoCall call, Func<bool> isGone)
    {
        TimeSpan patience = call.IsBrief ? Shorter(settings.HttpsTimeout, _brief) : settings.HttpsTimeout;
        patience = call.Until is long until ? Shorter(patience, Left(until)) : patience;
        TimeSpan silence = call.Silence ?? patience;
        long? end = null; // of the wait for an answer
        long? mended = null; // until when trouble may last
        for (int number = 1; ; number++)
        {
            DuoException failure;
            long asked = Now;
            long began; // when the trouble did
            try
            {
                DuoLease lease = Connect(number, mended is long then ? Left(then) : patience, isGone);
                long wholly = Math.Min(Now + (long)silence.TotalMilliseconds, call.Until ?? long.MaxValue);
                end = call.IsPoll ? wholly : end ?? wholly;
                HttpAnswer answer = AskOn(lease, call, end.Value, isGone);
                if (!call.IsPoll || answer.Status < 500)
                {
                    return answer;
                }

                failure = Refusal(answer);
                began = Now;
            }
            catch (LostException lost)
            {
                failure = Failed(lost);
                began = lost.End is WireEnd.Vanished ? Math.Max(asked, Now - Wire.Unheard(settings.HttpsTimeout)) : Now;
                if (lost.End is not (WireEnd.Lost or WireEnd.Vanished) || (number >= call.MostTries && !call.IsPoll))
                {
                    throw failure;
                }
            }
            catch (DuoException away) when (call.IsPoll && away.Failure is DuoFailure.Unreachable)
            {
                failure = away;
                began = asked;
            }

            mended ??= Math.Min(
                (call.IsPoll ? call.Until : end) ?? long.MaxValue, began + (long)patience.TotalMilliseconds);
            TimeSpan pause = TimeSpan.FromMilliseconds(Math.Min(100 << Math.Min(number - 1, 4), 1000));
            if (Left(mended.Value) <= pause)
            {
                throw failure;
            }

            Pause(pause, isGone);
        }
    }

    /// <summary>The connection of an earlier login; but where that was dead, one of its own.</summary>
    private DuoLease Connect(int number, TimeSpan patience, Func<bool> isGone) =>
        (number == 1 ? _server.Take() : null)
        ?? _server.Lease(DuoConnection.Open(settings, _server.Lookup, userAgent, patience, isGone));

    private HttpAnswer AskOn(DuoLease lease, DuoCall call, long end, Func<bool> isGone)
    {
        HttpAnswer? answer = null;
        try
        {
            DateTimeOffset now = time.GetUtcNow() + _server.Offset;
            byte[] request = call.ToBytes(settings, userAgent, call.IsDecidedOnce ? _server.SecondOfItsOwn(now) : now);
            answer = lease.Connection.Ask(request, end, settings.HttpsTimeout, isGone);
            return answer;
        }
        catch (HttpAnswerException none)
        {
            throw new DuoException(DuoFailure.Refused, $"Couldn't connect to {settings.Place}: {none.Message}", none);
        }
        catch (LostException) when (lease.WasIdle)
        {
            _server.DropIdle();
            throw;
        }
        finally
        {
            if (answer?.MayGoOn is true)
            {
                _server.Keep(lease);
            }
            else
            {
                lease.Connection.Dispose();
            }
        }
    }

    /// <summary>No answer at all is no decision of anybody's. A part of one is.</summary>
    private DuoException Failed(LostException lost) => lost.End is WireEnd.Gone
        ? Cancelled()
        : new DuoException(
            lost.End is (WireEnd.Silent or WireEnd.Lost or WireEnd.Vanished) && !lost.HasBegun
                ? DuoFailure.Unreachable
                : DuoFailure.Refused,
            $"Couldn't connect to {settings.Place}: Connection closed",
            lost)
        {
            IsSilent = lost.End is WireEnd.Silent or WireEnd.Vanished,
        };

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Left(long end) => TimeSpan.FromMilliseconds(Math.Max(end - Now, 0));

    private static void Pause(TimeSpan pause, Func<bool> isGone)
    {
        long end = Now + (long)pause.TotalMilliseconds;
        for (TimeSpan left = pause; left > TimeSpan.Zero; left = Left(end))
        {
            if (isGone())
            {
                throw Cancelled();
            }

            Thread.Sleep((int)Math.Min(left.TotalMilliseconds, Wire.Slice));
        }
    }

    private static DuoException Cancelled() =>
        new(DuoFailure.Cancelled, "nobody waits for the answer any more");
}
