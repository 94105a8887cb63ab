using System.Text;
using System.Text.Json;
using CsCheck;
using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>Forms and JSON made of their pieces, and of any bytes. A failure names the seed that repeats it.</summary>
public sealed class Given_a_fuzzer_of_Duos_parameters
{
    private static readonly Gen<byte[]> AnyBytes = Gen.Byte.Array[0, 60];

    private static readonly Gen<string> FormPieces = Gen.Frequency(
        (6, Gen.OneOf("a", "user", "user1", "=", "&", "+", "%20", "%e9", "%C3%A9", "%00", "~", "%7E", "*", "-")),
        (1, Gen.OneOf("%", "%4", "%zz", "\u00e9", "\0", "\n")),
        (1, Gen.Int[0, 140].Select(length => new string('n', length))));

    private static readonly Gen<byte[]> Forms = Gen.Frequency(
        (8, FormPieces.Array[0, 40].Select(pieces => Encoding.Latin1.GetBytes(string.Concat(pieces)))),
        (1, Gen.Int[0, 300].Select(count =>
            Encoding.ASCII.GetBytes(string.Join('&', Enumerable.Repeat("a=b", count))))),
        (1, AnyBytes));

    private static readonly Gen<string> Scalars = Gen.OneOf(
        "1", "-1.5e3", "true", "false", "null", "\"\"", "\"x\"", "\"\\u00e9\\n\"", "\"\u00e9\"",
        "\"\\ud83d\\ude00\"", "\"\\ud800\"",
        "01", "nul", "\"", "\"\u0001\"", "\"\\x\"", "");

    private static readonly Gen<string> Values = Gen.Select(Gen.Int[0, 9], Gen.OneOf("[]", "{}"), Scalars)
        .Select((depth, kind, scalar) => kind == "[]"
            ? new string('[', depth) + scalar + new string(']', depth)
            : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + scalar + new string('}', depth));

    private static readonly Gen<byte[]> Json = Gen.Frequency(
        (8, Gen.Select(
                Gen.OneOf("{", " {", "[", "", "\ufeff{"),
                Gen.Select(
                        Gen.OneOf("\"a\"", "\"b\"", "\"\\u0061\"", "\"\"", "a", "\"\\udc00\""),
                        Gen.OneOf(":", " : ", ",", ""), Values)
                    .Select((name, colon, value) => name + colon + value).Array[0, 4],
                Gen.OneOf(",", " ,\n", ",,", ""),
                Gen.OneOf("}", "} ", "}}", "]", "", ",}", "}x"))
            .Select((begin, members, comma, end) => Encoding.UTF8.GetBytes(begin + string.Join(comma, members) + end))),
        (1, Gen.Int[0, 130].Select(count => Encoding.ASCII.GetBytes(
            "{" + string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{i}\":{i}")) + "}"))),
        (1, AnyBytes));

    [Fact]
    [Trait("Kind", "Fuzz")]
    public void Nothing_throws_and_what_is_read_is_written_and_read_again() => Gen.Select(Forms, Json).Sample(
        (form, json) =>
        {
            CheckForm(form);
            CheckForm(json);
            CheckJson(json);
            CheckJson(form);
        },
        time: Fuzzing.Seconds,
        threads: 1,
        print: sample => $"{Convert.ToHexString(sample.Item1)} / {Convert.ToHexString(sample.Item2)}");

    private static void CheckForm(byte[] form)
    {
        DuoParameters? parameters = Fuzzing.Bounded(form.Length, () =>
        {
            bool read = DuoParameters.TryParse(form, out DuoParameters parsed, out DuoParameterProblem problem);
            Assert.Equal(read, problem is DuoParameterProblem.None);
            Assert.True(read || parsed.Pairs.Count == 0);
            return read ? parsed : null;
        });
        if (parameters is null)
        {
            Assert.True(form.Contains((byte)'%') || form.Length > DuoParameters.MaxNameBytes);
            return;
        }

        CheckWritten(parameters);
    }

    private static void CheckJson(byte[] json)
    {
        DuoParameters? parameters = Fuzzing.Bounded(json.Length, () =>
        {
            bool read = DuoParameters.TryParseJson(json, out DuoParameters parsed, out DuoParameterProblem problem);
            Assert.Equal(read, problem is DuoParameterProblem.None);
            Assert.True(read || parsed.Pairs.Count == 0);
            return read ? parsed : null;
        });

        // The framework's own document reader is the second opinion.
        string[]? expected = ByFramework(json);
        Assert.Equal(expected is not null, parameters is not null);
        if (parameters is not null)
        {
            Assert.Equal(expected, parameters.Pairs.Select(pair =>
                $"{Encoding.UTF8.GetString(pair.Name.Span)}={Encoding.UTF8.GetString(pair.Value.Span)}"));
            CheckWritten(parameters);
        }
    }

    private static string[]? ByFramework(byte[] json)
    {
        try
        {
            _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(json);
            using JsonDocument document = JsonDocument.Parse(
                json, new JsonDocumentOptions { MaxDepth = DuoParameters.MaxJsonDepth });
            JsonProperty[] members = [.. document.RootElement.EnumerateObject()];
            string[] read =
            [
                .. members.Where(member => member.Value.ValueKind is not JsonValueKind.Null)
                    .Select(member => $"{member.Name}={Text(member.Value)}"),
            ];
            int names = members.DistinctBy(member => member.Name).Count();
            return members.Length > DuoParameters.MaxPairs || names < members.Length ? null : read;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement value) =>
        value.ValueKind is JsonValueKind.String ? value.GetString() : value.GetRawText();

    private static void CheckWritten(DuoParameters parameters)
    {
        Assert.True(parameters.Pairs.Count <= DuoParameters.MaxPairs);
        Assert.All(parameters.Pairs, pair => Assert.True(pair.Name.Length <= DuoParameters.MaxNameBytes));
        string canonical = parameters.Canonical();
        string byPair = parameters.CanonicalByPair();
        Assert.Equal(canonical.Split('&').Order(StringComparer.Ordinal), byPair.Split('&'));
        Assert.DoesNotContain(canonical, c =>
            !(char.IsAsciiLetterOrDigit(c) || "-_.~%=&".Contains(c, StringComparison.Ordinal)));
        Assert.True(DuoParameters.TryParse(Encoding.ASCII.GetBytes(canonical), out DuoParameters again, out _));
        Assert.Equal(canonical, again.Canonical());
        Assert.Equal(byPair, again.CanonicalByPair());
        Assert.Equal(parameters.Pairs.Count, again.Pairs.Count);
        foreach (DuoParameter pair in parameters.Pairs)
        {
            string name = Encoding.UTF8.GetString(pair.Name.Span);
            bool read = parameters.TryRead(name, out string? text);
            Assert.False(read && parameters.IsRepeated(name));
            Assert.Equal(read, again.TryRead(name, out string? textAgain));
            Assert.Equal(text, textAgain);
        }
    }
}
