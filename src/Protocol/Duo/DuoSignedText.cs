using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocol.Duo;

/// <summary>The texts that are signed: lines joined by LF, none at the end.</summary>
internal static class DuoSignedText
{
    /// <summary>Each text that a client may have signed for this request in this version, none twice.</summary>
    public static IReadOnlyCollection<string> All(DuoSignatureVersion version, DuoRequestText request)
    {
        HashSet<string> texts = new(StringComparer.Ordinal);
        DuoParameters parameters = SignedParameters(version, request);
        HashSet<string> lines = new(StringComparer.Ordinal) { parameters.Canonical(), parameters.CanonicalByPair() };
        HashSet<string> hosts = new(StringComparer.Ordinal) { request.Host, request.Host.ToLowerInvariant() };
        foreach (string host in hosts)
        {
            foreach (string line in lines)
            {
                texts.Add(Of(version, request, host, line, withDateHeader: true));
                if (version is DuoSignatureVersion.V5)
                {
                    texts.Add(Of(version, request, host, line, withDateHeader: false));
                }
            }
        }

        return texts;
    }

    /// <summary>The text in lower case and in the usual order: what a client of ours signs.</summary>
    public static string Usual(DuoSignatureVersion version, DuoRequestText request) => Of(
        version,
        request,
        request.Host.ToLowerInvariant(),
        SignedParameters(version, request).Canonical(),
        withDateHeader: true);

    private static DuoParameters SignedParameters(DuoSignatureVersion version, DuoRequestText request) =>
        version is DuoSignatureVersion.V4 or DuoSignatureVersion.V5 ? request.Query : request.Parameters;

    /// <summary>
    /// <paramref name="withDateHeader"/>: some clients of version 5 send X-Duo-Date and count it among the headers,
    /// some send it and do not. It is signed in either case, as the first line.
    /// </summary>
    private static string Of(
        DuoSignatureVersion version,
        DuoRequestText request,
        string host,
        string parameters,
        bool withDateHeader)
    {
        StringBuilder text = new();
        if (version is not DuoSignatureVersion.V1)
        {
            text.Append(request.Date).Append('\n');
        }

        text.AppendJoin('\n', request.Method, host, request.Path, parameters);
        if (version is DuoSignatureVersion.V4 or DuoSignatureVersion.V5)
        {
            text.Append('\n').Append(Sha512(request.Body.Span));
        }

        if (version is DuoSignatureVersion.V5)
        {
            IEnumerable<string> headers = request.Headers
                .Where(header => withDateHeader || header.Key != DuoRequestText.DateHeader)
                .Select(header => $"{header.Key}\0{header.Value}");
            text.Append('\n').Append(Sha512(Encoding.UTF8.GetBytes(string.Join('\0', headers))));
        }

        return text.ToString();
    }

    private static string Sha512(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA512.HashData(bytes));
}
