using System.Text;

namespace Sallyport.Protocol.Duo;

/// <summary>
/// The parameters of a request, in the order in which they were sent, repeated names included. Within
/// docs/formats/duo-signature.md they are read from a query or form (<see cref="TryParse"/>) or from a JSON object
/// (<see cref="TryParseJson"/>), and written in the one form that is signed (<see cref="Canonical"/>).
/// </summary>
public sealed partial class DuoParameters
{
    /// <summary>The most bytes that a query, a form or a JSON object may have, before decoding.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>The most parameters that one of them may have. The C clients send at most 15.</summary>
    public const int MaxPairs = 64;

    /// <summary>The most bytes of a name, decoded.</summary>
    public const int MaxNameBytes = 128;

    /// <summary>How deep JSON may be nested, the outermost object included.</summary>
    public const int MaxJsonDepth = 8;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly IReadOnlyList<DuoParameter> _pairs;
    private string? _canonical;
    private string? _canonicalByPair;

    private DuoParameters(IReadOnlyList<DuoParameter> pairs) => _pairs = pairs;

    /// <summary>No parameter at all.</summary>
    public static DuoParameters Empty { get; } = new([]);

    /// <summary>Each parameter in the order in which it was sent.</summary>
    public IReadOnlyList<DuoParameter> Pairs => _pairs;

    /// <summary>The parameters of a request that a program of ours makes.</summary>
    /// <param name="pairs">Names and values, in any order; written as UTF-8.</param>
    /// <exception cref="ArgumentException">
    /// More or longer ones than <see cref="MaxPairs"/> and <see cref="MaxNameBytes"/> allow, or half a surrogate pair.
    /// </exception>
    public static DuoParameters Of(params ReadOnlySpan<(string Name, string Value)> pairs)
    {
        if (pairs.Length > MaxPairs)
        {
            throw new ArgumentException($"At most {MaxPairs} parameters.", nameof(pairs));
        }

        var made = new DuoParameter[pairs.Length];
        for (int i = 0; i < pairs.Length; i++)
        {
            byte[] name = Utf8.GetBytes(pairs[i].Name);
            if (name.Length > MaxNameBytes)
            {
                throw new ArgumentException($"A name has at most {MaxNameBytes} bytes.", nameof(pairs));
            }

            made[i] = new(name, Utf8.GetBytes(pairs[i].Value));
        }

        return new(made);
    }

    /// <summary>
    /// Reads a parameter that may be there once. False if it must be refused: it is there more than once, it is no
    /// UTF-8, or there is a NUL in it. The API's answer to that is 40002 with the name.
    /// </summary>
    /// <param name="name">The name, exactly.</param>
    /// <param name="text">The value; null if the parameter is not there, and whenever it is refused.</param>
    public bool TryRead(string name, out string? text)
    {
        text = null;
        int found = 0;
        ReadOnlySpan<byte> value = default;
        foreach (DuoParameter pair in _pairs)
        {
            if (IsNamed(pair, name))
            {
                found++;
                value = pair.Value.Span;
            }
        }

        if (found == 0)
        {
            return true;
        }

        if (found > 1 || value.Contains((byte)0) || !System.Text.Unicode.Utf8.IsValid(value))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(value);
        return true;
    }

    /// <summary>Whether the parameter is there more than once.</summary>
    /// <param name="name">The name, exactly.</param>
    public bool IsRepeated(string name) => _pairs.Count(pair => IsNamed(pair, name)) > 1;

    /// <summary>These parameters, and those behind them. A name in both is then a repeated one.</summary>
    internal DuoParameters And(DuoParameters others) =>
        others._pairs.Count == 0 ? this : _pairs.Count == 0 ? others : new([.. _pairs, .. others._pairs]);

    private static bool IsNamed(DuoParameter pair, string name) =>
        Ascii.Equals(pair.Name.Span, name) && name.Length == pair.Name.Length;
}
