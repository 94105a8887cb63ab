using System.Runtime.InteropServices;
using System.Text;

namespace Sallyport.Host.Interop;

/// <summary>pwd.h and grp.h: accounts, through NSS, so that network accounts count too.</summary>
internal static unsafe partial class Pwd
{
    private const int LargestEntry = 1 << 20;

    /// <summary>null: there is no such account. The name is Latin-1: one char, one byte.</summary>
    /// <exception cref="IOException">The account database could not be asked: not the same as "no such account".</exception>
    public static Account? ByName(string name)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(name + '\0');
        return Find((Passwd* entry, byte* buffer, nuint size, Passwd** result) =>
        {
            fixed (byte* text = bytes)
            {
                return getpwnam_r(text, entry, buffer, size, result);
            }
        });
    }

    /// <inheritdoc cref="ByName"/>
    public static Account? ByUid(uint uid) =>
        Find((Passwd* entry, byte* buffer, nuint size, Passwd** result) =>
            getpwuid_r(uid, entry, buffer, size, result));

    /// <summary>All accounts that the name service lists; a network's may not be among them. For one thread at a time.</summary>
    public static List<Account> All()
    {
        List<Account> accounts = [];
        setpwent();
        for (Passwd* entry = getpwent(); entry is not null; entry = getpwent())
        {
            accounts.Add(AccountOf(entry));
        }

        endpwent();
        return accounts;
    }

    /// <summary>All groups that the name service lists. For one thread at a time.</summary>
    public static List<(string Name, Group Group)> Groups()
    {
        List<(string, Group)> groups = [];
        setgrent();
        for (GroupEntry* entry = getgrent(); entry is not null; entry = getgrent())
        {
            groups.Add((Text(entry->gr_name), new Group(entry->gr_gid, Members(entry))));
        }

        endgrent();
        return groups;
    }

    /// <summary>The groups of an account, its primary one included.</summary>
    public static uint[] GroupsOf(Account account)
    {
        var groups = new uint[64];
        while (true)
        {
            int count = groups.Length;
            int found;
            fixed (byte* name = Encoding.Latin1.GetBytes(account.Name + '\0'))
            fixed (uint* list = groups)
            {
                found = getgrouplist(name, account.Gid, list, &count);
            }

            if (found >= 0)
            {
                return groups[..count];
            }

            groups = new uint[Math.Max(count, groups.Length * 2)];
        }
    }

    /// <summary>null: there is no such group.</summary>
    /// <exception cref="IOException">The database could not be asked.</exception>
    public static Group? GroupByName(string name)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(name + '\0');
        return FindGroup((GroupEntry* entry, byte* buffer, nuint size, GroupEntry** result) =>
        {
            fixed (byte* text = bytes)
            {
                return getgrnam_r(text, entry, buffer, size, result);
            }
        })?.Group;
    }

    /// <inheritdoc cref="GroupByName"/>
    public static string? GroupNameOf(uint gid) =>
        FindGroup((GroupEntry* entry, byte* buffer, nuint size, GroupEntry** result) =>
            getgrgid_r(gid, entry, buffer, size, result))?.Name;

    private delegate int GroupQuery(GroupEntry* entry, byte* buffer, nuint size, GroupEntry** result);

    private static (string Name, Group Group)? FindGroup(GroupQuery query)
    {
        for (int size = 1024; size <= LargestEntry; size *= 4)
        {
            GroupEntry entry;
            GroupEntry* result;
            fixed (byte* start = new byte[size])
            {
                int error = query(&entry, start, (nuint)size, &result);
                if (error is Errno.ERANGE or Errno.EINTR)
                {
                    continue;
                }

                return result is not null ? (Text(result->gr_name), new Group(result->gr_gid, Members(result)))
                    : IsNotFound(error) ? null
                    : throw new IOException($"cannot look up groups: {Unistd.StrError(error)}");
            }
        }

        throw new IOException("cannot look up groups: an entry is larger than 1 MiB");
    }

    private static List<string> Members(GroupEntry* group)
    {
        List<string> members = [];
        for (byte** member = group->gr_mem; *member is not null; member++)
        {
            members.Add(Text(*member));
        }

        return members;
    }

    // POSIX leaves open which errors mean "not found"; these are what glibc's modules use for it.
    private static bool IsNotFound(int error) => error is 0 or Errno.ENOENT or Errno.EPERM or 3 /* ESRCH */;

    private delegate int Query(Passwd* entry, byte* buffer, nuint size, Passwd** result);

    private static Account? Find(Query query)
    {
        for (int size = 1024; size <= LargestEntry; size *= 4)
        {
            Passwd entry;
            Passwd* result;
            byte[] buffer = new byte[size];
            fixed (byte* start = buffer)
            {
                int error = query(&entry, start, (nuint)size, &result);
                if (error is Errno.ERANGE or Errno.EINTR)
                {
                    continue;
                }

                if (result is null && !IsNotFound(error))
                {
                    throw new IOException($"cannot look up accounts: {Unistd.StrError(error)}");
                }

                return result is null ? null : AccountOf(result);
            }
        }

        throw new IOException("cannot look up accounts: an entry is larger than 1 MiB");
    }

    private static Account AccountOf(Passwd* entry) => new(Text(entry->pw_name), entry->pw_uid, entry->pw_gid,
        Text(entry->pw_dir), Text(entry->pw_shell), Text(entry->pw_gecos));

    private static string Text(byte* text) =>
        Encoding.Latin1.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    [LibraryImport("libc")]
    private static partial void setpwent();

    [LibraryImport("libc")]
    private static partial Passwd* getpwent();

    [LibraryImport("libc")]
    private static partial void endpwent();

    [LibraryImport("libc")]
    private static partial void setgrent();

    [LibraryImport("libc")]
    private static partial GroupEntry* getgrent();

    [LibraryImport("libc")]
    private static partial void endgrent();

    [LibraryImport("libc")]
    private static partial int getpwnam_r(byte* name, Passwd* pwd, byte* buf, nuint buflen, Passwd** result);

    [LibraryImport("libc")]
    private static partial int getpwuid_r(uint uid, Passwd* pwd, byte* buf, nuint buflen, Passwd** result);

    [LibraryImport("libc")]
    private static partial int getgrnam_r(byte* name, GroupEntry* grp, byte* buf, nuint buflen, GroupEntry** result);

    [LibraryImport("libc")]
    private static partial int getgrgid_r(uint gid, GroupEntry* grp, byte* buf, nuint buflen, GroupEntry** result);

    [LibraryImport("libc")]
    private static partial int getgrouplist(byte* user, uint group, uint* groups, int* ngroups);

    [StructLayout(LayoutKind.Sequential)]
    private struct GroupEntry
    {
        public byte* gr_name;
        public byte* gr_passwd;
        public uint gr_gid;
        public byte** gr_mem;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Passwd
    {
        public byte* pw_name;
        public byte* pw_passwd;
        public uint pw_uid;
        public uint pw_gid;
        public byte* pw_gecos;
        public byte* pw_dir;
        public byte* pw_shell;
    }
}

/// <summary>An account of this host; texts are Latin-1, one char a byte.</summary>
internal sealed record Account(
    string Name, uint Uid, uint Gid, string Home, string Shell = "", string Comment = "");

/// <summary>A group, and who is named in it; whose primary group it is does not stand there.</summary>
internal sealed record Group(uint Gid, IReadOnlyList<string> Members);
