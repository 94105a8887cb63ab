using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CsCheck;
using Sallyport.Protocol.Approvals;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>vectors/approval.json, made apart from our code; and what no list of cases can hold.</summary>
public sealed class Given_approvals
{
    private static readonly JsonElement Vector = Vectors.Read("approval.json");

    public static TheoryData<string> Good => Names("approvals");

    public static TheoryData<string> Bad => Names("refused");

    [Theory]
    [MemberData(nameof(Good))]
    public void Each_is_taken_for_what_it_is(string name)
    {
        JsonElement vector = Find("approvals", name);
        ApprovalAnswer expected = new(
            Enum.Parse<ApprovalDecision>(vector.GetProperty("decision").GetString()!, ignoreCase: true),
            vector.GetProperty("number").GetString());
        using ECDsa key = Key();

        Assert.Equal(
            vector.GetProperty("text").GetString(), Encoding.UTF8.GetString(Record(vector).ToBytes(expected)));
        Assert.Equal(expected, ApprovalJws.Verify(vector.GetProperty("jws").GetString()!, Record(vector), key));
    }

    [Theory]
    [MemberData(nameof(Good))]
    public void Each_is_read_back_as_its_record(string name)
    {
        JsonElement vector = Find("approvals", name);
        string text = vector.GetProperty("text").GetString()!;

        Assert.Equal(Record(vector), ApprovalRecord.Parse(Encoding.UTF8.GetBytes(text)));
        foreach (string other in (string[])
            [text + " ", text[1..], "{}", "[]", "1", "", text.Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal),
             text.Replace("\"expires\":", "\"expires\": ", StringComparison.Ordinal),
             text.Replace("\"server\":", "\"more\":1,\"server\":", StringComparison.Ordinal)])
        {
            Assert.Null(ApprovalRecord.Parse(Encoding.UTF8.GetBytes(other)));
        }
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Each_of_these_is_refused(string name)
    {
        JsonElement vector = Find("refused", name);
        using ECDsa key = Key();

        Assert.Null(ApprovalJws.Verify(vector.GetProperty("jws").GetString()!, Record(vector), key));
    }

    [Fact]
    public void What_is_signed_is_verified_by_its_own_key_alone()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa longer = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        ApprovalRecord record = Record(Find("approvals", "an approval"));
        ApprovalAnswer answer = new(ApprovalDecision.Approve, "042");
        string jws = ApprovalJws.Sign(record, answer, key);

        Assert.Equal(answer, ApprovalJws.Verify(jws, record, key));
        Assert.Null(ApprovalJws.Verify(jws, record, other));
        Assert.Null(ApprovalJws.Verify(jws, record, longer));
        Assert.Throws<ArgumentException>(() => ApprovalJws.Sign(record, answer, longer));
    }

    [Theory]
    [InlineData(ApprovalDecision.None, null)]
    [InlineData((ApprovalDecision)9, null)]
    [InlineData(ApprovalDecision.Deny, "42")]
    [InlineData(ApprovalDecision.Approve, "")]
    [InlineData(ApprovalDecision.Approve, "4")]
    [InlineData(ApprovalDecision.Approve, "1234567")]
    [InlineData(ApprovalDecision.Approve, "٤٢")]
    public void What_is_no_answer_is_not_signed(ApprovalDecision decision, string? number)
    {
        using ECDsa key = Key();
        ApprovalRecord record = Record(Find("approvals", "an approval"));

        Assert.Throws<ArgumentException>(() => ApprovalJws.Sign(record, new(decision, number), key));
    }

    [Fact]
    public void A_character_that_is_another_is_refused()
    {
        JsonElement vector = Find("approvals", "an approval with a number");
        string jws = vector.GetProperty("jws").GetString()!;
        using ECDsa key = Key();

        Gen.Select(Gen.Int[0, jws.Length - 1], Gen.Char[' ', '~']).Sample((at, c) =>
        {
            string altered = string.Concat(jws.AsSpan(0, at), [c], jws.AsSpan(at + 1));
            Assert.Equal(altered == jws, ApprovalJws.Verify(altered, Record(vector), key) is not null);
        });
    }

    [Fact]
    public void Any_text_of_a_record_is_JSON_that_says_the_same()
    {
        Gen.String.Where(text => !text.Any(char.IsSurrogate)).Sample(text =>
        {
            ApprovalRecord record = Record(Find("approvals", "an approval")) with { User = text };
            using JsonDocument json = JsonDocument.Parse(record.ToBytes(new(ApprovalDecision.Approve, null)));
            Assert.Equal(text, json.RootElement.GetProperty("user").GetString());
        });
    }

    private static TheoryData<string> Names(string list) =>
        [.. Vector.GetProperty(list).EnumerateArray().Select(vector => vector.GetProperty("name").GetString()!)];

    private static JsonElement Find(string list, string name) => Vector.GetProperty(list).EnumerateArray()
        .Single(vector => vector.GetProperty("name").GetString() == name);

    private static ApprovalRecord Record(JsonElement vector)
    {
        JsonElement record = vector.GetProperty("record");
        string? Text(string name) => record.GetProperty(name).GetString();
        return new()
        {
            Server = Text("server")!,
            Transaction = Text("transaction")!,
            Device = Text("device")!,
            Application = Text("application")!,
            User = Text("user")!,
            Host = Text("host"),
            Address = Text("address"),
            Key = Text("key"),
            Expires = record.GetProperty("expires").GetInt64(),
        };
    }

    private static ECDsa Key()
    {
        JsonElement key = Vector.GetProperty("key");
        byte[] Bytes(string name) => System.Buffers.Text.Base64Url.DecodeFromChars(key.GetProperty(name).GetString());
        return ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Bytes("x"), Y = Bytes("y") },
            D = Bytes("d"),
        });
    }
}
