using System.Globalization;
using System.Text;
using Sallyport.Protocol.Duo;

namespace Sallyport.Host.Duo;

/// <summary>
/// Duo's Auth API from the host's side: <c>/auth/v2</c>, and <c>/rest/v1</c> where a server has no other. Each call
/// waits, and ends early when <c>isGone</c> says that nobody waits for it; a call that ends with anything but an answer is
/// a <see cref="DuoException"/>.
/// </summary>
internal sealed partial class DuoClient(
    DuoSettings settings, DuoConnections connections, string userAgent, TimeProvider time)
{
    /// <summary>A service that is not ours may say nothing as long as a person takes.</summary>
    private static readonly TimeSpan _longestPoll = TimeSpan.FromSeconds(60);

    /// <summary>Ours says after five seconds that it still waits.</summary>
    private static readonly TimeSpan _ourLongestPoll = TimeSpan.FromSeconds(6);

    private static readonly Func<bool> _nobodyIsGone = static () => false;

    private readonly DuoServer _server = connections.Of(settings);

    private static DuoCall PingCall => new("/auth/v2/ping", DuoParameters.Empty) { IsGet = true };

    /// <summary>Whether, and how, he is asked. Only here an outage is an outage.</summary>
    public DuoPreauth Preauth(DuoSubject subject, Func<bool> isGone)
    {
        bool isFresh = !_server.KnowsClock || !_server.HasIdle;
        if (isFresh)
        {
            Ping(isGone);
        }

        HttpAnswer answer = Preauth(_server.Dialect, subject, isGone);
        if (answer.Status == 401 && !isFresh)
        {
            // One of the clocks was set since.
            Ping(isGone);
            answer = Preauth(_server.Dialect, subject, isGone);
        }

        if (answer.Status == 404)
        {
            _server.Dialect = _server.Dialect is DuoDialect.V2 ? DuoDialect.V1 : DuoDialect.V2;
            answer = Preauth(_server.Dialect, subject, isGone);
            _server.Dialect = answer.Status == 404 ? DuoDialect.V2 : _server.Dialect;
        }

        return DuoReading.Preauth(Success(answer), _server.Dialect);
    }

    /// <summary>Asks for his factor: with <paramref name="isAsync"/> the answer is an id for <see cref="Status"/>.</summary>
    /// <param name="prompt">A factor of preauth, or what he typed.</param>
    /// <param name="pushInfo">Pairs, encoded as a form; null: none.</param>
    /// <param name="transactionId">That of preauth, where it gave one.</param>
    public DuoAuth Auth(
        DuoSubject subject, string prompt, bool isAsync, string? pushInfo, string? transactionId, Func<bool> isGone)
    {
        bool isOld = _server.Dialect is DuoDialect.V1;
        string typed = prompt.Trim(' ', '\t', '\r', '\n');
        if (Encoding.UTF8.GetByteCount(typed) > DuoPrompt.MaxBytes)
        {
            throw new DuoException(DuoFailure.Failed, "what was typed is too long");
        }

        List<(string, string)> parameters =
        [
            .. Named(subject, isOld),
            ("factor", isOld ? "auto" : "prompt"),
            (isOld ? "auto" : "prompt", Cleaned(typed)),
            ("async", isAsync ? "1" : "0"),
            ("pushinfo", Cleaned(pushInfo ?? "")),
        ];
        if (transactionId is not null && !isOld)
        {
            parameters.Add(("txid", transactionId));
        }

        try
        {
            MeetServer(isGone);
            HttpAnswer answer = Ask(
                new DuoCall(isOld ? "/rest/v1/auth.json" : "/auth/v2/auth", Parameters(parameters))
                {
                    // A service knows a request that comes again; a third time would be one too often.
                    MostTries = 2,
                    Silence = isAsync || _server.IsOurs ? null : _longestPoll,
                },
                isGone);
            return DuoReading.Auth(Success(answer), _server.Dialect, isAsync);
        }
        catch (DuoException failed)
        {
            throw failed.AsRefusal();
        }
    }

    /// <summary>What has become of an auth: a server holds the answer back until there is something to say.</summary>
    public DuoStatus Status(string transactionId, Func<bool> isGone)
    {
        try
        {
            MeetServer(isGone);
            bool isOld = _server.Dialect is DuoDialect.V1;
            HttpAnswer answer = Ask(
                new DuoCall(isOld ? "/rest/v1/status.json" : "/auth/v2/auth_status", Parameters([("txid", transactionId)]))
                {
                    IsGet = true,
                    IsPoll = true,
                    Silence = !_server.IsOurs ? _longestPoll
                        : settings.HttpsTimeout < _ourLongestPoll ? _ourLongestPoll
                        : null,
                },
                isGone);
            return DuoReading.Status(Success(answer), _server.Dialect);
        }
        catch (DuoException failed)
        {
            throw failed.AsRefusal();
        }
    }

    /// <summary>Nobody need be asked any more. A server of ours can be told; if that fails, the push ends by itself.</summary>
    public void Cancel(string transactionId)
    {
        try
        {
            if (_server.IsOurs)
            {
                _ = Ask(new DuoCall("/sallyport/v1/cancel", Parameters([("txid", transactionId)])) { IsBrief = true }, _nobodyIsGone);
            }
        }
        catch (DuoException)
        {
            // Best effort.
        }
    }

    /// <summary>Tells the server of somebody who was let in without it.</summary>
    /// <returns>Whether it has heard it; null: it never will, because it knows no such thing, or not like this.</returns>
    public bool? Report(DuoBypass bypass)
    {
        if (!IsName(bypass.User))
        {
            return null;
        }

        List<(string, string)> parameters =
        [
            ("id", bypass.Id),
            .. Named(new DuoSubject(bypass.User, bypass.Address, bypass.HostName), isOld: false),
            ("reason", DuoText.Line(bypass.Reason)),
            ("time", bypass.Time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
        ];
        try
        {
            MeetServer(_nobodyIsGone);
            HttpAnswer answer = Ask(new DuoCall("/sallyport/v1/bypasses", Parameters(parameters)), _nobodyIsGone);
            return answer.IsSuccess ? true : answer.Status is 400 or 404 ? null : false;
        }
        catch (DuoException)
        {
            return false;
        }
    }

    private HttpAnswer Preauth(DuoDialect dialect, DuoSubject subject, Func<bool> isGone)
    {
        bool isOld = dialect is DuoDialect.V1;
        List<(string, string)> parameters =
        [
            .. Named(subject, isOld),
            ("failmode", settings.FailMode is FailMode.Safe ? "open" : "closed"),
        ];
        if (!isOld)
        {
            parameters.Add(("text_prompt", "1"));
            if (settings.VerifiedPush)
            {
                parameters.Add(("client_supports_verified_push", "1"));
            }
        }

        HttpAnswer answer = Ask(
            new DuoCall(isOld ? "/rest/v1/preauth.json" : "/auth/v2/preauth", Parameters(parameters)), isGone);
        _server.IsOurs = answer.IsOurs;
        return answer;
    }

    /// <summary>Who knows nothing of the server yet, an agent that was restarted, asks before he goes on with it.</summary>
    private void MeetServer(Func<bool> isGone)
    {
        if (!_server.KnowsClock)
        {
            Ping(isGone);
        }
    }

    /// <summary>Not signed as far as the server is concerned, so that a wrong clock can be told.</summary>
    private void Ping(Func<bool> isGone)
    {
        HttpAnswer answer = Ask(PingCall, isGone);
        _server.SetClock(DuoReading.Time(Success(answer)) - time.GetUtcNow());
        _server.IsOurs = answer.IsOurs;
    }

    private static IEnumerable<(string, string)> Named(DuoSubject subject, bool isOld)
    {
        if (!IsName(subject.User))
        {
            throw new DuoException(DuoFailure.Refused, "a user name that is none"); // to mend it would name somebody else
        }

        yield return (isOld ? "user" : "username", subject.User);
        if (subject.HostName is { Length: > 0 } host)
        {
            yield return ("hostname", DuoText.Line(host));
        }

        if (subject.Address is { Length: > 0 } address)
        {
            yield return ("ipaddr", DuoText.Line(address));
        }
    }

    private static bool IsName(string user) => user.Length > 0 && !user.Any(char.IsControl);

    private static string Cleaned(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));

    private static DuoParameters Parameters(IEnumerable<(string Name, string Value)> pairs)
    {
        try
        {
            return DuoParameters.Of([.. pairs]);
        }
        catch (ArgumentException half)
        {
            throw new DuoException(DuoFailure.Refused, "half a character, which cannot be sent", half);
        }
    }

    /// <summary>The body of a success. Of any other answer only the status counts, as it does to Duo's own clients.</summary>
    private static byte[] Success(HttpAnswer answer) => answer.IsSuccess ? answer.Body : throw Refusal(answer);

    private static DuoException Refusal(HttpAnswer answer) => new(
        answer.Status >= 500 ? DuoFailure.Unreachable : DuoFailure.Refused,
        answer.Status == 401 ? "Invalid ikey or skey" : string.Create(CultureInfo.InvariantCulture, $"HTTP {answer.Status}"))
    {
        Detail = answer.Body.Length > 0 ? DuoReading.Detail(answer.Body) : null,
    };
}
