using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>What an agent says to sallyport-login, frame by frame, as the test wants it; and what it is told.</summary>
internal sealed class ScriptedAgent : IDisposable
{
    private const UnixFileMode Everybody = (UnixFileMode)0x1B6; // 0666

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Lock _lock = new();
    private readonly List<string> _answers = [];
    private string[] _hello = [];

    /// <param name="frames">
    /// A type and its text: "Qprompt", "Itext", "L6line", "V1" for an allow. A prompt waits for its answer; "..." waits until
    /// the caller goes away.
    /// </param>
    public ScriptedAgent(Sandbox sandbox, params string[] frames)
    {
        string path = sandbox.Outside("/run/sallyport/agent.sock");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, Everybody);
        _listener.Listen();
        Done = Task.Run(() => PlayAsync(frames));
    }

    /// <summary>Ends when the conversation has.</summary>
    public Task Done { get; }

    /// <summary>The fields, in their order.</summary>
    public string[] Hello
    {
        get
        {
            lock (_lock)
            {
                return _hello;
            }
        }
    }

    /// <summary>"A" and the answer, or "X".</summary>
    public string[] Answers
    {
        get
        {
            lock (_lock)
            {
                return [.. _answers];
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private async Task PlayAsync(string[] frames)
    {
        using Socket caller = await _listener.AcceptAsync();
        using var stream = new NetworkStream(caller);
        string hello = await ReceiveAsync(stream);
        lock (_lock)
        {
            _hello = hello[1..^1].Split('\0');
        }

        foreach (string frame in frames)
        {
            if (frame == "...")
            {
                Assert.Equal(0, await stream.ReadAsync(new byte[1]));
                return;
            }

            byte[] payload = Encoding.Latin1.GetBytes(frame[1..]);
            if (frame is ['V' or 'L', >= '0' and <= '9', ..])
            {
                payload[0] -= (byte)'0'; // a verdict and a priority are numbers
            }

            byte[] bytes = [(byte)frame[0], 0, 0, 0, 0, .. payload];
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), payload.Length);
            await stream.WriteAsync(bytes);
            if (frame[0] is 'P' or 'Q')
            {
                string answer = await ReceiveAsync(stream);
                lock (_lock)
                {
                    _answers.Add(answer);
                }
            }
        }
    }

    private static async Task<string> ReceiveAsync(NetworkStream stream)
    {
        byte[] header = new byte[5];
        await stream.ReadExactlyAsync(header);
        byte[] payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1))];
        await stream.ReadExactlyAsync(payload);
        return (char)header[0] + Encoding.Latin1.GetString(payload);
    }
}
