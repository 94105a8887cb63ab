using System.Globalization;
using System.Text;
using Sallyport.Protocol.Duo;

namespace Sallyport.Host.Duo;

/// <summary>
/// Duo's Auth API from the host's side: <c>/auth/v2</c>, and <c>/rest/v1</c> where a server has no other. Each call
/// waits, and ends early when <c>isGone</c> says that nobody waits for it; a call that ends with anything but an
/// answer is a <see cref="DuoException"/>.
/// </summary>
internal sealed partial class DuoClient(
    DuoSettings settings, DuoConnections connections, string userAgent, TimeProvider time)
{
    /// <summary>A service that is not ours may say nothing as long as a person takes.</summary>
    public static readonly TimeSpan PersonPatience = TimeSpan.FromSeconds(60);

    /// <summary>What https_timeout can add to that at most: who asks the agent gives up after 90 s.</summary>
    private static readonly TimeSpan _longestAnswer = TimeSpan.FromSeconds(20);

    /// <summary>Ours says after five seconds that it still waits.</summary>
    private static readonly TimeSpan _ourLongestPoll = TimeSpan.FromSeconds(6);

    private static readonly Func<bool> _nobodyIsGone = static () => false;

    private readonly DuoServer _server = connections.Of(settings);

    /// <summary>Hears of each wait for a server that has too much to do.</summary>
    public Action<TimeSpan>? Waits { get; set; }

    /// <summary>How far the server's clock is ahead of this host's, which also tells that it answers.</summary>
    public TimeSpan ClockAhead()
    {
        Ping(_nobodyIsGone);
        return _server.Offset;
    }

    /// <summary>Whether, and how, he is asked. Only here an outage is an outage.</summary>
    public DuoPreauth Preauth(DuoSubject subject, Func<bool> isGone)
    {
        bool isFresh = !_server.KnowsClock || !_server.HasIdle;
        if (isFresh)
        {
            Ping(isGone);
        }

        DuoDialect dialect = _server.Dialect;
        HttpAnswer answer = Preauth(dialect, subject, isGone);
        return answer.Status is 401 or 404
            ? Spoken(() => PreauthAgain(answer, dialect, subject, isFresh, isGone))
            : DuoReading.Preauth(Success(answer), dialect);
    }

    private DuoPreauth PreauthAgain(
        HttpAnswer answer, DuoDialect dialect, DuoSubject subject, bool isFresh, Func<bool> isGone)
    {
        if (answer.Status == 401 && !isFresh)
        {
            // One of the clocks was set since.
            Ping(isGone);
            answer = Preauth(dialect, subject, isGone);
        }

        if (answer.Status == 404)
        {
            dialect = dialect is DuoDialect.V2 ? DuoDialect.V1 : DuoDialect.V2;
            answer = Preauth(dialect, subject, isGone);
            _server.Dialect = answer.Status == 404 ? DuoDialect.V2 : dialect;
        }

        return DuoReading.Preauth(Success(answer), dialect);
    }

    /// <summary>Asks for his factor.</summary>
    /// <param name="prompt">A factor of preauth, or what he typed.</param>
    /// <param name="isAsync">
    /// The answer is an id, for <see cref="Status"/>, and not the result. Without it nobody but the server is waited for:
    /// it is for passcodes.
    /// </param>
    /// <param name="pushInfo">Pairs, encoded as a form; null: none.</param>
    /// <param name="transactionId">That of preauth, where it gave one.</param>
    public DuoAuth Auth(
        DuoSubject subject, string prompt, bool isAsync, string? pushInfo, string? transactionId, Func<bool> isGone)
    {
        DuoDialect dialect = _server.Dialect;
        bool isOld = dialect is DuoDialect.V1;
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

        if (_server.IsOurs)
        {
            // Two logins in one second are not one that was sent twice.
            parameters.Add(("sallyport_login", Guid.CreateVersion7(time.GetUtcNow()).ToString("N")));
        }

        try
        {
            MeetServer(isGone);
            HttpAnswer answer = Ask(
                new DuoCall(isOld ? "/rest/v1/auth.json" : "/auth/v2/auth", Parameters(parameters))
                {
                    // A service knows a request that comes again; a third time would be one too often.
                    MostTries = 2,
                    IsDecidedOnce = !_server.IsOurs, // which knows a login by sallyport_login
                },
                isGone);
            return DuoReading.Auth(Success(answer), dialect, isAsync);
        }
        catch (DuoException failed)
        {
            throw failed.AsRefusal();
        }
    }

    /// <summary>What has become of an auth: a server holds the answer back until there is something to say.</summary>
    /// <param name="patience">How long the person may still take. After it, and https_timeout, nobody waits.</param>
    public DuoStatus Status(string transactionId, TimeSpan patience, Func<bool> isGone)
    {
        patience = patience > TimeSpan.Zero ? patience : TimeSpan.Zero;
        try
        {
            MeetServer(isGone);
            DuoDialect dialect = _server.Dialect;
            string path = dialect is DuoDialect.V1 ? "/rest/v1/status.json" : "/auth/v2/auth_status";
            HttpAnswer answer = Ask(
                new DuoCall(path, Parameters([("txid", transactionId)]))
                {
                    IsGet = true,
                    IsPoll = true,
                    Silence = !_server.IsOurs ? WithAnswer(patience)
                        : settings.HttpsTimeout < _ourLongestPoll ? _ourLongestPoll
                        : null,
                    Until = Until(patience),
                },
                isGone);
            return DuoReading.Status(Success(answer), dialect);
        }
        catch (DuoException failed)
        {
            throw failed.AsRefusal();
        }
    }

    /// <summary>Nobody need be asked any more. Ours can be told; if that fails, the push ends by itself.</summary>
    public void Cancel(string transactionId)
    {
        try
        {
            if (_server.IsOurs)
            {
                DuoParameters parameters = Parameters([("txid", transactionId)]);
                _ = Ask(new DuoCall("/sallyport/v1/cancel", parameters) { IsBrief = true }, _nobodyIsGone);
            }
        }
        catch (DuoException)
        {
            // Best effort.
        }
    }

    /// <summary>Tells the server of somebody who was let in without it.</summary>
    /// <returns>Whether it has heard it; null: it never will, because it knows no such thing, or not so.</returns>
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

    /// <summary>For an answer that comes when the person has decided, or has not.</summary>
    private TimeSpan WithAnswer(TimeSpan person) => person + Shorter(settings.HttpsTimeout, _longestAnswer);

    private long Until(TimeSpan person) => Now + (long)WithAnswer(person).TotalMilliseconds;
}
