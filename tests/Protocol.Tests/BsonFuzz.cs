using CsCheck;
using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>Documents, whole and damaged, and any bytes. A failure names the seed that repeats it.</summary>
public sealed class Given_a_fuzzer_of_BSON
{
    private delegate void Write(BsonWriter writer, string? name);

    private static readonly Gen<string> Texts = Gen.String[Gen.Char['\u0001', '\u07ff'], 0, 8];

    private static readonly Gen<Write> Values = Gen.Recursive<Write>((depth, self) =>
    {
        Gen<Write> plain = Gen.OneOf(
            Texts.Select(text => (Write)((w, name) => w.WriteString(name, text))),
            Gen.Int.Select(number => (Write)((w, name) => w.WriteInt32(name, number))),
            Gen.Long.Select(number => (Write)((w, name) => w.WriteInt64(name, number))),
            Gen.Bool.Select(truth => (Write)((w, name) => w.WriteBoolean(name, truth))));
        return depth >= BsonDocument.MaxDepth - 2 ? plain : Gen.Frequency(
            (3, plain),
            (1, self.Array[0, 4].Select(items => (Write)((w, name) =>
            {
                w.BeginArray(name);
                Array.ForEach(items, item => item(w, null));
                w.End();
            }))),
            (1, self.Array[0, 4].Select(items => (Write)((w, name) =>
            {
                w.BeginDocument(name);
                Members(w, items);
                w.End();
            }))));
    });

    private static readonly Gen<byte[]> Whole = Values.Array[0, 6].Select(items =>
    {
        BsonWriter writer = new();
        Members(writer, items);
        return writer.ToBytes();
    });

    private static readonly Gen<(int At, byte Value, int Kind)[]> Changes =
        Gen.Select(Gen.Int[0, 200], Gen.OneOf(Gen.Byte, Gen.Byte[0, 0x13]), Gen.Int[0, 3]).Array[0, 4];

    private static readonly Gen<byte[]> AnyBytes = Gen.Byte.Array[0, 40];

    [Fact]
    [Trait("Kind", "Fuzz")]
    public void Nothing_throws_and_what_is_read_is_written_the_same() => Gen.Select(Whole, Changes, AnyBytes).Sample(
        (whole, changes, any) =>
        {
            Check(whole, mustRead: true);
            Check(Damaged(whole, changes), mustRead: false);
            Check(any, mustRead: false);
            byte[] framed = [0, 0, 0, 0, .. any, 0];
            BitConverter.TryWriteBytes(framed, framed.Length);
            Check(framed, mustRead: false);
        },
        time: Fuzzing.Seconds,
        threads: 1,
        print: sample => string.Join(" / ",
            Convert.ToHexString(sample.Item1), string.Join(' ', sample.Item2), Convert.ToHexString(sample.Item3)));

    private static void Check(byte[] bytes, bool mustRead)
    {
        BsonDocument? document =
            Fuzzing.Bounded(bytes.Length, () => BsonDocument.TryParse(bytes, out BsonDocument? read) ? read : null);
        Assert.True(document is not null || !mustRead);
        if (document is not null)
        {
            Assert.Equal(bytes, BsonTexts.Bytes(document));
        }
    }

    /// <summary>0 changes a byte, 1 puts one in, 2 takes one out, 3 changes one and mends the length.</summary>
    private static byte[] Damaged(byte[] whole, (int At, byte Value, int Kind)[] changes)
    {
        List<byte> bytes = [.. whole];
        foreach ((int at, byte value, int kind) in changes)
        {
            int place = at % Math.Max(bytes.Count, 1);
            if (kind == 1)
            {
                bytes.Insert(place, value);
            }
            else if (kind == 2 && bytes.Count > 5)
            {
                bytes.RemoveAt(place);
            }
            else
            {
                bytes[place] = value;
            }
        }

        byte[] damaged = [.. bytes];
        if (changes.Any(change => change.Kind == 3))
        {
            BitConverter.TryWriteBytes(damaged, damaged.Length);
        }

        return damaged;
    }

    private static void Members(BsonWriter writer, Write[] items)
    {
        for (int i = 0; i < items.Length; i++)
        {
            items[i](writer, $"name{i}");
        }
    }
}
