using System.Buffers;
using System.Text;

namespace Sallyport.Protocol;

/// <summary>What a row of last logins says. Zero is a refusal.</summary>
public enum LastLoginState
{
    /// <summary>Not set; a refusal.</summary>
    Unspecified = 0,

    /// <summary>There is no such row.</summary>
    Absent,

    /// <summary>The row can be used.</summary>
    Valid,

    /// <summary>The row is no host and time; it vouches for nobody.</summary>
    Malformed,
}

/// <summary>A host from which somebody logged in.</summary>
/// <param name="Host">The host as PAM named it; see <see cref="IsHost"/>.</param>
/// <param name="Seconds">When, in seconds since 1970; not negative.</param>
public readonly record struct LastLogin(string Host, long Seconds)
{
    /// <summary>The greatest length of a host (RFC 1035 section 2.3.4).</summary>
    public const int MaxHostLength = 255;

    private static readonly SearchValues<char> HostCharacters =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz:%.-");

    /// <summary>Whether a row can hold this host: 1 to 255 ASCII letters, digits, colons, per cents, dots, hyphens.</summary>
    /// <param name="host">The host as PAM names it.</param>
    public static bool IsHost(ReadOnlySpan<char> host) =>
        host.Length is >= 1 and <= MaxHostLength && !host.ContainsAnyExcept(HostCharacters);
}

/// <summary>The rows <c>LAST0</c> to <c>LAST9</c>: who need not be asked again for a while.</summary>
public sealed partial class StateFile
{
    /// <summary>The number of rows.</summary>
    public const int LastLoginRows = 10;

    /// <summary>
    /// Reads a row: a host, a blank, a time, and anything after it. The same rule holds for reading and for updating.
    /// </summary>
    /// <param name="index">0 to 9.</param>
    /// <param name="row">The row; the default value unless the answer is <see cref="LastLoginState.Valid"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index outside of 0 to 9.</exception>
    public LastLoginState TryGetLastLogin(int index, out LastLogin row)
    {
        row = default;
        if (!TryFind(LastLoginName(index), out ReadOnlySpan<byte> value))
        {
            return LastLoginState.Absent;
        }

        int end = value.IndexOfAny(Blanks);
        if (end < 0)
        {
            return LastLoginState.Malformed;
        }

        string host = Encoding.Latin1.GetString(value[..end]);
        ReadOnlySpan<byte> time = value[end..].TrimStart(Blanks);
        CNumber seconds = CNumber.Signed(time);
        bool startsWithDigit = !time.IsEmpty && time[0] is >= (byte)'0' and <= (byte)'9';
        if (!LastLogin.IsHost(host) || !startsWithDigit || !seconds.IsValid)
        {
            return LastLoginState.Malformed;
        }

        row = new(host, seconds.Int64);
        return LastLoginState.Valid;
    }

    /// <summary>Writes a row.</summary>
    /// <param name="index">0 to 9.</param>
    /// <param name="row">Host and time.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index outside of 0 to 9, or a negative time.</exception>
    /// <exception cref="ArgumentException">A host that a row cannot hold.</exception>
    public void SetLastLogin(int index, LastLogin row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row.Seconds, nameof(row));
        if (!LastLogin.IsHost(row.Host))
        {
            throw new ArgumentException("A row cannot hold this host.", nameof(row));
        }

        Set(LastLoginName(index), $"{row.Host} {Decimal(row.Seconds)}");
    }

    private static byte[] LastLoginName(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, LastLoginRows);
        return [.. "LAST"u8, (byte)('0' + index)];
    }
}
