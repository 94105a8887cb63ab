using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Cli.Factors;

/// <summary>
/// One question to sallyport-agent (docs/formats/agent-protocol.md), answered by the person at this terminal. Anything
/// that is not an allow is a refusal.
/// </summary>
internal sealed class AgentCall : IDisposable
{
    private const int Header = 5;
    private const int LargestPayload = 65_536;
    private const int MostFrames = 256;
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(90);

    private readonly Socket _socket;

    private AgentCall(Socket socket) => _socket = socket;

    /// <summary>Null: nobody listens there.</summary>
    /// <exception cref="IOException">Whoever listens there is not root's, and would see what is typed.</exception>
    public static AgentCall? Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var call = new AgentCall(socket);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            call.Dispose();
            return null;
        }

        uint length = 12; // sizeof(struct ucred)
        if (SysSocket.getsockopt(new SafeFileHandle(socket.Handle, ownsHandle: false), SysSocket.SOL_SOCKET,
                SysSocket.SO_PEERCRED, out SysSocket.Ucred peer, ref length) != 0 || peer.Uid != 0)
        {
            call.Dispose();
            throw new IOException($"{path}: the agent there is not root's");
        }

        socket.ReceiveTimeout = (int)_silence.TotalMilliseconds;
        return call;
    }

    /// <exception cref="IOException">The agent broke off, was silent, or said what it must not.</exception>
    public Verdict Ask(string op, string user, IEnumerable<string> arguments, IConversation person)
    {
        IEnumerable<string> fields =
            ["version=1", $"op={op}", $"user={user}", "service=sallyport", .. arguments.Select(a => $"arg={a}")];
        Send('H', Encoding.Latin1.GetBytes(string.Concat(fields.Select(field => field + '\0'))));
        for (int frame = 0; frame < MostFrames; frame++)
        {
            (char type, byte[] payload) = Receive();
            string text = type == 'U' ? "" : Encoding.Latin1.GetString(payload);
            switch (type)
            {
                case 'P' or 'Q':
                    Answer(person.Ask(text, echo: type == 'Q'));
                    break;
                case 'I':
                    person.Inform(text);
                    break;
                case 'E':
                    person.Tell(text);
                    break;
                case 'U':
                    person.ShowKey(Encoding.Latin1.GetString(payload));
                    Array.Clear(payload);
                    break;
                case 'L':
                    break; // the agent keeps its own log of this; ours would be the user's word
                case 'V' when payload is [(byte)Verdict.Allow]:
                    return Verdict.Allow;
                case 'V':
                    return Verdict.Deny;
                default:
                    throw new IOException($"the agent said '{type}', which is not for this");
            }
        }

        throw new IOException("the agent talks without an end");
    }

    public void Dispose() => _socket.Dispose();

    private void Answer(byte[]? answer)
    {
        bool fits = answer is { Length: <= LargestPayload } && !answer.Contains((byte)0);
        Send(fits ? 'A' : 'X', fits ? answer! : []);
        Array.Clear(answer ?? []);
    }

    private void Send(char type, byte[] payload)
    {
        byte[] frame = new byte[Header + payload.Length];
        frame[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length);
        payload.CopyTo(frame, Header);
        try
        {
            _socket.Send(frame);
        }
        catch (SocketException gone)
        {
            throw new IOException("the agent has gone away", gone);
        }
        finally
        {
            Array.Clear(frame);
        }
    }

    private (char Type, byte[] Payload) Receive()
    {
        byte[] header = Receive(Header);
        int length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1));
        return length is >= 0 and <= LargestPayload
            ? ((char)header[0], Receive(length))
            : throw new IOException("the agent sent a frame that is too long");
    }

    private byte[] Receive(int length)
    {
        byte[] bytes = new byte[length];
        try
        {
            for (int done = 0; done < length;)
            {
                int got = _socket.Receive(bytes, done, length - done, SocketFlags.None);
                done += got > 0 ? got : throw new IOException("the agent has broken off: that is a refusal");
            }
        }
        catch (SocketException failed)
        {
            throw new IOException("the agent is silent: that is a refusal", failed);
        }

        return bytes;
    }
}
