using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Sallyport.Host.Tests.Duo;

/// <content>What it insists on.</content>
internal sealed partial class FakeDuoService
{
    private static readonly Dictionary<string, (string Method, string[] Needed, string[] Allowed)> Endpoints = new()
    {
        ["/auth/v2/ping"] = ("GET", [], []),
        ["/auth/v2/preauth"] = (
            "POST", ["username", "text_prompt", "failmode"], ["hostname", "ipaddr", "client_supports_verified_push"]),
        ["/auth/v2/auth"] = (
            "POST", ["username", "factor", "prompt", "async", "pushinfo"], ["hostname", "ipaddr", "txid"]),
        ["/auth/v2/auth_status"] = ("GET", ["txid"], []),
        ["/rest/v1/preauth.json"] = ("POST", ["user", "failmode"], ["hostname", "ipaddr"]),
        ["/rest/v1/auth.json"] = ("POST", ["user", "factor", "auto", "async", "pushinfo"], ["hostname", "ipaddr"]),
        ["/rest/v1/status.json"] = ("GET", ["txid"], []),
        ["/sallyport/v1/cancel"] = ("POST", ["txid"], []),
        ["/sallyport/v1/bypasses"] = ("POST", ["id", "username", "time", "reason"], ["hostname", "ipaddr"]),
    };

    private readonly HashSet<string> _preauthed = [];
    private bool _wasPinged;

    /// <summary>Where the name in Host, and so in the signature, is another one.</summary>
    public string HostName { get; set; } = "localhost";

    private static readonly string[] HeadersOfGet = ["Host", "User-Agent", "X-Duo-Date", "Authorization"];

    private IEnumerable<string> Check(FakeRequest request)
    {
        if (!Endpoints.TryGetValue(request.Path, out (string Method, string[] Needed, string[] Allowed) endpoint))
        {
            yield return "no such path";
            yield break;
        }

        string[] headers = request.Method == "GET" ? HeadersOfGet : [.. HeadersOfGet, "Content-Type", "Content-Length"];
        if (!request.Headers.Select(header => header.Name).SequenceEqual(headers))
        {
            yield return $"headers {string.Join(' ', request.Headers.Select(header => header.Name))}";
        }

        if (request.Method != endpoint.Method)
        {
            yield return "another method";
        }

        if (request.Target.Contains('?', StringComparison.Ordinal) != (request.Method == "GET"))
        {
            yield return "a GET has a question mark, a POST has none";
        }

        if (request.Records != 1)
        {
            yield return $"{request.Records} TLS records";
        }

        string host = Port == 443 ? HostName : string.Create(CultureInfo.InvariantCulture, $"{HostName}:{Port}");
        if (request["Host"] != host)
        {
            yield return $"Host: {request["Host"]}";
        }

        if (request.Method == "POST" && request["Content-Type"] != "application/x-www-form-urlencoded")
        {
            yield return $"Content-Type: {request["Content-Type"]}";
        }

        string[] names = [.. request.Parameters.Keys];
        string[] ours = IsOurs && request.Path == "/auth/v2/auth" ? ["sallyport_login"] : [];
        foreach (string name in endpoint.Needed.Except(names)
            .Concat(names.Except([.. endpoint.Needed, .. endpoint.Allowed, .. ours])))
        {
            yield return $"parameter {name}";
        }

        if (request.Encoded != Canonical(request.Parameters))
        {
            yield return "parameters are not sent as they are signed";
        }

        if (!IsDate(request["X-Duo-Date"] ?? ""))
        {
            yield return $"X-Duo-Date: {request["X-Duo-Date"]}";
        }

        foreach (string fault in Order(request))
        {
            yield return fault;
        }
    }

    private IEnumerable<string> Order(FakeRequest request)
    {
        string? user = request.Parameters.GetValueOrDefault("username") ?? request.Parameters.GetValueOrDefault("user");
        bool isPing = request.Path == "/auth/v2/ping";
        if (!isPing && !_wasPinged)
        {
            yield return "ping comes first";
        }

        _wasPinged |= isPing;
        if (request.Path is "/auth/v2/preauth" or "/rest/v1/preauth.json")
        {
            _preauthed.Add(user ?? "");
        }

        if (request.Path is "/auth/v2/auth" or "/rest/v1/auth.json" && !_preauthed.Contains(user ?? ""))
        {
            yield return "auth without preauth";
        }

        if (!isPing && !IsSigned(request))
        {
            yield return "not signed";
        }
    }

    /// <summary>UTC, in the words of the C locale, and the weekday is the right one.</summary>
    private static bool IsDate(string date) =>
        Regex.IsMatch(date, @"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000$")
        && DateTimeOffset.TryParseExact(
            date, "ddd, dd MMM yyyy HH:mm:ss zzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private bool IsSigned(FakeRequest request)
    {
        if (request.Path == "/auth/v2/ping")
        {
            return true; // its clock may be wrong
        }

        string date = request["X-Duo-Date"] ?? "";
        string[] lines = [date, request.Method, HostName, request.Path, Canonical(request.Parameters)];
        byte[] mac = HMACSHA512.HashData(
            Encoding.ASCII.GetBytes(SecretKey), Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        string pair = $"{IntegrationKey}:{Convert.ToHexStringLower(mac)}";
        return request["Authorization"] == $"Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes(pair))}"
            && IsDate(date)
            && (DateTimeOffset.ParseExact(date, "ddd, dd MMM yyyy HH:mm:ss zzz", CultureInfo.InvariantCulture)
                - (TimeProvider.System.GetUtcNow() + Ahead)).Duration() <= TimeSpan.FromSeconds(300);
    }

    private static string Canonical(IReadOnlyDictionary<string, string> parameters) => string.Join('&', parameters
        .Select(pair => $"{Encode(pair.Key)}={Encode(pair.Value)}").Order(StringComparer.Ordinal));

    private static string Encode(string text) => string.Concat(Encoding.UTF8.GetBytes(text).Select(b =>
        char.IsAsciiLetterOrDigit((char)b) || (char)b is '-' or '_' or '.' or '~' ? $"{(char)b}" : $"%{b:X2}"));
}
