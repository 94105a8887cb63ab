using System.Text;

namespace Sallyport.Host.Tests.Duo;

/// <summary>A request as it came over the wire.</summary>
internal sealed record FakeRequest(
    string Method, string Target, IReadOnlyList<(string Name, string Value)> Headers, string Body)
{
    /// <summary>Which connection it came on, from 1.</summary>
    public int Connection { get; init; }

    /// <summary>How many TLS records it came in.</summary>
    public int Records { get; init; }

    public string Path => Target.Split('?')[0];

    /// <summary>As it was sent, encoded: the query of a GET, or the body.</summary>
    public string Encoded => Method == "GET" ? Target[(Target.IndexOf('?', StringComparison.Ordinal) + 1)..] : Body;

    public IReadOnlyDictionary<string, string> Parameters => Encoded.Length == 0
        ? new Dictionary<string, string>()
        : Encoded
            .Split('&')
            .Select(pair => pair.Split('=', 2))
            .ToDictionary(pair => Uri.UnescapeDataString(pair[0]), pair => Uri.UnescapeDataString(pair[1]));

    public string? this[string header] => Headers.FirstOrDefault(h => h.Name == header).Value;

    /// <summary>Null: the connection has ended before one came.</summary>
    public static async Task<FakeRequest?> ReadAsync(Stream stream, CancellationToken stop)
    {
        List<byte> head = [];
        byte[] one = new byte[1];
        while (head.Count < 4 || Encoding.Latin1.GetString([.. head[^4..]]) != "\r\n\r\n")
        {
            if (await stream.ReadAsync(one, stop) == 0)
            {
                return null;
            }

            head.Add(one[0]);
        }

        string[] lines = Encoding.Latin1.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] words = lines[0].Split(' ');
        List<(string Name, string Value)> headers =
        [
            .. lines[1..]
                .Select(line => line.Split(": ", 2))
                .Select(pair => (pair[0], pair.ElementAtOrDefault(1) ?? "")),
        ];
        string? length = headers.FirstOrDefault(h => h.Name == "Content-Length").Value;
        byte[] body = new byte[int.Parse(length ?? "0", System.Globalization.CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, stop);
        return new FakeRequest(words[0], words[1], headers, Encoding.Latin1.GetString(body));
    }
}
