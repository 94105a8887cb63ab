using System.Security.Cryptography;

namespace Sallyport.Protocol;

/// <summary>The bytes of a file: the enrolment's text, two slots for the record, and nothing.</summary>
public sealed partial class TotpEntry
{
    /// <summary>The size of the file of an entry.</summary>
    public const int FileBytes = 8192;

    /// <summary>How many slots for the record there are, one behind the other after the text.</summary>
    public const int Slots = 2;

    private readonly byte[] _binding;

    private int _slot;
    private ulong _sequence = 1;

    /// <summary>
    /// Whether the record that counts is the one that the file was made with. Who saves over it must first see to the
    /// file's name being on disk, because who gave it that name may have died before he could.
    /// </summary>
    public bool IsFresh => _sequence == 1;

    /// <summary>Takes the bytes of a whole file.</summary>
    /// <param name="file">The bytes; the caller wipes them.</param>
    /// <param name="entry">The entry; null unless nothing is wrong.</param>
    public static TotpFault TryParse(ReadOnlySpan<byte> file, out TotpEntry? entry) => TryParse(file, null, out entry);

    /// <summary>The same, where it has been read a moment before.</summary>
    /// <param name="file">The bytes; the caller wipes them.</param>
    /// <param name="known">
    /// What was read then: where its checksum stands in the file, the text is not judged again. Null where nothing was.
    /// </param>
    /// <param name="entry">The entry; null unless nothing is wrong.</param>
    public static TotpFault TryParse(ReadOnlySpan<byte> file, TotpEnrolment? known, out TotpEntry? entry)
    {
        entry = null;
        if (file.Length != FileBytes)
        {
            return new(TotpProblem.Size);
        }

        TotpFault fault = new(TotpProblem.None);
        ReadOnlySpan<byte> text = file[..TotpEnrolment.TextBytes];
        TotpEnrolment? enrolment = known is not null && known.HasChecksumOf(text) ? known.Copy() : null;
        if (enrolment is null)
        {
            fault = TotpEnrolment.TryParse(text, out enrolment);
        }

        if (enrolment is null)
        {
            return fault;
        }

        byte[] binding = BindingOf(enrolment);
        ReadOnlySpan<byte> first = file[SlotOffset(0)..];
        ReadOnlySpan<byte> second = file[SlotOffset(1)..];
        int slot = TotpRecord.SequenceOf(second) > TotpRecord.SequenceOf(first) ? 1 : 0;
        TotpRecord? record = TotpRecord.TryRead(slot == 1 ? second : first, binding, out ulong sequence);
        if (record is null)
        {
            // The newer one was torn, and never counted.
            slot = Slots - 1 - slot;
            record = TotpRecord.TryRead(slot == 1 ? second : first, binding, out sequence);
        }
        else if (TotpRecord.SequenceOf(second) == TotpRecord.SequenceOf(first)
            && TotpRecord.TryRead(second, binding, out _) is not null)
        {
            record = null; // two that are as new as each other: nobody knows which counts
        }

        if (record is null)
        {
            enrolment.Dispose();
            return new(TotpProblem.NoRecord);
        }

        entry = new(enrolment, record, binding) { _slot = slot, _sequence = sequence };
        return fault;
    }

    /// <summary>Writes the file of an entry that has none yet: the record goes into the first slot.</summary>
    /// <param name="file">8192 bytes, which the caller wipes when they are written.</param>
    public void WriteFile(Span<byte> file)
    {
        file = file[..FileBytes];
        file.Clear();
        Enrolment.Write(file);
        Record.Write(file[SlotOffset(0)..], sequence: 1, _binding);
    }

    /// <summary>Writes the record as it goes into the slot that does not count now.</summary>
    /// <param name="slot">512 bytes.</param>
    /// <returns>Where in the file they belong.</returns>
    /// <exception cref="OverflowException">The last number has been given out.</exception>
    public int WriteNext(Span<byte> slot)
    {
        Record.Write(slot, _sequence + 1, _binding);
        return SlotOffset(Slots - 1 - _slot);
    }

    /// <summary>What <see cref="WriteNext"/> wrote is on disk, so it is the record that counts.</summary>
    public void SetSaved()
    {
        _slot = Slots - 1 - _slot;
        _sequence++;
        Changed = false;
    }

    private static int SlotOffset(int slot) => TotpEnrolment.TextBytes + (slot * TotpRecord.Bytes);

    /// <summary>The first 16 bytes of the hash of the mode, one byte, and the secret.</summary>
    private static byte[] BindingOf(TotpEnrolment enrolment)
    {
        ReadOnlySpan<byte> key = enrolment.Secret.Expose();
        Span<byte> message = stackalloc byte[1 + TotpEnrolment.MaxSecretBytes];
        Span<byte> digest = stackalloc byte[Sha256.DigestBytes];
        message[0] = (byte)(enrolment.Settings.Mode is OtpMode.Hotp ? 'h' : 't');
        key.CopyTo(message[1..]);
        Sha256.Hash(message[..(1 + key.Length)], digest);
        CryptographicOperations.ZeroMemory(message);
        return digest[..TotpRecord.BindingBytes].ToArray();
    }
}
