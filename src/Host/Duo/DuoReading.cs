using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sallyport.Protocol.Duo;

namespace Sallyport.Host.Duo;

/// <summary>
/// What the bodies of answers say (Duo's Auth API). Nothing but what is written here is an answer; texts lose what
/// moves a cursor here, before anybody sees them.
/// </summary>
internal static class DuoReading
{
    private const int MostFactors = 200;
    private const int LongestText = 255; // of an id or a factor, in bytes, as Duo's clients have it

    private const long LatestTime = 32_503_680_000; // the year 3000: what is added to a clock stays a date

    private static readonly JsonDocumentOptions _strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <exception cref="DuoException">There is no time in it: a refusal, as everything below.</exception>
    public static DateTimeOffset Time(byte[] body)
    {
        if (body.Length == 0)
        {
            throw new DuoException(DuoFailure.Refused, "No response body from server");
        }

        JsonElement response = Member(Root(body), "response", JsonValueKind.Object);
        return Member(response, "time", JsonValueKind.Number).TryGetInt64(out long seconds)
            && seconds is > 0 and < LatestTime
                ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                : throw Missing("time");
    }

    public static DuoPreauth Preauth(byte[] body, DuoDialect dialect)
    {
        JsonElement response = Response(body);
        DuoResult result = Result(response, DuoResult.Auth, DuoResult.Allow, DuoResult.Deny, DuoResult.Enroll);
        bool isOld = dialect is DuoDialect.V1;
        string? status = Text(response, isOld ? "status" : "status_msg");
        if (status is null && result is not DuoResult.Auth)
        {
            throw Missing(isOld ? "status" : "status_msg");
        }

        JsonElement prompt = isOld ? response : Find(response, "prompt", JsonValueKind.Object) ?? default;
        return new(
            result,
            DuoText.Lines(status),
            Text(prompt, isOld ? "prompt" : "text") is string menu ? DuoText.Lines(menu) : null,
            Factors(prompt),
            isOld ? null : Id(response));
    }

    public static DuoAuth Auth(byte[] body, DuoDialect dialect, bool isAsync)
    {
        JsonElement response = Response(body);
        if (isAsync)
        {
            return new(DuoResult.Waiting, "", Id(response) ?? throw Missing("txid"));
        }

        DuoResult result = Result(response, DuoResult.Allow, DuoResult.Deny);
        return new(result, Status(response, dialect), null);
    }

    public static DuoStatus Status(byte[] body, DuoDialect dialect)
    {
        JsonElement response = Response(body);
        DuoResult result = dialect is DuoDialect.V1 && !Has(response, "result")
            ? DuoResult.Waiting
            : Result(response, DuoResult.Waiting, DuoResult.Allow, DuoResult.Deny);
        return new(result, Status(response, dialect), Has(response, "number"));
    }

    /// <summary>"code: message" of an answer that is an error; null: it says nothing that can be read.</summary>
    public static string? Detail(byte[] body)
    {
        try
        {
            JsonElement root = Root(body);
            string? failure = Failure(root);
            return failure is not null && Text(root, "message_detail") is string more
                ? DuoText.Line($"{failure} ({more})")
                : failure;
        }
        catch (DuoException)
        {
            return null;
        }
    }

    private static string Status(JsonElement response, DuoDialect dialect)
    {
        string name = dialect is DuoDialect.V1 ? "status" : "status_msg";
        return DuoText.Lines(Text(response, name) ?? throw Missing(name));
    }

    private static JsonElement Response(byte[] body)
    {
        JsonElement root = Root(body);
        string stat = Text(root, "stat") ?? throw Missing("stat");
        if (stat.Equals("FAIL", StringComparison.OrdinalIgnoreCase))
        {
            throw Failure(root) is string failure
                ? new DuoException(DuoFailure.Failed, failure) { Detail = Detail(body) }
                : Missing(Code(root) is null ? "code" : "message");
        }

        return stat.Equals("OK", StringComparison.OrdinalIgnoreCase)
            ? Member(root, "response", JsonValueKind.Object)
            : throw new DuoException(DuoFailure.Refused, $"JSON invalid 'stat': {DuoText.Line(stat)}");
    }

    private static int? Code(JsonElement root) =>
        Find(root, "code", JsonValueKind.Number) is JsonElement code && code.TryGetInt32(out int number) && number != 0
            ? number
            : null;

    private static string? Failure(JsonElement root) =>
        Code(root) is int number && Text(root, "message") is string message
            ? DuoText.Line(string.Create(
                CultureInfo.InvariantCulture, $"{number}: {message}"))
            : null;

    private static JsonElement Root(byte[] body)
    {
        try
        {
            using JsonDocument document = Utf8.IsValid(body)
                ? JsonDocument.Parse(body, _strict)
                : throw new JsonException();
            return document.RootElement.ValueKind is JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new JsonException();
        }
        catch (JsonException none)
        {
            throw new DuoException(DuoFailure.Refused, "invalid JSON response", none);
        }
    }

    private static DuoResult Result(JsonElement response, params ReadOnlySpan<DuoResult> expected)
    {
        string text = Text(response, "result") ?? throw Missing("result");
        foreach (DuoResult result in expected)
        {
            string name = result switch
            {
                DuoResult.Auth => "auth",
                DuoResult.Allow => "allow",
                DuoResult.Deny => "deny",
                DuoResult.Enroll => "enroll",
                _ => "waiting",
            };
            if (text.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return result;
            }
        }

        throw new DuoException(DuoFailure.Refused, $"JSON invalid 'result': {DuoText.Line(text)}");
    }

    private static Dictionary<string, string> Factors(JsonElement prompt)
    {
        Dictionary<string, string> factors = [];
        foreach (JsonProperty factor in Find(prompt, "factors", JsonValueKind.Object)?.EnumerateObject() ?? default)
        {
            string? value = factors.Count < MostFactors ? Text(prompt.GetProperty("factors"), factor.Name) : null;
            if (value is null || Encoding.UTF8.GetByteCount(value) > LongestText)
            {
                throw Missing("factors");
            }

            factors[factor.Name] = DuoText.Line(value);
        }

        return factors;
    }

    private static string? Id(JsonElement response)
    {
        string? id = Text(response, "txid");
        return id is null || (id.Length > 0 && Encoding.UTF8.GetByteCount(id) <= LongestText)
            ? id
            : throw Missing("txid");
    }

    private static bool Has(JsonElement element, string name) => element.TryGetProperty(name, out _);

    private static JsonElement? Find(JsonElement element, string name, JsonValueKind kind) =>
        element.ValueKind is JsonValueKind.Object
        && element.TryGetProperty(name, out JsonElement member)
        && member.ValueKind == kind
            ? member
            : null;

    private static JsonElement Member(JsonElement element, string name, JsonValueKind kind) =>
        Find(element, name, kind) ?? throw Missing(name);

    private static string? Text(JsonElement element, string name)
    {
        try
        {
            return Find(element, name, JsonValueKind.String)?.GetString();
        }
        catch (InvalidOperationException half)
        {
            throw new DuoException(DuoFailure.Refused, "invalid JSON response", half); // half a surrogate pair
        }
    }

    private static DuoException Missing(string name) => new(DuoFailure.Refused, $"JSON missing valid '{name}'");
}
