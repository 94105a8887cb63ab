using System.Net;

namespace Sallyport.Cli.Sshd;

/// <summary>ssh_config(5), PATTERNS: '*', '?', lists with commas, '!' in front of what excludes.</summary>
internal static class Patterns
{
    public static bool Match(string text, string pattern)
    {
        int star = -1;
        int back = 0;
        int p = 0;
        for (int t = 0; t < text.Length;)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, back) = (p++, t);
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t]))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++back;
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).Trim('*').IsEmpty;
    }

    /// <summary>One that excludes beats all others.</summary>
    public static bool MatchList(string text, string list, Func<string, string, bool>? match = null)
    {
        bool found = false;
        foreach (string entry in list.Split(','))
        {
            bool excludes = entry.StartsWith('!');
            if ((match ?? Match)(text, excludes ? entry[1..] : entry))
            {
                if (excludes)
                {
                    return false;
                }

                found = true;
            }
        }

        return found;
    }

    public static bool MatchAddress(string address, string pattern) =>
        IPNetwork.TryParse(pattern, out IPNetwork network) && IPAddress.TryParse(address, out IPAddress? parsed)
            ? network.Contains(parsed)
            : Match(address, pattern);

    /// <summary>Addresses inside: the first and the last of a network, or one that a pattern fits.</summary>
    public static IEnumerable<string> Witnesses(string pattern)
    {
        if (!IPNetwork.TryParse(pattern, out IPNetwork network))
        {
            yield return pattern.Replace("*", "1", StringComparison.Ordinal).Replace('?', '1');
            yield break;
        }

        yield return network.BaseAddress.ToString();
        byte[] last = network.BaseAddress.GetAddressBytes();
        for (int bit = network.PrefixLength; bit < last.Length * 8; bit++)
        {
            last[bit / 8] |= (byte)(0x80 >> (bit % 8));
        }

        yield return new IPAddress(last).ToString();
    }
}
