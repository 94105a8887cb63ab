using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Messages;

/// <summary>
/// The agent's end of one conversation. What is to be sent is gathered and goes out in one piece with the next prompt
/// or the verdict, so that the caller wakes once. After an error every further question is answered with null.
/// </summary>
internal sealed class Connection(SafeFileHandle socket) : IConversation, IDisposable
{
    public const int HeaderBytes = 5;
    public const int LargestPayload = 65_536;

    public static readonly TimeSpan HelloPatience = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan AnswerPatience = TimeSpan.FromMinutes(10);

    // After the first byte of a frame the rest is on its way; a caller that stops half-way is not a slow person.
    private static readonly TimeSpan _framePatience = TimeSpan.FromSeconds(2);

    private readonly byte[] _in = new byte[512]; // usual frames are smaller, and arrive in one piece
    private int _from;
    private int _to;
    private byte[] _out = new byte[512];
    private int _length;
    private readonly List<IDisposable> _finished = [];

    /// <summary>The caller went away, or broke the protocol.</summary>
    public bool IsBroken { get; private set; }

    public bool IsGone
    {
        get
        {
            var look = new SysSocket.PollFd { Fd = (int)socket.DangerousGetHandle(), Events = SysSocket.POLLRDHUP };
            IsBroken |= SysSocket.poll(ref look, 1, 0) > 0;
            return IsBroken;
        }
    }

    /// <summary>uid and pid of the caller as the kernel knows them, or null where it will not say.</summary>
    public SysSocket.Ucred? Peer()
    {
        uint size = 12; // sizeof(struct ucred)
        return SysSocket.getsockopt(socket, SysSocket.SOL_SOCKET, SysSocket.SO_PEERCRED, out SysSocket.Ucred peer, ref size)
            == 0 && size == 12 ? peer : null;
    }

    public Hello? ReadHello(out string? refusal)
    {
        byte[]? payload = Receive(HelloPatience, TimeSpan.Zero, out byte type);
        refusal = payload is null ? "no hello" : type != (byte)'H' ? "the first frame is not a hello" : null;
        if (refusal is not null)
        {
            return null;
        }

        Hello? hello = Hello.Parse(payload, out refusal);
        CryptographicWipe(payload!);
        return hello;
    }

    public byte[]? Ask(string prompt, bool echo, Action? meanwhile = null)
    {
        Add(echo ? (byte)'Q' : (byte)'P', prompt);
        if (!Flush())
        {
            return null;
        }

        meanwhile?.Invoke();
        byte[]? answer = Receive(AnswerPatience, _framePatience, out byte type);
        if (answer is null || type != (byte)'A')
        {
            IsBroken |= type != (byte)'X' || answer is not { Length: 0 };
            return null;
        }

        return answer;
    }

    public void Tell(string text) => Add((byte)'E', text);

    public void Inform(string text) => Add((byte)'I', text);

    public void Deliver() => Flush();

    public bool ShowKey(string uri)
    {
        Add((byte)'U', uri);
        return true;
    }

    public void Log(Priority priority, string text) => Add((byte)'L', (char)priority + text);

    public void SetToken(ReadOnlySpan<byte> token) => Add((byte)'T', token);

    public void AfterVerdict(IDisposable finished) => _finished.Add(finished);

    /// <summary>Lets the caller go, and does what he need not wait for. His place is taken until that is done, too.</summary>
    public void Finish()
    {
        socket.Dispose();
        foreach (IDisposable finished in _finished)
        {
            finished.Dispose();
        }

        _finished.Clear();
    }

    /// <summary>The last frame. False: the caller was gone before he heard it.</summary>
    public bool Send(Verdict verdict)
    {
        byte wire = verdict switch
        {
            Verdict.Allow => 1,
            Verdict.Ignore => 2,
            Verdict.Unavailable => 4,
            _ => 3,
        };
        Add((byte)'V', [wire]);
        return Flush();
    }

    public void Dispose()
    {
        CryptographicWipe(_in);
        CryptographicWipe(_out);
        Finish();
    }

    private void Add(byte type, string latin1) => Add(type, Encoding.Latin1.GetBytes(latin1));

    private void Add(byte type, ReadOnlySpan<byte> payload)
    {
        payload = payload[..Math.Min(payload.Length, LargestPayload)];
        int needed = _length + HeaderBytes + payload.Length;
        if (needed > _out.Length)
        {
            byte[] larger = new byte[needed * 2];
            _out.AsSpan(0, _length).CopyTo(larger);
            CryptographicWipe(_out);
            _out = larger;
        }

        _out[_length] = type;
        BinaryPrimitives.WriteInt32BigEndian(_out.AsSpan(_length + 1), payload.Length);
        payload.CopyTo(_out.AsSpan(_length + HeaderBytes));
        _length = needed;
    }

    private bool Flush()
    {
        ReadOnlySpan<byte> rest = _out.AsSpan(0, _length);
        while (!rest.IsEmpty && !IsBroken)
        {
            nint sent = SysSocket.send(socket, rest, rest.Length, SysSocket.MSG_NOSIGNAL);
            IsBroken = sent < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR;
            rest = rest[(int)Math.Max(sent, 0)..];
        }

        _length = 0;
        return !IsBroken;
    }

    /// <param name="patience">For the frame to begin.</param>
    /// <param name="more">For the rest of it, over what is left of that.</param>
    private byte[]? Receive(TimeSpan patience, TimeSpan more, out byte type)
    {
        long end = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        type = 0;
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (IsBroken || !Fill(header, end))
        {
            IsBroken = true;
            return null;
        }

        type = header[0];
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > LargestPayload)
        {
            IsBroken = true;
            return null;
        }

        byte[] payload = new byte[length];
        end = more > TimeSpan.Zero ? Environment.TickCount64 + (long)more.TotalMilliseconds : end;
        IsBroken = !Fill(payload, end);
        return IsBroken ? null : payload;
    }

    private bool Fill(Span<byte> buffer, long end)
    {
        while (true)
        {
            int ready = Math.Min(_to - _from, buffer.Length);
            _in.AsSpan(_from, ready).CopyTo(buffer);
            _from += ready;
            buffer = buffer[ready..];
            if (buffer.IsEmpty)
            {
                return true;
            }

            nint got = SysSocket.recv(socket, _in, _in.Length, SysSocket.MSG_DONTWAIT);
            (_from, _to) = (0, (int)Math.Max(got, 0));
            bool nothingYet = got < 0 && Marshal.GetLastPInvokeError() is (Errno.EAGAIN or Errno.EINTR);
            if (got <= 0 && !nothingYet)
            {
                return false;
            }

            if (nothingYet && !WaitUntil(end))
            {
                return false;
            }
        }
    }

    private bool WaitUntil(long end)
    {
        long left = end - Environment.TickCount64;
        if (left <= 0)
        {
            return false;
        }

        var wait = new SysSocket.PollFd { Fd = (int)socket.DangerousGetHandle(), Events = SysSocket.POLLIN };
        return SysSocket.poll(ref wait, 1, (int)left) > 0 || Marshal.GetLastPInvokeError() == Errno.EINTR;
    }

    private static void CryptographicWipe(byte[] buffer) =>
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(buffer);
}
