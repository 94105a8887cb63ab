using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Duo;

/// <summary>
/// Logins that the server has not seen and has yet to be told of: a file in a folder that only root can enter, a line
/// each, on disk before anybody is let in. It outlives the agent.
/// </summary>
internal sealed class Bypasses : IDisposable
{
    private const int Most = 10_000; // are read at a time; the rest is told after them
    private const uint Mode = 0x180; // 0600

    private readonly Lock _lock = new();
    private readonly SafeFileHandle _folder;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly AutoResetEvent _added = new(initialState: true);

    private Bypasses(SafeFileHandle folder, string path, TimeProvider time) =>
        (_folder, _path, _time) = (folder, path, time);

    /// <summary>Set when there is something to tell, and at first: something may be left from before.</summary>
    public WaitHandle Added => _added;

    /// <exception cref="IOException">The folder cannot be used.</exception>
    public static Bypasses At(string path, TimeProvider time) => new(PrivateFolder.Open(path), path, time);

    /// <param name="user">One char a byte, as the address.</param>
    /// <exception cref="IOException">It cannot be kept.</exception>
    public void Add(string user, string? address, string reason)
    {
        DateTimeOffset now = _time.GetUtcNow();
        // The end of the line before stands in front: a torn one takes no other along.
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"\n{Guid.CreateVersion7(now)} {now.ToUnixTimeSeconds()} "
            + $"{Escape(user)} {Escape(address ?? "")} {Escape(Dns.GetHostName())} {Escape(reason)}");
        lock (_lock)
        {
            using SafeFileHandle file = Fcntl.openat(_folder, FileName,
                Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_APPEND | Fcntl.O_NOFOLLOW | Fcntl.O_CLOEXEC, Mode);
            byte[] bytes = Encoding.ASCII.GetBytes(line);
            if (file.IsInvalid || Unistd.write(file, bytes, bytes.Length) != bytes.Length || Unistd.fsync(file) != 0
                || Unistd.fsync(_folder) != 0)
            {
                throw new IOException($"{_path}/waiting: {Unistd.StrError(Marshal.GetLastPInvokeError())}");
            }
        }

        _added.Set();
    }

    /// <summary>Those that wait, the oldest first. A line that cannot be read, a torn one, is passed over.</summary>
    public IReadOnlyList<DuoBypass> Waiting()
    {
        lock (_lock)
        {
            return [.. Lines().Select(Parse).OfType<DuoBypass>().Take(Most)];
        }
    }

    /// <summary>These are told.</summary>
    /// <exception cref="IOException">They will be told once more.</exception>
    public void Remove(IReadOnlyCollection<string> told)
    {
        lock (_lock)
        {
            byte[] left = Encoding.ASCII.GetBytes(string.Concat(
                Lines().Select(Parse).OfType<DuoBypass>().Where(b => !told.Contains(b.Id)).Select(Line)));
            int error = DurableReplace.Write(
                _folder, FileName, left, () => true, () => false, out string? step, out _, Mode);
            if (error != 0)
            {
                throw new IOException($"{_path}/waiting: {step}: {Unistd.StrError(error)}");
            }
        }
    }

    public void Dispose()
    {
        _folder.Dispose();
        _added.Dispose();
    }

    private static byte[] FileName => "waiting\0"u8.ToArray();

    private string[] Lines()
    {
        string file = _path + "/waiting";
        return File.Exists(file) ? File.ReadAllLines(file, Encoding.ASCII) : [];
    }

    private static string Line(DuoBypass bypass) => string.Create(CultureInfo.InvariantCulture,
        $"\n{bypass.Id} {bypass.Time.ToUnixTimeSeconds()} {Escape(OneByte(bypass.User))} "
        + $"{Escape(OneByte(bypass.Address ?? ""))} {Escape(OneByte(bypass.HostName ?? ""))} {Escape(bypass.Reason)}");

    private static DuoBypass? Parse(string line) =>
        line.Split(' ') is [string id, string at, string user, string address, string host, string reason]
        && Guid.TryParseExact(id, "D", out _)
        && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
        && seconds < DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? new(id, Uri.UnescapeDataString(user), Uri.UnescapeDataString(host),
                address.Length > 0 ? Uri.UnescapeDataString(address) : null,
                DateTimeOffset.FromUnixTimeSeconds(seconds), Uri.UnescapeDataString(reason))
            : null;

    /// <summary>No blank, no end of a line, whatever a name is.</summary>
    private static string Escape(string oneByte) =>
        Uri.EscapeDataString(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(oneByte)));

    private static string OneByte(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
}
