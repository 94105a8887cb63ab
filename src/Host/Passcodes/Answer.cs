namespace Sallyport.Host.Passcodes;

/// <summary>What a person typed, cut into a password in front and a code of so many digits at the end.</summary>
internal static class Answer
{
    /// <summary>sshd answers with this for a user that it has refused already; it starts with a backspace.</summary>
    public static bool IsDummy(ReadOnlySpan<byte> answer) => answer is [(byte)'\b', ..];

    /// <summary>False: not of this form, so no code at all.</summary>
    public static bool TrySplit(
        ReadOnlySpan<byte> answer, int digits, bool prefixAllowed, out uint code, out int prefixLength)
    {
        code = 0;
        prefixLength = answer.Length - digits;
        if (prefixLength < 0 || (prefixLength > 0 && !prefixAllowed))
        {
            return false;
        }

        foreach (byte c in answer[prefixLength..])
        {
            if (!char.IsAsciiDigit((char)c))
            {
                return false;
            }

            code = (code * 10) + (uint)(c - '0');
        }

        return true;
    }
}
