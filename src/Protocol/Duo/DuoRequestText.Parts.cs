using System.Net;
using System.Net.Sockets;

namespace Sallyport.Protocol.Duo;

/// <content>Host, target, headers and the kind of the body.</content>
public sealed partial class DuoRequestText
{
    private const int MaxHostLength = 255;
    private const int MaxPathLength = 1024;

    private static bool TryReadHost(string header, out string host)
    {
        int name = header.StartsWith('[')
            ? header.IndexOf(']', StringComparison.Ordinal) + 1
            : header.IndexOf(':', StringComparison.Ordinal);
        host = name < 0 ? header : header[..name];
        ReadOnlySpan<char> port = header.AsSpan(host.Length);
        bool isAddress = host.StartsWith('[')
            && IPAddress.TryParse(host.AsSpan(1, host.Length - 2), out IPAddress? address)
            && address.AddressFamily is AddressFamily.InterNetworkV6
            && !host.Contains('%', StringComparison.Ordinal);
        return host.Length is > 0 and <= MaxHostLength
            && (isAddress || host.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'))
            && (port.IsEmpty || (port.Length <= 6 && port[0] == ':' && !port[1..].ContainsAnyExceptInRange('0', '9')));
    }

    /// <summary>Through a proxy comes an absolute URI; its authority is not looked at: Host is signed.</summary>
    private static bool TryReadTarget(string target, out string path, out string query)
    {
        path = query = "";
        ReadOnlySpan<char> rest = target;
        foreach (string scheme in (ReadOnlySpan<string>)["http://", "https://"])
        {
            if (rest.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                rest = rest[scheme.Length..];
                int end = rest.IndexOfAny('/', '?');
                rest = end < 0 ? [] : rest[end..];
                break;
            }
        }

        int question = rest.IndexOf('?');
        ReadOnlySpan<char> before = question < 0 ? rest : rest[..question];
        ReadOnlySpan<char> after = question < 0 ? [] : rest[(question + 1)..];
        if (target.StartsWith('/') ? before.IsEmpty : rest.Length == target.Length)
        {
            return false;
        }

        path = before.IsEmpty ? "/" : before.ToString();
        query = after.ToString();
        return path.Length <= MaxPathLength
            && !target.AsSpan().ContainsAnyExceptInRange('!', '~')
            && !target.Contains('#', StringComparison.Ordinal);
    }

    private static bool TryReadHeaders(DuoRequestParts parts, out SortedDictionary<string, string> headers)
    {
        headers = new(StringComparer.Ordinal);
        foreach ((string name, string value) in parts.XDuoHeaders)
        {
            if (!name.StartsWith("X-Duo-", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (headers.Count == MaxHeaders
                || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
                || name.Length > 128
                || !IsHeaderText(value)
                || !headers.TryAdd(name.ToLowerInvariant(), value))
            {
                return false;
            }
        }

        return parts.Date is null || IsHeaderText(parts.Date);
    }

    private static bool IsHeaderText(string text) => text.Length <= MaxHeaderLength && !text.Any(char.IsControl);

    private static bool TryReadKind(DuoRequestParts parts, out DuoBodyKind kind)
    {
        kind = DuoBodyKind.Empty;
        if (parts.Body.IsEmpty)
        {
            return true;
        }

        ReadOnlySpan<char> type = parts.ContentType;
        type = (type.IndexOf(';') is var end and >= 0 ? type[..end] : type).Trim();
        kind = type.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) ? DuoBodyKind.Form
            : type.Equals("application/json", StringComparison.OrdinalIgnoreCase) ? DuoBodyKind.Json
            : DuoBodyKind.Empty;
        return kind is not DuoBodyKind.Empty;
    }
}
