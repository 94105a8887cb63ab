using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Sallyport.Host.Tests.Agent;

/// <summary>A caller that can say anything: well-formed frames in one word, and any bytes besides.</summary>
internal sealed class AgentClient : IDisposable
{
    public const byte Allow = 1;
    public const byte Ignore = 2;
    public const byte Deny = 3;
    public const byte Unavailable = 4;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly NetworkStream _stream;

    public AgentClient(string path)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _socket.ReceiveTimeout = 20_000;
        _stream = new NetworkStream(_socket, ownsSocket: true);
    }

    /// <summary>Texts of I and E frames, and the prompts, in their order, with their letter in front.</summary>
    public List<string> Shown { get; } = [];

    public List<string> Logged { get; } = [];

    public string? Token { get; private set; }

    /// <summary>The key URI that was to be shown.</summary>
    public string? Uri { get; private set; }

    public AgentClient Hello(string op, string user, params string[] fields) =>
        Send('H', string.Concat(((string[])["version=1", "op=" + op, "user=" + user, .. fields]).Select(f => f + '\0')));

    public AgentClient Send(char type, string payload)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(payload);
        byte[] frame = new byte[5 + bytes.Length];
        frame[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), bytes.Length);
        bytes.CopyTo(frame, 5);
        return SendRaw(frame);
    }

    public AgentClient SendRaw(params byte[] bytes)
    {
        try
        {
            _stream.Write(bytes);
        }
        catch (IOException)
        {
            // The agent has closed already; what it said before is what the test looks at.
        }

        return this;
    }

    /// <summary>
    /// The verdict, answering each prompt with the next answer; null: the connection ended without one. Without
    /// answers left it stops at the prompt, and the verdict is null too.
    /// </summary>
    public byte? Verdict(params string[] answers)
    {
        var left = new Queue<string>(answers);
        while (Read() is (char type, string payload))
        {
            switch (type)
            {
                case 'V':
                    Assert.Single(payload);
                    Assert.Null(Read());
                    return (byte)payload[0];
                case 'P' or 'Q':
                    Shown.Add(type + payload);
                    if (left.Count == 0)
                    {
                        return null;
                    }

                    Send('A', left.Dequeue());
                    break;
                case 'U':
                    Uri = payload;
                    break;
                case 'E' or 'I':
                    Shown.Add(type + payload);
                    break;
                case 'L':
                    Logged.Add($"{(int)payload[0]} {payload[1..]}");
                    break;
                case 'T':
                    Token = payload;
                    break;
                default:
                    Assert.Fail($"frame {type}");
                    break;
            }
        }

        return null;
    }

    /// <summary>A frame, or the end of the connection, is there to be read.</summary>
    public bool HasAnswer(TimeSpan patience) => _socket.Poll(patience, SelectMode.SelectRead);

    /// <summary>True: the agent closed without another word.</summary>
    public bool IsClosed() => Read() is null;

    public void Dispose() => _stream.Dispose();

    private (char Type, string Payload)? Read()
    {
        try
        {
            byte[] header = new byte[5];
            if (_stream.ReadAtLeast(header, 5, throwOnEndOfStream: false) < 5)
            {
                return null;
            }

            byte[] payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1))];
            _stream.ReadExactly(payload);
            return ((char)header[0], Encoding.Latin1.GetString(payload));
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return null; // closed with unread bytes of ours in its buffer
        }
    }
}
