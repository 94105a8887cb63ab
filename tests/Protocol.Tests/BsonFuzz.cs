using CsCheck;
using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>Documents with a few bytes changed, cut or put in, and any bytes. A failure names the seed that repeats it.</summary>
public sealed class Given_a_fuzzer_of_BSON
{
    private static readonly Gen<Action<BsonWriter, string?>> Values = Gen.Recursive<Action<BsonWriter, string?>>((depth, self) =>
    {
        Gen<Action<BsonWriter, string?>> plain = Gen.OneOf(
            Gen.String[Gen.Char['\u0001', '\u07ff'], 0, 8].Select(text => (Action<BsonWriter, string?>)((writer, name) => writer.WriteString(name, text))),
            Gen.Int.Select(number => (Action<BsonWriter, string?>)((writer, name) => writer.WriteInt32(name, number))),
            Gen.Long.Select(number => (Action<BsonWriter, string?>)((writer, name) => writer.WriteInt64(name, number))),
            Gen.Bool.Select(truth => (Action<BsonWriter, string?>)((writer, name) => writer.WriteBoolean(name, truth))));
        return depth >= BsonDocument.MaxDepth - 2 ? plain : Gen.Frequency(
            (3, plain),
            (1, self.Array[0, 4].Select(items => (Action<BsonWriter, string?>)((writer, name) =>
            {
                writer.BeginArray(name);
                Array.ForEach(items, item => item(writer, null));
                writer.End();
            }))),
            (1, self.Array[0, 4].Select(items => (Action<BsonWriter, string?>)((writer, name) =>
            {
                writer.BeginDocument(name);
                Members(writer, items);
                writer.End();
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

    [Fact]
    [Trait("Kind", "Fuzz")]
    public void Nothing_throws_and_what_is_read_is_written_the_same() => Gen.Select(Whole, Changes, Gen.Byte.Array[0, 40]).Sample(
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
        print: sample => $"{Convert.ToHexString(sample.Item1)} {string.Join(' ', sample.Item2)} {Convert.ToHexString(sample.Item3)}");

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

    /// <summary>0 changes a byte, 1 puts one in, 2 takes one out, 3 changes one and mends the outermost length.</summary>
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

    private static void Members(BsonWriter writer, Action<BsonWriter, string?>[] items)
    {
        for (int i = 0; i < items.Length; i++)
        {
            items[i](writer, $"name{i}");
        }
    }
}
