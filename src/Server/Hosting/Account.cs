using System.Globalization;
using System.Runtime.InteropServices;

namespace Sallyport.Server.Hosting;

/// <summary>An account of this machine (pwd.h).</summary>
internal sealed partial record Account(string Name, uint Uid, uint Gid)
{
    private const uint NoLogin = uint.MaxValue; // what loginuid says of who did not log in

    /// <summary>
    /// Who gave the command: who logged in, through su and sudo too, as the kernel keeps it (pam_loginuid(8)); else the
    /// account that runs it. The environment is not asked: there anybody can be anybody.
    /// </summary>
    public static string Caller()
    {
        try
        {
            string text = File.ReadAllText("/proc/self/loginuid");
            if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint uid) && uid != NoLogin
                && ByUid(uid) is Account person)
            {
                return person.Name;
            }
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            // A kernel without audit has no such file.
        }

        return Environment.UserName;
    }

    public static uint Self => geteuid();

    /// <summary>null: there is no such account.</summary>
    public static Account? ByUid(uint uid) => Of(getpwuid(uid));

    /// <inheritdoc cref="ByUid"/>
    public static Account? ByName(string name) => Of(getpwnam(name));

    /// <summary>The uid that a file belongs to; null: it cannot be asked, mostly because it is not there.</summary>
    public static uint? OwnerOf(string path) =>
        statx(AT_FDCWD, path, 0, STATX_UID, out Statx file) == 0 ? file.Uid : null;

    /// <summary>Makes a file this account's.</summary>
    public void Give(string path) => Require(lchown(path, Uid, Gid), path);

    /// <summary>
    /// The whole process, for good. glibc's calls change every thread (nptl(7)); the groups are those that a unit with
    /// this User= has.
    /// </summary>
    public void Become()
    {
        Require(initgroups(Name, Gid), Name);
        Require(setgid(Gid), Name);
        Require(setuid(Uid), Name);
    }

    private static void Require(int result, string what)
    {
        if (result != 0)
        {
            throw new SettingsException($"{what}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    private static Account? Of(nint entry)
    {
        if (entry == 0)
        {
            return null;
        }

        Passwd account = Marshal.PtrToStructure<Passwd>(entry);
        return new(Marshal.PtrToStringUTF8(account.Name)!, account.Uid, account.Gid);
    }

    private const int AT_FDCWD = -100;
    private const uint STATX_UID = 0x8;

    [LibraryImport("libc")]
    private static partial uint geteuid();

    // The structure is the C library's own; only one thread asks, when the program begins.
    [LibraryImport("libc")]
    private static partial nint getpwuid(uint uid);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint getpwnam(string name);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int initgroups(string user, uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setgid(uint gid);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setuid(uint uid);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int lchown(string path, uint owner, uint group);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int dirfd, string pathname, int flags, uint mask, out Statx statxbuf);

    /// <summary>struct statx (linux/stat.h), the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(20)]
        public uint Uid;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Passwd
    {
        public nint Name;
        public nint Password;
        public uint Uid;
        public uint Gid;
        public nint Comment;
        public nint Home;
        public nint Shell;
    }
}
