using System.Text.Json;
using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_a_BSON_document
{
    private static readonly JsonElement Documents = Vectors.Read("duo-bson.json").GetProperty("documents");

    public static TheoryData<string> Names => [.. Documents.EnumerateArray().Select(Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_vector_is_written_so_and_read_back(string name)
    {
        JsonElement vector = Documents.EnumerateArray().Single(document => Name(document) == name);
        byte[] bytes = Convert.FromHexString(vector.GetProperty("bson").GetString()!);

        BsonWriter writer = new();
        Write(writer, vector.GetProperty("document"));
        Assert.Equal(bytes, writer.ToBytes());

        Assert.True(BsonDocument.TryParse(bytes, out BsonDocument? document));
        Assert.Equal(bytes, BsonTexts.Bytes(document));
        Assert.True(document.TryGet("stat", out string? stat));
        Assert.Equal(vector.GetProperty("document").GetProperty("stat").GetString(), stat);
        Assert.False(document.TryGet("stat", out int _));
        Assert.False(document.TryGet("none-such", out string? _));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_vector_that_is_cut_or_followed_is_refused(string name)
    {
        byte[] bytes = Convert.FromHexString(
            Documents.EnumerateArray().Single(document => Name(document) == name).GetProperty("bson").GetString()!);

        Assert.All(Enumerable.Range(0, bytes.Length), length =>
            Assert.False(BsonDocument.TryParse(bytes.AsSpan(0, length), out _)));
        Assert.False(BsonDocument.TryParse([.. bytes, 0], out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0500000001")]                     // the end is no zero
    [InlineData("0600000000")]                     // the length is one too great
    [InlineData("0400000000")]                     // the length is one too small
    [InlineData("ffffffff00")]                     // the length is negative
    [InlineData("ffffff7f00")]
    [InlineData("0c00000002610001000000" + "00")] // a text without its end
    [InlineData("0c0000000261000000000000")]       // a text of no bytes
    [InlineData("0c00000002610000000080" + "00")] // a text of negative length
    [InlineData("0c000000026100ffffff7f00")]
    [InlineData("0e00000002610002000000ff0000")]   // a text that is no UTF-8
    [InlineData("0f0000000261000300000061000000")] // a NUL within a text
    [InlineData("0e0000000261000200000061620000")] // no NUL at the end of a text
    [InlineData("09000000086100" + "0200")]       // neither true nor false
    [InlineData("080000000a610000")]               // null is not one of the types
    [InlineData("0f000000016100000000000000f03f00")]
    [InlineData("080000000861" + "01" + "00")]     // a name without its end
    [InlineData("0900000008ff000100")]             // a name that is no UTF-8
    [InlineData("0d000000086100010861000100")]     // a name twice
    [InlineData("11000000046100" + "0900000008310001" + "0000")] // an array that begins with 1
    [InlineData("0d000000036100" + "0600000000" + "00")]         // an inner length too great
    public void What_is_not_exactly_one_is_refused(string hex) =>
        Assert.False(BsonDocument.TryParse(Convert.FromHexString(hex), out _));

    [Fact]
    public void Depth_size_and_number_are_limited_in_both_directions()
    {
        Assert.True(BsonDocument.TryParse(Nested(BsonDocument.MaxDepth), out _));
        Assert.False(BsonDocument.TryParse(Nested(BsonDocument.MaxDepth + 1), out _));
        Assert.False(BsonDocument.TryParse(Nested(10_000), out _));
        Assert.False(BsonDocument.TryParse(new byte[BsonDocument.MaxBytes + 1], out _));

        BsonWriter deep = new();
        for (int level = 1; level < BsonDocument.MaxDepth; level++)
        {
            deep.BeginDocument("a");
        }

        Assert.Throws<InvalidOperationException>(() => deep.BeginDocument("a"));

        BsonWriter many = new();
        for (int i = 0; i < BsonDocument.MaxElements; i++)
        {
            many.WriteBoolean($"{i}", true);
        }

        Assert.Throws<InvalidOperationException>(() => many.WriteBoolean("more", true));
        byte[] most = many.ToBytes();
        Assert.True(BsonDocument.TryParse(most, out BsonDocument? document));
        Assert.Equal(BsonDocument.MaxElements, document.Elements.Count);
        byte[] more = [.. most[..^1], 8, (byte)'x', 0, 1, 0];
        BitConverter.TryWriteBytes(more, more.Length);
        Assert.False(BsonDocument.TryParse(more, out _));

        BsonWriter large = new();
        large.WriteString("a", new string('a', BsonDocument.MaxBytes));
        Assert.Throws<InvalidOperationException>(large.ToBytes);
    }

    [Fact]
    public void The_writer_refuses_what_the_reader_would()
    {
        BsonWriter writer = new();
        writer.WriteInt32("a", 1);
        Assert.Throws<InvalidOperationException>(() => writer.WriteInt32("a", 1));
        Assert.Throws<InvalidOperationException>(() => writer.WriteInt32(null, 1));
        Assert.Throws<InvalidOperationException>(writer.End);
        Assert.Throws<ArgumentException>(() => writer.WriteString("b", "x\0y"));
        Assert.Throws<ArgumentException>(() => writer.WriteInt64("b\0", 1));
        Assert.ThrowsAny<ArgumentException>(() => writer.WriteString("c", "\ud800"));
        writer.BeginArray("d");
        Assert.Throws<InvalidOperationException>(() => writer.WriteInt32("0", 1));
        Assert.Throws<InvalidOperationException>(writer.ToBytes);
        writer.End();
        Assert.True(BsonDocument.TryParse(writer.ToBytes(), out _));
        Assert.Throws<InvalidOperationException>(writer.ToBytes);
        Assert.Throws<InvalidOperationException>(() => writer.WriteInt32("e", 1));
    }

    private static byte[] Nested(int levels)
    {
        byte[] bytes = [5, 0, 0, 0, 0];
        for (int level = 1; level < levels; level++)
        {
            bytes = [0, 0, 0, 0, 3, (byte)'a', 0, .. bytes, 0];
            BitConverter.TryWriteBytes(bytes, bytes.Length);
        }

        return bytes;
    }

    private static void Write(BsonWriter writer, JsonElement document)
    {
        foreach (JsonProperty element in document.EnumerateObject())
        {
            Write(writer, element.Name, element.Value);
        }
    }

    private static void Write(BsonWriter writer, string? name, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.BeginDocument(name);
                Write(writer, value);
                writer.End();
                break;
            case JsonValueKind.Array:
                writer.BeginArray(name);
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Write(writer, null, item);
                }

                writer.End();
                break;
            case JsonValueKind.Number when value.TryGetInt32(out int number):
                writer.WriteInt32(name, number);
                break;
            case JsonValueKind.Number:
                writer.WriteInt64(name, value.GetInt64());
                break;
            case JsonValueKind.String:
                writer.WriteString(name, value.GetString()!);
                break;
            default:
                writer.WriteBoolean(name, value.GetBoolean());
                break;
        }
    }

    private static string Name(JsonElement document) => document.GetProperty("name").GetString()!;
}
