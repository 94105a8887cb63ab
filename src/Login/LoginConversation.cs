using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Login;

/// <summary>
/// The person at this terminal. Headless there is none: standard input and output belong to the program that is to be
/// run, so nothing is read, and what must be said goes to standard error.
/// </summary>
internal sealed class LoginConversation(Output output, bool isHeadless) : IConversation
{
    private const int LongestAnswer = 4096; // what a terminal takes for a line

    private static readonly SafeFileHandle _in = new(0, ownsHandle: false);

    private bool _hasAsked;
    private bool _wasAnswered;

    /// <summary>The other end of standard output is sshd's, and goes when the client does.</summary>
    public bool IsGone
    {
        get
        {
            var look = new SysSocket.PollFd { Fd = 1 };
            return SysSocket.poll(ref look, 1, 0) > 0 && (look.Revents & (SysSocket.POLLERR | SysSocket.POLLHUP)) != 0;
        }
    }

    public byte[]? Ask(string prompt, bool echo, Action? meanwhile = null)
    {
        if (isHeadless)
        {
            return null;
        }

        Span<byte> before = stackalloc byte[SysTermios.Size];
        bool hides = !echo && SysTermios.tcgetattr(_in, before) == 0;
        if (hides)
        {
            Span<byte> hidden = stackalloc byte[SysTermios.Size];
            before.CopyTo(hidden);
            SysTermios.ClearEcho(hidden);
            _ = SysTermios.tcsetattr(_in, SysTermios.TCSANOW, hidden);
        }

        try
        {
            // An empty line stands before each further prompt, and between an answer and what is said to it.
            Output.Say((_hasAsked ? "\n" : "") + Output.Fit(prompt));
            meanwhile?.Invoke();
            _hasAsked = _wasAnswered = true;
            return ReadLine();
        }
        finally
        {
            if (hides)
            {
                _ = SysTermios.tcsetattr(_in, SysTermios.TCSANOW, before);
                Output.Say("\n");
            }
        }
    }

    public void Tell(string text)
    {
        if (isHeadless)
        {
            Output.Complain(Output.Fit(text));
            return;
        }

        Inform(text);
    }

    public void Inform(string text)
    {
        if (!isHeadless)
        {
            Output.Say((_wasAnswered ? "\n" : "") + Output.Fit(text) + "\n");
            _wasAnswered = false;
        }
    }

    public void Deliver()
    {
        // Each text is shown at once.
    }

    public bool ShowKey(string uri) => throw new IOException("the agent said what is not for this");

    public void Log(Priority priority, string text) => output.Log(priority, text);

    public void SetToken(ReadOnlySpan<byte> token) => throw new IOException("the agent said what is not for this");

    public void AfterVerdict(IDisposable finished) => finished.Dispose();

    /// <summary>One line and no byte more, because what follows is the shell's.</summary>
    private static byte[]? ReadLine()
    {
        List<byte> line = [];
        Span<byte> next = stackalloc byte[1];
        while (true)
        {
            nint got = Unistd.read(_in, next, 1);
            if (got < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR)
            {
                continue;
            }

            if (got <= 0 || next[0] == '\n')
            {
                return got <= 0 ? null : [.. line];
            }

            if (line.Count < LongestAnswer)
            {
                line.Add(next[0]);
            }
        }
    }
}
