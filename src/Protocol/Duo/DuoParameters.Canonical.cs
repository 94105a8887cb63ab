using System.Text;

namespace Sallyport.Protocol.Duo;

/// <content>The form that is signed.</content>
public sealed partial class DuoParameters
{
    /// <summary>
    /// The parameters as they are signed, and as a client sends them: name and value percent-encoded (RFC 3986: all
    /// but A-Z a-z 0-9 <c>- _ . ~</c>, upper-case digits), sorted by encoded name and then by encoded value, joined by
    /// <c>&amp;</c>. ASCII; empty if there are none.
    /// </summary>
    /// <remarks>Computed once: a request is compared with several texts that have it.</remarks>
    public string Canonical() => _canonical ??= Join(static (one, other) =>
        one.Name.SequenceCompareTo(other.Name) is not 0 and var order ? order : one.Text.SequenceCompareTo(other.Text));

    /// <summary>
    /// The same sorted by whole encoded pairs, as the C clients do. It is another order only where a name is the
    /// beginning of another one that goes on with a character before <c>=</c>: <c>user</c> and <c>user1</c>.
    /// </summary>
    internal string CanonicalByPair() =>
        _canonicalByPair ??= Join(static (one, other) => one.Text.SequenceCompareTo(other.Text));

    /// <summary>How long <see cref="Canonical"/> is, without computing it.</summary>
    internal int CanonicalLength => _pairs.Sum(static pair => 2 + Length(pair.Name.Span) + Length(pair.Value.Span)) - 1;

    private static int Length(ReadOnlySpan<byte> decoded)
    {
        int length = decoded.Length;
        foreach (byte value in decoded)
        {
            length += IsUnreserved(value) ? 0 : 2;
        }

        return length;
    }

    private static bool IsUnreserved(byte value) =>
        char.IsAsciiLetterOrDigit((char)value) || value is (byte)'-' or (byte)'_' or (byte)'.' or (byte)'~';

    private string Join(Comparison<Encoded> order)
    {
        Encoded[] encoded = [.. _pairs.Select(pair => new Encoded(pair))];
        Array.Sort(encoded, order);
        StringBuilder text = new();
        foreach (Encoded pair in encoded)
        {
            text.Append(text.Length > 0 ? "&" : "").Append(pair.Text);
        }

        return text.ToString();
    }

    private readonly struct Encoded
    {
        private readonly string _text;
        private readonly int _nameLength;

        public Encoded(DuoParameter pair)
        {
            StringBuilder text = new(pair.Name.Length + pair.Value.Length + 1);
            Encode(pair.Name.Span, text);
            _nameLength = text.Length;
            Encode(pair.Value.Span, text.Append('='));
            _text = text.ToString();
        }

        public ReadOnlySpan<char> Name => _text.AsSpan(0, _nameLength);

        public ReadOnlySpan<char> Text => _text;

        private static void Encode(ReadOnlySpan<byte> decoded, StringBuilder text)
        {
            foreach (byte value in decoded)
            {
                if (IsUnreserved(value))
                {
                    text.Append((char)value);
                }
                else
                {
                    text.Append('%').Append("0123456789ABCDEF"[value >> 4]).Append("0123456789ABCDEF"[value & 15]);
                }
            }
        }
    }
}
