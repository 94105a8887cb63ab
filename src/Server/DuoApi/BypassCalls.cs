using System.Globalization;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Authentications;

namespace Sallyport.Server.DuoApi;

/// <summary>
/// bypasses: a host of ours says whom it let in by itself. No other client knows it, so nothing is passed over and
/// nothing is cleaned: what is not as it should be is refused.
/// </summary>
internal sealed class BypassCalls(ReportBypass reportBypass)
{
    private const int MostReason = 512;

    public async Task<Answer> ReportAsync(DuoCall call, CancellationToken cancellationToken)
    {
        // Clients of ours sign the date; without it who recorded a report could send it in another one's place.
        if (!call.IsDated)
        {
            return ApiError.WrongSignature with { Detail = "date is not signed" };
        }

        Fields fields = new(call.Parameters);
        fields.Only("id", "username", "hostname", "ipaddr", "time", "reason");
        BypassReport report = new()
        {
            Application = call.Known.Application,
            Id = IdIn(fields),
            SentName = LineIn(fields, "username", 256),
            At = TimeIn(fields),
            Reason = LineIn(fields, "reason", MostReason),
            HostName = LineIn(fields, "hostname", 255),
            Source = Source.Of(LineIn(fields, "ipaddr", 255, isRequired: false), call.Client),
        };
        if (fields.Problem is { } problem)
        {
            return problem;
        }

        await reportBypass.RunAsync(report, cancellationToken);
        return new Answer.Fields(("result", "entered"));
    }

    private static string LineIn(Fields fields, string name, int maxBytes, bool isRequired = true)
    {
        string text = isRequired ? fields.Required(name, maxBytes) : fields.Optional(name, maxBytes) ?? "";
        if (text.EnumerateRunes().Any(rune => DuoText.Line(rune.ToString()) != rune.ToString()))
        {
            fields.Refuse(name);
        }

        return text;
    }

    private static Guid IdIn(Fields fields)
    {
        if (!Guid.TryParseExact(fields.Required("id", 36), "D", out Guid id) || id == Guid.Empty)
        {
            fields.Refuse("id");
        }

        return id;
    }

    private DateTimeOffset TimeIn(Fields fields)
    {
        string text = fields.Required("time", 10); // seconds: until the year 2286
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            || DateTimeOffset.FromUnixTimeSeconds(seconds) is var at && !reportBypass.IsInTime(at))
        {
            fields.Refuse("time");
            return default;
        }

        return at;
    }
}
