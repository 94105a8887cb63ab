using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Terminal;

/// <summary>
/// Standard input and output, with the terminal's own line editing. The framework's console would put the terminal
/// into another mode to do that itself, and would keep what it has written.
/// </summary>
internal static class Screen
{
    private const int UsualColumns = 80;
    private const int LongestAnswer = 4096;

    private static readonly SafeFileHandle Input = new(0, ownsHandle: false);
    private static readonly SafeFileHandle Output = new(1, ownsHandle: false);
    private static readonly SafeFileHandle Errors = new(2, ownsHandle: false);

    /// <summary>The width of the terminal; the usual one where there is none or it does not know.</summary>
    public static int Columns =>
        SysIoctl.ioctl(Output, SysIoctl.TIOCGWINSZ, out SysIoctl.Winsize size) == 0 && size.Columns > 0
            ? size.Columns
            : UsualColumns;

    /// <summary>Whether somebody sits at the input who can be asked.</summary>
    public static bool HasPerson => SysTermios.tcgetattr(Input, stackalloc byte[SysTermios.Size]) == 0;

    /// <summary>
    /// Whether block characters will be seen as such. The variables of setlocale(3) in their order; what counts is what
    /// the person's terminal shows, so the locale need not be installed here.
    /// </summary>
    public static bool IsUtf8
    {
        get
        {
            string[] variables = ["LC_ALL", "LC_CTYPE", "LANG"];
            string? locale = variables.Select(Environment.GetEnvironmentVariable)
                .FirstOrDefault(value => !string.IsNullOrEmpty(value));
            return locale is not null
                && (locale.Contains("utf-8", StringComparison.OrdinalIgnoreCase)
                    || locale.Contains("utf8", StringComparison.OrdinalIgnoreCase));
        }
    }

    /// <exception cref="IOException">Nobody can see it.</exception>
    public static void Write(string text) => Write(Output, text);

    /// <summary>Writes a line to standard error. That nobody can see it changes nothing.</summary>
    public static void WriteError(string line)
    {
        try
        {
            Write(Errors, line + "\n");
        }
        catch (IOException)
        {
            // The exit code still says it.
        }
    }

    /// <summary>Writes a text that was made for this one call, and wipes it.</summary>
    /// <exception cref="IOException">Nobody can see it.</exception>
    public static void WriteOnce(string text)
    {
        Write(text);
        Wipe(text);
    }

    /// <summary>Wipes a text that nobody else has. Never one that the source code or another object names.</summary>
    public static void Wipe(string text) => MemoryMarshal.AsMemory(text.AsMemory()).Span.Clear();

    /// <summary>A line without its end; null where the input has ended before it began.</summary>
    /// <exception cref="IOException">The input cannot be read.</exception>
    public static string? ReadLine()
    {
        List<byte> line = [];
        Span<byte> next = stackalloc byte[1]; // one by one, because what follows is the next question's
        while (true)
        {
            nint got = Unistd.read(Input, next, 1);
            if (got < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR)
            {
                continue;
            }

            if (got < 0)
            {
                throw new IOException($"cannot read the answer: {Unistd.StrError(Marshal.GetLastPInvokeError())}");
            }

            if (got == 0 || next[0] == '\n')
            {
                return got == 0 && line.Count == 0 ? null : Encoding.UTF8.GetString([.. line]);
            }

            if (line.Count < LongestAnswer)
            {
                line.Add(next[0]);
            }
        }
    }

    /// <summary>
    /// Asks for a line, unseen where the input is a terminal: from before the prompt is there, for some type at once.
    /// </summary>
    public static string? ReadHiddenLine(string prompt, Action? meanwhile)
    {
        Span<byte> before = stackalloc byte[SysTermios.Size];
        bool terminal = SysTermios.tcgetattr(Input, before) == 0;
        if (terminal)
        {
            Span<byte> hidden = stackalloc byte[SysTermios.Size];
            before.CopyTo(hidden);
            SysTermios.ClearEcho(hidden);
            _ = SysTermios.tcsetattr(Input, SysTermios.TCSANOW, hidden);
        }

        try
        {
            Write(prompt);
            meanwhile?.Invoke();
            return ReadLine();
        }
        finally
        {
            if (terminal)
            {
                _ = SysTermios.tcsetattr(Input, SysTermios.TCSANOW, before);
                Write("\n");
            }
        }
    }

    private static void Write(SafeFileHandle file, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        ReadOnlySpan<byte> rest = bytes;
        while (!rest.IsEmpty)
        {
            nint wrote = Unistd.write(file, rest, rest.Length);
            if (wrote < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw new IOException($"cannot write: {Unistd.StrError(Marshal.GetLastPInvokeError())}");
            }

            rest = rest[(int)Math.Max(wrote, 0)..];
        }

        Array.Clear(bytes);
    }
}
