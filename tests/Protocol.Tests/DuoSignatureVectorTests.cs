using System.Text;
using System.Text.Json;
using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>vectors/duo-signature.json: recorded from real clients, or computed apart from our code.</summary>
public sealed class Given_the_vectors_of_Duos_signatures
{
    private static readonly JsonElement Vector = Vectors.Read("duo-signature.json");

    public static TheoryData<string> Cases => [.. Vector.GetProperty("cases").EnumerateArray().Select(Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_is_verified_as_it_says(string name)
    {
        JsonElement vector = Find(name);
        DuoRequestText request = Request(vector);
        DuoAuthorization authorization = Authorization(vector);
        string? expected = vector.GetProperty("expect").GetString();

        Assert.Equal(expected, Verified(request, authorization, allowsUndated: true));
        string? dated = expected is null or ['1', ..] ? null : expected;
        Assert.Equal(dated, Verified(request, authorization, allowsUndated: false));
        Assert.Null(DuoSignature.Verify(
            request, "another key of so many letters and digits"u8, authorization.HexMac, true));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_reads_as_it_says(string name)
    {
        JsonElement vector = Find(name);
        DuoRequestText request = Request(vector);
        if (!vector.TryGetProperty("parameters", out JsonElement parameters))
        {
            return;
        }

        foreach (JsonProperty parameter in parameters.EnumerateObject())
        {
            Assert.Equal(parameter.Value.ValueKind is not JsonValueKind.Null,
                request.Parameters.TryRead(parameter.Name, out string? text));
            Assert.Equal(parameter.Value.GetString(), text);
        }

        Assert.True(request.Parameters.TryRead("none", out string? none) && none is null);
    }

    /// <summary>What the clients signed, our own signing gives again, wherever they sign as ours do.</summary>
    [Fact]
    public void Recorded_requests_are_signed_the_same()
    {
        int same = 0;
        foreach (JsonElement vector in Vector.GetProperty("cases").EnumerateArray().Where(IsRecorded))
        {
            DuoRequestText request = Request(vector);
            if (request.Host == "LOCALHOST" || request.Parameters.Canonical() != request.Parameters.CanonicalByPair())
            {
                continue;
            }

            string[] expected = vector.GetProperty("expect").GetString()!.Split(' ');
            string mac = DuoSignature.Sign(
                Enum.Parse<DuoSignatureVersion>("V" + expected[0]), Enum.Parse<DuoDigest>(expected[1]), request,
                DuoRequests.SecretKey);
            string header = DuoAuthorization.Format(DuoRequests.IntegrationKey, mac);
            Assert.Equal(vector.GetProperty("authorization").GetString(), header);
            same++;
        }

        Assert.True(same >= 8);
    }

    /// <summary>The body that login_duo sends is the line that it signs.</summary>
    [Fact]
    public void Recorded_forms_are_written_the_same()
    {
        JsonElement[] forms =
        [
            .. Vector.GetProperty("cases").EnumerateArray()
                .Where(vector => Name(vector).StartsWith("login_duo", StringComparison.Ordinal))
                .Where(vector => vector.TryGetProperty("body", out _)),
        ];

        Assert.NotEmpty(forms);
        Assert.All(forms, vector =>
            Assert.Equal(vector.GetProperty("body").GetString(), Request(vector).Parameters.Canonical()));
    }

    private static string? Verified(DuoRequestText request, DuoAuthorization authorization, bool allowsUndated) =>
        DuoSignature.Verify(request, Encoding.ASCII.GetBytes(Vector.GetProperty("skey").GetString()!),
            authorization.HexMac, allowsUndated) is { } match
            ? $"{(int)match.Version} {match.Digest}"
            : null;

    private static DuoAuthorization Authorization(JsonElement vector)
    {
        string? header = vector.GetProperty("authorization").GetString();
        Assert.True(DuoAuthorization.TryParse(header, out DuoAuthorization? read));
        Assert.Equal(Vector.GetProperty("ikey").GetString(), read.IntegrationKey);
        return read;
    }

    private static DuoRequestText Request(JsonElement vector) => DuoRequests.Read(DuoRequests.Parts(
        vector.GetProperty("method").GetString()!,
        vector.GetProperty("host").GetString()!,
        vector.GetProperty("target").GetString()!,
        Optional(vector, "contentType"),
        Optional(vector, "body") ?? "",
        Optional(vector, "date"),
        vector.TryGetProperty("xDuoHeaders", out JsonElement headers)
            ? [.. headers.EnumerateObject().Select(h => KeyValuePair.Create(h.Name, h.Value.GetString()!))]
            : []));

    private static string? Optional(JsonElement vector, string name) =>
        vector.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static bool IsRecorded(JsonElement vector) =>
        vector.GetProperty("made").GetString()!.StartsWith("recorded", StringComparison.Ordinal);

    private static JsonElement Find(string name) =>
        Vector.GetProperty("cases").EnumerateArray().Single(vector => Name(vector) == name);

    private static string Name(JsonElement vector) => vector.GetProperty("name").GetString()!;
}
