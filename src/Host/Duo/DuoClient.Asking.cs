using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Protocol.Duo;

namespace Sallyport.Host.Duo;

/// <summary>A request, before it is dated and signed.</summary>
internal sealed record DuoCall(string Path, DuoParameters Parameters)
{
    public bool IsGet { get; init; }

    /// <summary>How often it is sent, where connections break.</summary>
    public int MostTries { get; init; } = 3;

    /// <summary>The server may hold the answer back, and be away for a moment meanwhile.</summary>
    public bool IsPoll { get; init; }

    /// <summary>Not worth a wait.</summary>
    public bool IsBrief { get; init; }

    /// <summary>How long no answer need begin; null: as https_timeout says.</summary>
    public TimeSpan? Silence { get; init; }
}

/// <content>
/// Dating, signing, sending, and sending again. A lost connection is a reason to send again, at once; silence is not,
/// because whoever waits has waited.
/// </content>
internal sealed partial class DuoClient
{
    /// <summary>A service that is not ours may say nothing as long as a person takes.</summary>
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(60);

    /// <summary>Ours says after five seconds that it still waits.</summary>
    private static readonly TimeSpan OurLongestPoll = TimeSpan.FromSeconds(6);

    private static readonly TimeSpan _brief = TimeSpan.FromSeconds(2);

    /// <summary>How long a server may say that it has too much to do.</summary>
    private static readonly TimeSpan _longestRefusal = TimeSpan.FromSeconds(32);

    /// <summary>The answer, whatever its status, but no 429: that one is waited for.</summary>
    private HttpAnswer Ask(DuoCall call, Func<bool> isGone)
    {
        TimeSpan waited = TimeSpan.Zero;
        for (int number = 0; ; number++)
        {
            HttpAnswer answer = AskOnce(call, isGone);
            TimeSpan pause = RetryAfter(answer) ?? TimeSpan.FromMilliseconds((1000 << Math.Min(number, 6)) + RandomNumberGenerator.GetInt32(250));
            if (answer.Status != 429 || call.IsBrief || waited + pause > _longestRefusal)
            {
                return answer;
            }

            Pause(pause, isGone);
            waited += pause;
        }
    }

    private HttpAnswer AskOnce(DuoCall call, Func<bool> isGone)
    {
        TimeSpan patience = call.IsBrief && settings.HttpsTimeout > _brief ? _brief : settings.HttpsTimeout;
        TimeSpan silence = call.Silence ?? patience;
        long? trouble = null; // until when it may last
        long? end = null; // of the wait for an answer, the first connection being there
        for (int number = 1; ; number++)
        {
            DuoException failure;
            try
            {
                HttpAnswer answer = Try(call, number, Left(trouble ?? Now + (long)patience.TotalMilliseconds), () =>
                {
                    end = end is null || call.IsPoll ? Now + (long)silence.TotalMilliseconds : end;
                    return end.Value;
                }, isGone);
                if (!call.IsPoll || answer.Status < 500)
                {
                    return answer;
                }

                failure = new DuoException(DuoFailure.Unreachable, $"HTTP {Number(answer.Status)}");
            }
            catch (LostException lost)
            {
                failure = Failed(lost);
                if (lost.End is not WireEnd.Lost || (number >= call.MostTries && !call.IsPoll))
                {
                    throw failure;
                }
            }
            catch (DuoException away) when (call.IsPoll && away.Failure is DuoFailure.Unreachable)
            {
                failure = away;
            }
            catch (HttpAnswerException none)
            {
                throw new DuoException(DuoFailure.Refused, $"Couldn't connect to {settings.Host}: {none.Message}", none);
            }

            trouble ??= call.IsPoll || end is null ? Now + (long)patience.TotalMilliseconds : end;
            TimeSpan pause = TimeSpan.FromMilliseconds(Math.Min(100 << Math.Min(number - 1, 4), 1000));
            if (Left(trouble.Value) <= pause)
            {
                throw failure;
            }

            Pause(pause, isGone);
        }
    }

    /// <summary>On a connection that is there, the first time; on one of its own, if that one was dead.</summary>
    private HttpAnswer Try(DuoCall call, int number, TimeSpan patience, Func<long> connected, Func<bool> isGone)
    {
        long opened = time.GetTimestamp();
        DuoConnection? connection = number == 1 ? _server.Take(out opened) : null;
        bool isOld = connection is not null;
        connection ??= DuoConnection.Open(settings, _server.Lookup, userAgent, patience, isGone);
        HttpAnswer? answer = null;
        try
        {
            answer = connection.Ask(Request(call), connected(), settings.HttpsTimeout, isGone);
            return answer;
        }
        catch (LostException) when (isOld)
        {
            _server.DropIdle();
            throw;
        }
        finally
        {
            if (answer?.MayGoOn is true)
            {
                _server.Keep(connection, opened);
            }
            else
            {
                connection.Dispose();
            }
        }
    }

    private byte[] Request(DuoCall call)
    {
        string date = (time.GetUtcNow() + _server.Offset).ToString(
            "ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture);
        string name = settings.Host.ToLowerInvariant(); // as it is signed, so that no server need wonder
        string host = settings.Port == 443 ? name : $"{name}:{Number(settings.Port)}";
        string method = call.IsGet ? "GET" : "POST";
        string parameters = call.Parameters.Canonical();
        string target = call.IsGet ? $"{call.Path}?{parameters}" : call.Path;
        DuoRequestParts parts = new()
        {
            Method = method,
            Host = host,
            Target = target,
            ContentType = "application/x-www-form-urlencoded",
            Body = call.IsGet ? default : Encoding.ASCII.GetBytes(parameters),
            XDuoHeaders = [new("X-Duo-Date", date)],
        };
        byte[] skey = Encoding.Latin1.GetBytes(settings.SecretKey);
        if (!DuoRequestText.TryParse(parts, out DuoRequestText? text, out DuoRequestProblem problem, out _)
            || skey.Length < DuoSignature.MinKeyBytes)
        {
            throw new DuoException(DuoFailure.Refused, $"a request that cannot be signed ({problem})");
        }

        string mac = DuoSignature.Sign(DuoSignatureVersion.V2, DuoDigest.Sha512, text, skey);
        CryptographicOperations.ZeroMemory(skey);
        string authorization = "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"{settings.IntegrationKey}:{mac}"));
        string body = call.IsGet
            ? ""
            : $"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {Number(parameters.Length)}\r\n";
        return Encoding.Latin1.GetBytes(
            $"{method} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {userAgent}\r\nX-Duo-Date: {date}\r\n"
            + $"Authorization: {authorization}\r\n{body}\r\n{(call.IsGet ? "" : parameters)}");
    }

    private DuoException Failed(LostException lost) => new(
        lost.End is WireEnd.Gone ? DuoFailure.Cancelled
            : lost.End is WireEnd.Silent || (lost.End is WireEnd.Lost && !lost.HasBegun) ? DuoFailure.Unreachable
            : DuoFailure.Refused,
        lost.End is WireEnd.Gone ? "nobody waits for the answer any more"
            : $"Couldn't connect to {settings.Host}: Connection closed",
        lost);

    private TimeSpan? RetryAfter(HttpAnswer answer) =>
        answer.RetryAfter is not string text ? null
        : text.Length <= 9 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
            ? TimeSpan.FromSeconds(seconds)
        : DuoDate.TryParse(text, out DateTimeOffset then) && then - (time.GetUtcNow() + _server.Offset) is var wait
            ? (wait > TimeSpan.Zero ? wait : TimeSpan.Zero)
        : null;

    private static long Now => Environment.TickCount64;

    private static TimeSpan Left(long end) => TimeSpan.FromMilliseconds(Math.Max(end - Now, 0));

    private static void Pause(TimeSpan pause, Func<bool> isGone)
    {
        long end = Now + (long)pause.TotalMilliseconds;
        for (TimeSpan left = pause; left > TimeSpan.Zero; left = Left(end))
        {
            if (isGone())
            {
                throw new DuoException(DuoFailure.Cancelled, "nobody waits for the answer any more");
            }

            Thread.Sleep((int)Math.Min(left.TotalMilliseconds, Wire.Slice));
        }
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
