using System.Text;
using CsCheck;
using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>
/// Requests, headers, dates and prompts made of the pieces that they are made of, and of any characters. A failure
/// names the seed that repeats it.
/// </summary>
public sealed class Given_a_fuzzer_of_Duos_signatures
{
    private static readonly DuoSignatureVersion[] Versions = Enum.GetValues<DuoSignatureVersion>();

    private static readonly Gen<string> AnyText = Gen.String[Gen.Char['\0', '\uffff'], 0, 20];

    private static readonly Gen<string> Query = Gen.OneOf(
        "", "?", "?a=1", "?user1=x&user=y", "?username=bob", "?a=%", "?a=%41&a=+", "?\u00e9", "?#");

    private static readonly Gen<string> Bodies = Gen.Frequency(
        (6, Gen.OneOf("", "username=alice", "a=1&a=2", "user=x&user1=y", "%ff=%00", "{}", """{"username":"alice"}""",
            """{"a":[1],"b":null}""", """{"a":1,"a":2}""", """{"a":"\ud800"}""", "a=%4")),
        (1, AnyText));

    private static readonly Gen<string> Dates = Gen.Frequency(
        (4, Gen.OneOf(DuoRequests.Date, "dim., 22 nov. 2026 17:18:26 +0100", "Sun, 31 Feb 2026 00:00:00 GMT", "")),
        (2, Gen.Select(
                Gen.OneOf("Sun,", "", ",", ",,", "\u65e5,"), Gen.Int[-1, 40],
                Gen.OneOf("Nov", "nov.", "11", "11\u6708", "13", "N", "."),
                Gen.OneOf("2026", "1970", "9998", "0000", "+026"), Gen.OneOf("17:18:26", "24:00:00", "00:00:00", "::"),
                Gen.OneOf("+0000", "-1400", "+14:00", "GMT", "+", "-99:99"))
            .Select((weekday, day, month, year, time, zone) => $"{weekday} {day} {month} {year} {time} {zone}")),
        (1, AnyText));

    private static readonly Gen<KeyValuePair<string, string>[]> Headers = Gen.Select(
            Gen.OneOf("X-Duo-A", "x-duo-a", "X-Duo-Date", "X-Duo-", "X-Other", "X-Duo-\0"),
            Gen.OneOf(AnyText, Dates, Gen.OneOf("", "x")))
        .Select((name, value) => KeyValuePair.Create(name, value)).Array[0, 3];

    private static readonly Gen<DuoRequestParts> Requests = Gen.Select(
            Gen.OneOf("GET", "POST", "PUT", "get", ""),
            Gen.Frequency((6, Gen.OneOf("duo.example.org", "Duo.Example.org:8443", "[::1]:443", "DUO")), (1, AnyText)),
            Gen.Select(Gen.OneOf("/auth/v2/auth", "/", "https://duo/a", "http://", "*", "//", ""), Query)
                .Select((path, query) => path + query),
            Gen.OneOf(DuoRequests.Form, DuoRequests.Json, "APPLICATION/JSON;", "text/plain", ""),
            Bodies,
            Gen.Select(Gen.Int[0, 3], Dates).Select((kind, date) => kind == 0 ? null : date),
            Headers)
        .Select((method, host, target, type, body, date, headers) =>
            DuoRequests.Parts(method, host, target, type, body, date, headers));

    private static readonly Gen<string> Authorizations = Gen.Select(
            Gen.OneOf("Basic ", "basic ", "Basic", "Bearer ", ""),
            Gen.OneOf(DuoRequests.IntegrationKey, "DI", "diabcdefghijklmnopqr", "DIABCDEFGHIJKLMNOPQ\u00c9"),
            Gen.OneOf(":", "", "::"),
            Gen.OneOf(Gen.Int[0, 130], Gen.OneOf(Gen.Const(40), Gen.Const(128))),
            Gen.OneOf("a", "0", "A", "g", ":"),
            Gen.OneOf("", "=", " ", "\n", "A"))
        .Select((scheme, key, colon, digits, digit, end) =>
        {
            string mac = string.Concat(Enumerable.Repeat(digit, digits));
            return scheme + Convert.ToBase64String(Encoding.UTF8.GetBytes(key + colon + mac)) + end;
        });

    [Fact]
    [Trait("Kind", "Fuzz")]
    public void Nothing_throws_and_only_what_was_signed_is_verified() => Gen.Select(
            Requests, Requests, Gen.OneOf(Authorizations, AnyText), Gen.OneOf(Dates, AnyText))
        .Sample(
            (one, other, header, text) =>
            {
                CheckAuthorization(header);
                CheckTexts(text);
                DuoRequestText? first = Read(one);
                DuoRequestText? second = Read(other);
                foreach (DuoSignatureVersion version in Versions)
                {
                    CheckVersion(version, first, second);
                }
            },
            time: Fuzzing.Seconds,
            threads: 1,
            print: sample => string.Join(" / ",
                Print(sample.Item1), Print(sample.Item2), Hex(sample.Item3), Hex(sample.Item4)));

    private static DuoRequestText? Read(DuoRequestParts parts) => Fuzzing.Bounded(1000, () =>
    {
        bool read = DuoRequestText.TryParse(parts, out DuoRequestText? request, out DuoRequestProblem problem, out _);
        Assert.Equal(read, request is not null);
        Assert.Equal(read, problem is DuoRequestProblem.None);
        return request;
    });

    private static void CheckVersion(DuoSignatureVersion version, DuoRequestText? request, DuoRequestText? other)
    {
        foreach (DuoDigest digest in (ReadOnlySpan<DuoDigest>)[DuoDigest.Sha1, DuoDigest.Sha512])
        {
            if (request is null || !TrySign(version, digest, request, out byte[] hex))
            {
                continue;
            }

            DuoSignatureMatch expected = new(version, digest);
            Assert.Equal(expected, DuoSignature.Verify(request, DuoRequests.SecretKey, hex, allowsUndated: true));
            Assert.Equal(expected.IsDated ? expected : null, DuoSignature.Verify(request, DuoRequests.SecretKey, hex));
            Assert.Null(DuoSignature.Verify(request, "another key of so many letters and digits"u8, hex, true));

            if (other is not null && DuoSignature.Verify(other, DuoRequests.SecretKey, hex, true) is { } match)
            {
                Assert.Equal(expected, match);
                Assert.Equal(Signed(request, expected), Signed(other, expected));
            }
        }
    }

    /// <summary>Everything that the version signs, as a second eye sees it.</summary>
    private static string Signed(DuoRequestText request, DuoSignatureMatch match) => string.Join('|',
        request.Method,
        request.Host.ToLowerInvariant(),
        request.Path,
        request.Parameters.Canonical(),
        match.IsDated ? request.Date : "undated",
        match.Version is DuoSignatureVersion.V5
            ? string.Join('|', request.Headers.Where(header => header.Key != "x-duo-date"))
            : "");

    private static bool TrySign(DuoSignatureVersion version, DuoDigest digest, DuoRequestText request, out byte[] hex)
    {
        bool has = version switch
        {
            DuoSignatureVersion.V1 => request.BodyKind is not DuoBodyKind.Json,
            DuoSignatureVersion.V2 => request.BodyKind is not DuoBodyKind.Json && request.Date is not null,
            DuoSignatureVersion.V4 or DuoSignatureVersion.V5 =>
                digest is DuoDigest.Sha512 && request.BodyKind is not DuoBodyKind.Form && request.Date is not null,
            _ => false,
        };
        hex = has ? DuoRequests.Hex(version, digest, request) : [];
        return has;
    }

    private static void CheckAuthorization(string header)
    {
        DuoAuthorization? read = Fuzzing.Bounded(
            header.Length, () => DuoAuthorization.TryParse(header, out DuoAuthorization? parsed) ? parsed : null);
        if (read is not null)
        {
            string again = DuoAuthorization.Format(read.IntegrationKey, Encoding.ASCII.GetString(read.HexMac));
            Assert.Equal(header["Basic ".Length..], again["Basic ".Length..]);
        }
    }

    private static void CheckTexts(string text)
    {
        if (DuoDate.TryParse(text, out DateTimeOffset date))
        {
            Assert.InRange(date.Year, 1969, 9999);
            Assert.True(DuoDate.IsWithin(date, date, TimeSpan.Zero));
        }

        DuoPrompt prompt = DuoPrompt.Parse(text);
        Assert.True(prompt is DuoPrompt.Wrong || Ascii.IsValid(text));
        byte[] bytes = Encoding.Unicode.GetBytes(text);
        foreach (string clean in (ReadOnlySpan<string>)[DuoText.Line(text), DuoText.Line(bytes)])
        {
            Assert.DoesNotContain(clean, char.IsControl);
            Assert.Equal(clean, DuoText.Line(clean));
        }

        Assert.DoesNotContain(DuoText.Lines(text), c => char.IsControl(c) && c is not ('\t' or '\n'));
    }

    private static string Print(DuoRequestParts parts) => string.Join('|',
        Hex(parts.Method), Hex(parts.Host), Hex(parts.Target), parts.ContentType, Convert.ToHexString(parts.Body.Span),
        Hex(parts.Date ?? ""), Hex(string.Join('|', parts.XDuoHeaders)));

    private static string Hex(string text) => Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(text));
}
