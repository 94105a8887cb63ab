using System.Globalization;
using System.Security.Cryptography;
using Sallyport.Protocol.Duo;

namespace Sallyport.Host.Duo;

/// <content>Asking whoever has too much to do (again, later), or waits for a person (is it still there?).</content>
internal sealed partial class DuoClient
{
    /// <summary>How long a server may say that it has too much to do.</summary>
    private static readonly TimeSpan _longestRefusal = TimeSpan.FromSeconds(32);

    private static readonly TimeSpan _shortestPause = TimeSpan.FromSeconds(1);

    /// <summary>The answer, whatever its status, but no 429 as long as that can be waited for.</summary>
    private HttpAnswer Ask(DuoCall call, Func<bool> isGone)
    {
        long? first = null; // when it was refused
        for (int number = 0; ; number++)
        {
            HttpAnswer answer = number == 0 ? AskWatched(call, isGone) : Spoken(() => AskWatched(call, isGone));
            if (answer.Status != 429 || call.IsBrief)
            {
                return number > 0 && answer.Status >= 500 ? throw Refusal(answer).AsRefusal() : answer;
            }

            TimeSpan pause = RetryAfter(answer) ?? TimeSpan.FromSeconds(1 << Math.Min(number, 6));
            pause = number > 0 && pause < _shortestPause ? _shortestPause : pause; // "at once" is said once
            first ??= Now;
            if (TimeSpan.FromMilliseconds(Now - first.Value) + pause > _longestRefusal
                || (call.Until is long until && pause > Left(until)))
            {
                return answer;
            }

            // A part of a second more, so that those who were refused together do not come together.
            Waits?.Invoke(pause);
            Pause(pause + TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(250)), isGone);
        }
    }

    /// <summary>The server has spoken about this already, so it is there: what it fails to say now refuses.</summary>
    private static T Spoken<T>(Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (DuoException failed)
        {
            throw failed.AsRefusal();
        }
    }

    /// <summary>
    /// Where a server may be silent for longer than https_timeout, because a person is asked, a ping tells in time
    /// whether it is still there.
    /// </summary>
    private HttpAnswer AskWatched(DuoCall call, Func<bool> isGone)
    {
        if (call.Silence is null || call.Silence <= settings.HttpsTimeout)
        {
            return AskTimely(call, isGone);
        }

        DuoException? dead = null;
        // Half of https_timeout for the silence, and half for the answer.
        long half = (long)(settings.HttpsTimeout / 2).TotalMilliseconds;
        long next = Now + half;
        try
        {
            return AskTimely(call, () => isGone() || IsDead());
        }
        catch (DuoException) when (dead is not null)
        {
            throw dead;
        }

        bool IsDead()
        {
            if (dead is null && Now >= next)
            {
                try
                {
                    _ = AskTimely(PingCall with { MostTries = 1, Until = Now + half }, isGone);
                }
                catch (DuoException silent) when (silent.IsSilent)
                {
                    dead = silent;
                }
                catch (DuoException)
                {
                    // Whatever else it says, somebody is there: what becomes of the poll is the poll's.
                }

                next = Now + half;
            }

            return dead is not null;
        }
    }

    private TimeSpan? RetryAfter(HttpAnswer answer)
    {
        if (answer.RetryAfter is not string text)
        {
            return null;
        }

        if (text.Length <= 9 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds))
        {
            return TimeSpan.FromSeconds(seconds);
        }

        return DuoDate.TryParse(text, out DateTimeOffset then)
            ? TimeSpan.FromSeconds(Math.Max(Math.Ceiling((then - time.GetUtcNow() - _server.Offset).TotalSeconds), 0))
            : null;
    }
}
