using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Configuration;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Host.Duo;

/// <summary>
/// login_duo.conf and pam_duo.conf. What is not as in Duo's programs (docs/reference/compatibility.md), above all: a
/// failmode that is not there is secure, and a file that is wrong lets nobody in.
/// </summary>
internal static class DuoFile
{
    public const string LoginDuo = "login_duo";
    public const string PamDuo = "pam_duo";

    private const int LargestFile = 1 << 20;
    private const uint ForeignRead = 0x24; // 0044
    private const uint ForeignWrite = 0x12; // 0022

    /// <summary>The file, read with the rights of whoever runs this.</summary>
    /// <param name="names">What makes the path the bytes that it is: Latin-1, where it has one char a byte.</param>
    /// <exception cref="ConfigurationException">In the words of Duo's programs.</exception>
    public static DuoSettings Open(string path, ICollection<DuoNote> notes, Encoding names) =>
        Parse(path, Read(path, names), notes);

    /// <param name="notes">Gets what there is to say, also where an exception is thrown.</param>
    /// <exception cref="ConfigurationException">In the words of Duo's programs.</exception>
    public static DuoSettings Parse(
        string path, ReadOnlySpan<byte> bytes, ICollection<DuoNote> notes, string program = LoginDuo)
    {
        var keys = new DuoFileKeys(program, notes);
        foreach (DuoPair pair in DuoIni.Read(Encoding.Latin1.GetString(bytes)))
        {
            if (pair.Name is null || !keys.Set(pair.Name, pair.Value))
            {
                throw new ConfigurationException($"Parse error in {path}, line {pair.Line}");
            }

            if (pair.Value is ['#', ..] || pair.Value.Contains(" #", StringComparison.Ordinal))
            {
                notes.Add(new DuoNote(
                    Priority.Warning,
                    $"{path}, line {pair.Line}: what begins with # is no comment here, it belongs to the value of "
                    + pair.Name));
            }
        }

        DuoSettings settings = keys.Settings;
        if (settings.Host.Length == 0 || settings.IntegrationKey.Length == 0 || settings.SecretKey.Length == 0)
        {
            throw new ConfigurationException($"Missing host, ikey, or skey in {path}");
        }

        if (settings is { AutoPush: true, VerifiedPush: true })
        {
            throw new ConfigurationException($"autopush and verified_push cannot both be enabled in {path}");
        }

        if (!keys.HasFailMode)
        {
            notes.Add(new DuoNote(Priority.Debug, $"failmode is not set in {path}: it is secure"));
        }

        if (DuoGroups.MatchNobody(settings.Groups))
        {
            notes.Add(new DuoNote(
                Priority.Warning,
                "All configured groups are negated; no user can match, so nobody is asked. "
                + "Everybody but a group is *,!group"));
        }

        if (keys.NoVerify)
        {
            notes.Add(new DuoNote(
                Priority.Warning,
                $"TLS certificate verification is disabled in {path}: "
                + "whoever is on the way to the server can let anybody in"));
        }

        return settings with { NoVerify = keys.NoVerify, CaFile = keys.NoVerify ? null : settings.CaFile };
    }

    private static byte[] Read(string path, Encoding names)
    {
        using SafeFileHandle file = Fcntl.openat(Fcntl.AT_FDCWD, names.GetBytes(path + '\0'),
            Fcntl.O_RDONLY | Fcntl.O_NONBLOCK | Fcntl.O_CLOEXEC, 0);
        if (file.IsInvalid
            || SysStat.statx(file, [0], Fcntl.AT_EMPTY_PATH, SysStat.STATX_BASIC_STATS, out SysStat.Statx stat) != 0)
        {
            throw new ConfigurationException($"Couldn't open {path}: {Unistd.StrError(Marshal.GetLastPInvokeError())}");
        }

        if ((stat.Mode & SysStat.S_IFMT) != SysStat.S_IFREG || stat.Size > LargestFile)
        {
            throw new ConfigurationException($"Couldn't open {path}: not a regular file of at most 1 MiB");
        }

        if ((stat.Mode & ForeignRead) != 0)
        {
            throw new ConfigurationException($"{path} must be readable only by user '{Me()}'");
        }

        if ((stat.Mode & ForeignWrite) != 0)
        {
            throw new ConfigurationException($"{path} must be writable only by user '{Me()}'");
        }

        using var stream = new FileStream(file, FileAccess.Read);
        byte[] bytes = new byte[stat.Size];
        return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    private static string Me() => Pwd.ByUid(Unistd.geteuid())?.Name ?? "?";
}
