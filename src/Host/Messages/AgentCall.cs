using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Messages;

/// <summary>
/// One question to sallyport-agent (docs/formats/agent-protocol.md), answered by the person at this terminal. Anything
/// that is not an allow is a refusal.
/// </summary>
internal sealed class AgentCall : IDisposable
{
    public const string UsualPath = "/run/sallyport/agent.sock";

    private const int Header = 5;
    private const int LargestPayload = 65_536;
    private const int MostFrames = 256;
    private const int Slice = 200; // ms between two looks whether the person is there still
    private const int ConnectSeconds = 2;
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(90);

    private readonly SafeFileHandle _socket;

    private AgentCall(SafeFileHandle socket) => _socket = socket;

    /// <summary>Null: nobody listens there, or takes anybody.</summary>
    /// <exception cref="IOException">Whoever listens there is not root's, and would see what is typed.</exception>
    public static AgentCall? Connect(string path)
    {
        SafeFileHandle socket = SysSocket.socket(SysSocket.AF_UNIX, SysSocket.SOCK_STREAM | SysSocket.SOCK_CLOEXEC, 0);
        var call = new AgentCall(socket);
        SysSocket.SetPatience(socket, ConnectSeconds); // where its queue is full it takes nobody, and says nothing
        byte[] address = SysSocket.UnixAddress(Encoding.UTF8.GetBytes(path));
        if (socket.IsInvalid || SysSocket.connect(socket, address, (uint)address.Length) != 0)
        {
            call.Dispose();
            return null;
        }

        uint length = 12; // sizeof(struct ucred)
        if (SysSocket.getsockopt(socket, SysSocket.SOL_SOCKET, SysSocket.SO_PEERCRED, out SysSocket.Ucred peer, ref length) != 0
            || peer.Uid != 0)
        {
            call.Dispose();
            throw new IOException($"{path}: the agent there is not root's");
        }

        return call;
    }

    /// <param name="fields">Of the hello, "name=value", but for the version.</param>
    /// <param name="isGone">Whether the person has gone away while the agent is at work.</param>
    /// <exception cref="IOException">The agent broke off, was silent, or said what it must not.</exception>
    public Verdict Ask(IEnumerable<string> fields, IConversation person, Func<bool>? isGone = null)
    {
        byte[] hello = Encoding.Latin1.GetBytes(string.Concat(fields.Prepend("version=1").Select(field => field + '\0')));
        if (hello.Length > LargestPayload)
        {
            throw new IOException("this is more than the agent can be told");
        }

        Send('H', hello);
        for (int frame = 0; frame < MostFrames; frame++)
        {
            (char type, byte[] payload) = Receive(isGone);
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
                case 'L' when payload is [<= (byte)Priority.Debug, ..]:
                    person.Log((Priority)payload[0], text[1..]);
                    break;
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
        ReadOnlySpan<byte> rest = frame;
        while (!rest.IsEmpty)
        {
            nint sent = SysSocket.send(_socket, rest, rest.Length, SysSocket.MSG_NOSIGNAL);
            if (sent < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                Array.Clear(frame);
                throw new IOException("the agent has gone away");
            }

            rest = rest[(int)Math.Max(sent, 0)..];
        }

        Array.Clear(frame);
    }

    private (char Type, byte[] Payload) Receive(Func<bool>? isGone)
    {
        long end = Environment.TickCount64 + (long)_silence.TotalMilliseconds;
        byte[] header = Receive(Header, end, isGone);
        int length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1));
        return length is >= 0 and <= LargestPayload
            ? ((char)header[0], Receive(length, end, isGone))
            : throw new IOException("the agent sent a frame that is too long");
    }

    private byte[] Receive(int length, long end, Func<bool>? isGone)
    {
        byte[] bytes = new byte[length];
        for (int done = 0; done < length;)
        {
            Wait(end, isGone);
            nint got = SysSocket.recv(_socket, bytes.AsSpan(done), length - done, SysSocket.MSG_DONTWAIT);
            bool nothingYet = got < 0 && Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR;
            done += nothingYet ? 0 : got > 0 ? (int)got : throw new IOException("the agent has broken off: that is a refusal");
        }

        return bytes;
    }

    private void Wait(long end, Func<bool>? isGone)
    {
        var wait = new SysSocket.PollFd { Fd = (int)_socket.DangerousGetHandle(), Events = SysSocket.POLLIN };
        while (true)
        {
            long left = end - Environment.TickCount64;
            if (left <= 0)
            {
                throw new IOException(string.Create(
                    CultureInfo.InvariantCulture, $"the agent is silent for {_silence.TotalSeconds} seconds: that is a refusal"));
            }

            if (SysSocket.poll(ref wait, 1, (int)(isGone is null ? left : Math.Min(left, Slice))) > 0)
            {
                return;
            }

            if (isGone?.Invoke() is true)
            {
                throw new IOException("the person has gone away");
            }
        }
    }
}
