using System.Text;
using System.Text.Json;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>vectors/totp-store.json: entries byte for byte, and what they say.</summary>
public sealed class Given_the_vectors_of_the_store
{
    public static TheoryData<string> Cases =>
        [.. Vectors.Read("totp-store.json").GetProperty("cases").EnumerateArray().Select(Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_is_read_as_it_says(string name)
    {
        JsonElement vector = Find(name);
        byte[] file = FileOf(vector);

        TotpFault fault = TotpEntry.TryParse(file, out TotpEntry? entry);
        Assert.Equal(vector.GetProperty("problem").GetString(), fault.Problem.ToString());
        if (entry is null)
        {
            return;
        }

        using (entry)
        {
            Assert.Equal(Record(vector.GetProperty("record")), Record(entry.Record));
            Assert.Equal(file[..TotpEnrolment.TextBytes], Entries.File(entry)[..TotpEnrolment.TextBytes]);
        }
    }

    [Fact]
    public void A_fresh_entry_is_written_so()
    {
        byte[] file = FileOf(Find("a fresh entry"));

        Assert.Equal(file, Entries.File(Entries.Entry()));
    }

    private static byte[] FileOf(JsonElement vector)
    {
        byte[] file = new byte[TotpEntry.FileBytes];
        file.AsSpan(0, TotpEnrolment.TextBytes).Fill((byte)'\n');
        string text = string.Join('\n', vector.GetProperty("text").EnumerateArray().Select(line => line.GetString()));
        Encoding.UTF8.GetBytes(text, file);
        int at = TotpEnrolment.TextBytes;
        foreach (JsonElement slot in vector.GetProperty("slots").EnumerateArray())
        {
            if (slot.GetString()!.Split(' ') is [string body, string checksum])
            {
                Convert.FromHexString(body).CopyTo(file, at);
                Convert.FromHexString(checksum).CopyTo(file, at + TotpRecord.Bytes - 16);
            }

            at += TotpRecord.Bytes;
        }

        return file;
    }

    private static string Record(JsonElement record) => string.Join(' ',
        record.GetProperty("highest"), record.GetProperty("used"), record.GetProperty("counter"), record.GetProperty("skew"),
        record.GetProperty("usedRecoveryCodes"), record.GetProperty("told"),
        string.Join(',', record.GetProperty("samples").EnumerateArray()),
        string.Join(',', record.GetProperty("attempts").EnumerateArray()));

    private static string Record(TotpRecord record) => string.Join(' ',
        record.HighestStep, record.UsedSteps.ToString("x32", null), record.HotpCounter, record.TimeSkew,
        record.UsedRecoveryCodes, record.LastNoticeTold,
        string.Join(',', record.SkewSamples.Select(sample => $"{sample.Step}{sample.Skew:+0;-0}")),
        string.Join(',', record.Attempts));

    private static JsonElement Find(string name) => Vectors.Read("totp-store.json").GetProperty("cases").EnumerateArray()
        .Single(vector => Name(vector) == name);

    private static string Name(JsonElement vector) => vector.GetProperty("name").GetString()!;
}
