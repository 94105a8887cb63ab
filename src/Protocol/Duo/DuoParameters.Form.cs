namespace Sallyport.Protocol.Duo;

/// <content>Reading a query or a form (application/x-www-form-urlencoded).</content>
public sealed partial class DuoParameters
{
    /// <summary>
    /// Reads a query without its question mark, or the body of a form. <c>+</c> and <c>%20</c> are both a blank,
    /// hexadecimal digits may be of either case, an empty pair is passed over, a pair without <c>=</c> has an empty
    /// value. Never throws.
    /// </summary>
    /// <param name="formOrQuery">The bytes as they were sent.</param>
    /// <param name="parameters">The parameters; <see cref="Empty"/> if there is a problem.</param>
    /// <param name="problem">Why there are none; <see cref="DuoParameterProblem.None"/> if there are.</param>
    public static bool TryParse(
        ReadOnlySpan<byte> formOrQuery,
        out DuoParameters parameters,
        out DuoParameterProblem problem)
    {
        parameters = Empty;
        if (formOrQuery.Length > MaxBytes)
        {
            problem = DuoParameterProblem.TooLong;
            return false;
        }

        List<DuoParameter> pairs = [];
        foreach (Range range in formOrQuery.Split((byte)'&'))
        {
            ReadOnlySpan<byte> pair = formOrQuery[range];
            if (pair.IsEmpty)
            {
                continue;
            }

            int equals = pair.IndexOf((byte)'=');
            byte[]? name = Decode(equals < 0 ? pair : pair[..equals]);
            byte[]? value = Decode(equals < 0 ? [] : pair[(equals + 1)..]);
            problem = name is null || value is null ? DuoParameterProblem.Escape : Fits(name, pairs.Count);
            if (problem is not DuoParameterProblem.None)
            {
                return false;
            }

            pairs.Add(new(name!, value!));
        }

        parameters = new(pairs);
        problem = DuoParameterProblem.None;
        return true;
    }

    private static DuoParameterProblem Fits(ReadOnlySpan<byte> name, int before) =>
        before >= MaxPairs ? DuoParameterProblem.TooMany
        : name.Length > MaxNameBytes ? DuoParameterProblem.NameTooLong
        : DuoParameterProblem.None;

    /// <summary>Null if an escape is not one.</summary>
    private static byte[]? Decode(ReadOnlySpan<byte> encoded)
    {
        byte[] decoded = new byte[encoded.Length];
        int written = 0;
        for (int i = 0; i < encoded.Length; i++)
        {
            byte value = encoded[i];
            if (value == '%')
            {
                if (i + 2 >= encoded.Length
                    || !TryHex(encoded[i + 1], out int high)
                    || !TryHex(encoded[i + 2], out int low))
                {
                    return null;
                }

                value = (byte)((high << 4) | low);
                i += 2;
            }
            else if (value == '+')
            {
                value = (byte)' ';
            }

            decoded[written++] = value;
        }

        return decoded[..written];
    }

    private static bool TryHex(byte character, out int digit)
    {
        digit = character switch
        {
            >= (byte)'0' and <= (byte)'9' => character - '0',
            >= (byte)'a' and <= (byte)'f' => character - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => character - 'A' + 10,
            _ => -1,
        };
        return digit >= 0;
    }
}
