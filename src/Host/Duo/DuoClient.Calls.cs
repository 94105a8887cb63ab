using System.Globalization;
using Sallyport.Protocol.Duo;

namespace Sallyport.Host.Duo;

/// <content>The calls that others need, the parameters of all of them, and what an answer that is none means.</content>
internal sealed partial class DuoClient
{
    private static DuoCall PingCall => new("/auth/v2/ping", DuoParameters.Empty) { IsGet = true };

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

    /// <summary>An agent that was restarted knows nothing of the server yet: it asks before it goes on.</summary>
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
            // To mend it would name somebody else.
            throw new DuoException(DuoFailure.Refused, "a user name that is none");
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

    /// <summary>The body of a success. Of any other answer only the status counts, as to Duo's own clients.</summary>
    private static byte[] Success(HttpAnswer answer) => answer.IsSuccess ? answer.Body : throw Refusal(answer);

    private static DuoException Refusal(HttpAnswer answer) => new(
        answer.Status >= 500 ? DuoFailure.Unreachable : DuoFailure.Refused,
        answer.Status == 401
            ? "Invalid ikey or skey"
            : string.Create(CultureInfo.InvariantCulture, $"HTTP {answer.Status}"))
    {
        Detail = answer.Body.Length > 0 ? DuoReading.Detail(answer.Body) : null,
    };
}
