using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Duo;

/// <summary>
/// Whom the server has let in lately, one file for each account, in a folder that only root can enter. With failmode =
/// offline these, and nobody else, may log in by a passcode of this host while the server cannot be reached.
/// </summary>
internal sealed class OfflineMemory : IDisposable
{
    private const int LargestFile = 64;

    // Written once a day and account, not at each login: what counts is days.
    private static readonly TimeSpan _fresh = TimeSpan.FromHours(12);

    private readonly SafeFileHandle _folder;

    private OfflineMemory(SafeFileHandle folder) => _folder = folder;

    /// <exception cref="IOException">The folder cannot be used.</exception>
    public static OfflineMemory At(string path) => new(PrivateFolder.Open(path));

    /// <summary>The server has let him in.</summary>
    /// <returns>0, or the errno of what failed: he is not known, which refuses him while there is no server.</returns>
    public int Remember(string user, DateTimeOffset now)
    {
        if (!TotpStore.IsName(user) || (Find(user) is DateTimeOffset since && since <= now && now - since < _fresh))
        {
            return 0;
        }

        string text = string.Create(
            CultureInfo.InvariantCulture, $"version = 1\nallowed = {now.ToUnixTimeSeconds()}\n");
        return DurableReplace.Write(
            _folder, NameOf(user), Encoding.ASCII.GetBytes(text), () => true, () => false, out _, out _);
    }

    /// <summary>The server has refused him, or he himself has on his phone.</summary>
    /// <returns>0, or the errno of what failed: then he may still be known.</returns>
    public int Forget(string user)
    {
        if (!TotpStore.IsName(user))
        {
            return 0;
        }

        int error = Unistd.unlinkat(_folder, NameOf(user), 0) == 0 ? 0 : Marshal.GetLastPInvokeError();
        return error == Errno.ENOENT ? 0
            : error == 0 && Unistd.fsync(_folder) != 0 ? Marshal.GetLastPInvokeError()
            : error;
    }

    /// <summary>A time that is yet to come is none: the clock was wrong, then or now.</summary>
    public bool Knows(string user, int days, DateTimeOffset now) =>
        TotpStore.IsName(user) && Find(user) is DateTimeOffset since
        && since <= now && now - since < TimeSpan.FromDays(days);

    public void Dispose() => _folder.Dispose();

    private DateTimeOffset? Find(string user)
    {
        using SafeFileHandle file = Fcntl.openat(
            _folder, NameOf(user), Fcntl.O_RDONLY | Fcntl.O_NOFOLLOW | Fcntl.O_NONBLOCK | Fcntl.O_CLOEXEC, 0);
        byte[] content = new byte[LargestFile];
        nint length = file.IsInvalid ? 0 : Unistd.read(file, content, content.Length);
        string[] lines = Encoding.ASCII.GetString(content, 0, (int)Math.Max(length, 0)).Split('\n');
        return lines is ["version = 1", string second, ""] && second.StartsWith("allowed = ", StringComparison.Ordinal)
            && long.TryParse(second.AsSpan(10), NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            && seconds < DateTimeOffset.MaxValue.ToUnixTimeSeconds()
                ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                : null;
    }

    private static byte[] NameOf(string user) => Encoding.Latin1.GetBytes(user + '\0');
}
