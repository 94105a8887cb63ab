using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Sallyport.EndToEnd.Harness;

/// <summary>One line as it came to /dev/log. Facility and severity are numbers of RFC 5424, section 6.2.1.</summary>
internal sealed record LogLine(int Facility, int Severity, string Text)
{
    public const int AuthPriv = 10;
    public const int Alert = 1;
    public const int Critical = 2;
    public const int Error = 3;
    public const int Info = 6;

    /// <summary>When it came, as <see cref="Stopwatch.GetTimestamp"/> has it.</summary>
    public long At { get; } = Stopwatch.GetTimestamp();
}

/// <summary>The sandbox's syslog daemon: takes every line that a program in it logs.</summary>
internal sealed partial class Syslog : IDisposable
{
    private const UnixFileMode Everybody = (UnixFileMode)0x1B6; // 0666

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly Lock _lock = new();
    private readonly List<LogLine> _lines = [];
    private readonly CancellationToken _cancellationToken;

    public Syslog(Sandbox sandbox, CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        string path = sandbox.Outside("/dev/log");
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, Everybody);
        _ = CollectAsync();
    }

    public IReadOnlyList<LogLine> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public override string ToString() => string.Join('\n', Lines.Select(line => line.Text));

    public int Count(string fragment) => Lines.Count(line => line.Text.Contains(fragment, StringComparison.Ordinal));

    /// <summary>A line may arrive a moment after its program has ended.</summary>
    /// <param name="after">So many lines were there before, and do not count.</param>
    public async Task<LogLine> LineAsync(string fragment, int after = 0)
    {
        LogLine? Find() => Lines.Skip(after).FirstOrDefault(l => l.Text.Contains(fragment, StringComparison.Ordinal));
        await Wait.UntilAsync(() => Find() is not null, $"a log line with '{fragment}' in\n{this}", _cancellationToken);
        return Find()!;
    }

    public void Dispose() => _socket.Dispose();

    private async Task CollectAsync()
    {
        byte[] buffer = new byte[65536];
        while (true)
        {
            int length;
            try
            {
                length = await _socket.ReceiveAsync(buffer.AsMemory(), _cancellationToken);
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }

            Match match = Datagram().Match(Encoding.UTF8.GetString(buffer, 0, length));
            int priority = int.Parse(match.Groups["priority"].ValueSpan, CultureInfo.InvariantCulture);
            lock (_lock)
            {
                _lines.Add(new LogLine(priority >> 3, priority & 7, match.Groups["text"].Value));
            }
        }
    }

    // RFC 3164, as libc's syslog() writes it: <86>Nov 23 09:34:00 sshd[31]: text
    [GeneratedRegex(@"^<(?<priority>\d+)>(\w{3} [ \d]\d [\d:]{8} )?(?<text>.*?)\0?\n?$", RegexOptions.Singleline)]
    private static partial Regex Datagram();
}
