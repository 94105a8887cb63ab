using System.Buffers.Binary;

namespace Sallyport.Protocol;

/// <summary>The record byte by byte; numbers are big-endian.</summary>
public sealed partial record TotpRecord
{
    /// <summary>The size of what binds a record to its secret.</summary>
    internal const int BindingBytes = 16;

    private const int ChecksumBytes = 16;
    private const int MaxSamples = 3;
    private const int SampleBytes = sizeof(long) + sizeof(int);

    private const int SequenceAt = 8;
    private const int BindingAt = 16;
    private const int HighestAt = 32;
    private const int UsedAt = 40;
    private const int CounterAt = 56;
    private const int SkewAt = 64;
    private const int RecoveryAt = 68;
    private const int SampleCountAt = 70;
    private const int AttemptCountAt = 71;
    private const int NoticeAt = 72;
    private const int SamplesAt = 80;
    private const int NewestAttemptAt = 120;
    private const int AgesAt = 128;
    private const int ChecksumAt = Bytes - ChecksumBytes;

    // Six letters and two digits: the version.
    private static ReadOnlySpan<byte> Magic => "spused01"u8;

    /// <summary>Writes a slot.</summary>
    internal void Write(Span<byte> slot, ulong sequence, ReadOnlySpan<byte> binding)
    {
        slot = slot[..Bytes];
        slot.Clear();
        Magic.CopyTo(slot);
        BinaryPrimitives.WriteUInt64BigEndian(slot[SequenceAt..], sequence);
        binding.CopyTo(slot[BindingAt..]);
        BinaryPrimitives.WriteInt64BigEndian(slot[HighestAt..], HighestStep);
        BinaryPrimitives.WriteUInt128BigEndian(slot[UsedAt..], UsedSteps);
        BinaryPrimitives.WriteInt64BigEndian(slot[CounterAt..], HotpCounter);
        BinaryPrimitives.WriteInt32BigEndian(slot[SkewAt..], TimeSkew);
        BinaryPrimitives.WriteUInt16BigEndian(slot[RecoveryAt..], UsedRecoveryCodes);
        BinaryPrimitives.WriteUInt32BigEndian(slot[NoticeAt..], LastNoticeTold);
        slot[SampleCountAt] = (byte)SkewSamples.Count;
        for (int i = 0; i < SkewSamples.Count; i++)
        {
            Span<byte> sample = slot[(SamplesAt + (i * SampleBytes))..];
            BinaryPrimitives.WriteInt64BigEndian(sample, SkewSamples[i].Step);
            BinaryPrimitives.WriteInt32BigEndian(sample[sizeof(long)..], SkewSamples[i].Skew);
        }

        WriteAttempts(slot);
        Span<byte> digest = stackalloc byte[Sha256.DigestBytes];
        Sha256.Hash(slot[..ChecksumAt], digest);
        digest[..ChecksumBytes].CopyTo(slot[ChecksumAt..]);
    }

    /// <summary>The number that a slot has, whether or not it counts.</summary>
    internal static ulong SequenceOf(ReadOnlySpan<byte> slot) => BinaryPrimitives.ReadUInt64BigEndian(slot[SequenceAt..]);

    /// <summary>Null: not a slot that this program would write for this secret.</summary>
    internal static TotpRecord? TryRead(ReadOnlySpan<byte> slot, ReadOnlySpan<byte> binding, out ulong sequence)
    {
        sequence = BinaryPrimitives.ReadUInt64BigEndian(slot[SequenceAt..]);
        int samples = slot[SampleCountAt];
        int attempts = slot[AttemptCountAt];
        if (samples > MaxSamples || attempts > MaxAttempts)
        {
            return null;
        }

        TotpRecord record = new()
        {
            HighestStep = BinaryPrimitives.ReadInt64BigEndian(slot[HighestAt..]),
            UsedSteps = BinaryPrimitives.ReadUInt128BigEndian(slot[UsedAt..]),
            HotpCounter = BinaryPrimitives.ReadInt64BigEndian(slot[CounterAt..]),
            TimeSkew = BinaryPrimitives.ReadInt32BigEndian(slot[SkewAt..]),
            UsedRecoveryCodes = BinaryPrimitives.ReadUInt16BigEndian(slot[RecoveryAt..]),
            LastNoticeTold = BinaryPrimitives.ReadUInt32BigEndian(slot[NoticeAt..]),
            SkewSamples = ReadSamples(slot, samples),
            Attempts = ReadAttempts(slot, attempts),
        };

        if (sequence == 0 || !record.IsValid)
        {
            return null;
        }

        // What is not as it would be written is not ours, whatever its checksum says: magic, binding, zeros and all.
        Span<byte> written = stackalloc byte[Bytes];
        record.Write(written, sequence, binding);
        return slot[..Bytes].SequenceEqual(written) ? record : null;
    }

    /// <summary>Whether this can be written, and read back as it was.</summary>
    internal bool IsValid =>
        HighestStep is >= -1 and <= CNumber.FarthestMoment
        && (HighestStep < 0 ? UsedSteps == UInt128.Zero : UInt128.IsOddInteger(UsedSteps))
        && HotpCounter >= 0
        && TimeSkew is >= -SkewSample.MaxSkew and <= SkewSample.MaxSkew
        && UsedRecoveryCodes < 1 << RecoveryCodeHashes.MaxCodes
        && SkewSamples.Count <= MaxSamples
        && SkewSamples.All(sample => sample.Step is >= -CNumber.FarthestMoment and <= CNumber.FarthestMoment
            && sample.Skew is >= -SkewSample.MaxSkew and <= SkewSample.MaxSkew)
        && AreAttempts();

    /// <summary>Each within 65,535 seconds of the newest: no rate limit looks back for more than 3600.</summary>
    private bool AreAttempts()
    {
        // First, so that the differences stay within 64 bits.
        if (Attempts.Any(attempt => attempt is < 0 or > CNumber.FarthestMoment))
        {
            return false;
        }

        for (int i = 0; i < Attempts.Count; i++)
        {
            bool sorted = i == 0 || Attempts[i] >= Attempts[i - 1];
            if (!sorted || Attempts[^1] - Attempts[i] > ushort.MaxValue)
            {
                return false;
            }
        }

        return Attempts.Count <= MaxAttempts;
    }

    private void WriteAttempts(Span<byte> slot)
    {
        slot[AttemptCountAt] = (byte)Attempts.Count;
        if (Attempts.Count == 0)
        {
            return;
        }

        BinaryPrimitives.WriteInt64BigEndian(slot[NewestAttemptAt..], Attempts[^1]);
        for (int i = 0; i < Attempts.Count; i++)
        {
            long age = Attempts[^1] - Attempts[i];
            BinaryPrimitives.WriteUInt16BigEndian(slot[(AgesAt + (i * sizeof(ushort)))..], (ushort)age);
        }
    }

    private static SkewSample[] ReadSamples(ReadOnlySpan<byte> slot, int count)
    {
        SkewSample[] samples = new SkewSample[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> sample = slot[(SamplesAt + (i * SampleBytes))..];
            samples[i] = new(
                BinaryPrimitives.ReadInt64BigEndian(sample),
                BinaryPrimitives.ReadInt32BigEndian(sample[sizeof(long)..]));
        }

        return samples;
    }

    private static long[] ReadAttempts(ReadOnlySpan<byte> slot, int count)
    {
        long newest = BinaryPrimitives.ReadInt64BigEndian(slot[NewestAttemptAt..]);
        long[] attempts = new long[count];
        for (int i = 0; i < count; i++)
        {
            ushort age = BinaryPrimitives.ReadUInt16BigEndian(slot[(AgesAt + (i * sizeof(ushort)))..]);
            attempts[i] = unchecked(newest - age);
        }

        return attempts;
    }
}
