using Sallyport.Host.Interop;

namespace Sallyport.Host.Files;

/// <summary>
/// While it lives, the calling thread reaches files as an account does, and as nothing more: Linux drops the
/// file capabilities with a file-system uid other than 0 (capabilities(7)). Only this thread changes, so nothing
/// between Enter and Dispose may await or hand work to another thread.
/// </summary>
internal readonly ref struct ActingUser
{
    // Nothing in the agent needs a supplementary group of its own, so a thread drops them once, for good.
    [ThreadStatic]
    private static bool _hasNoGroups;

    private static readonly uint _self = Unistd.geteuid();

    private readonly bool _switched;

    private ActingUser(bool switched) => _switched = switched;

    /// <summary>Whether this process can act as accounts other than its own: CAP_SETUID and CAP_SETGID.</summary>
    public static bool IsPossible { get; } = HasCapabilities();

    /// <summary>False: the thread is as it was before, and nothing may be read for this account.</summary>
    public static bool TryEnter(Account account, ReadOnlySpan<uint> supplementaryGroups, out ActingUser acting)
    {
        acting = default;
        if (account.Uid == _self)
        {
            return true;
        }

        // Groups first, the uid last; on the way back the other way round.
        if (_self != 0 || !SetGroups(supplementaryGroups))
        {
            return false;
        }

        acting = new ActingUser(switched: true);
        if (Set(Unistd.setfsgid, account.Gid) && Set(Unistd.setfsuid, account.Uid))
        {
            return true;
        }

        acting.Dispose();
        acting = default;
        return false;
    }

    public void Dispose()
    {
        if (!_switched)
        {
            return;
        }

        if (!Set(Unistd.setfsuid, 0) || !Set(Unistd.setfsgid, 0) || !SetGroups([]))
        {
            // This thread would serve the next login with somebody's rights. Ending the agent refuses what is
            // open and starts afresh; it is a process of its own, so sshd does not notice.
            Environment.FailFast("cannot leave the rights of an account");
        }
    }

    private static bool SetGroups(ReadOnlySpan<uint> groups)
    {
        if (_hasNoGroups && groups.IsEmpty)
        {
            return true;
        }

        bool set = Unistd.SetThreadGroups(groups) == 0;
        _hasNoGroups = set && groups.IsEmpty;
        return set;
    }

    // Neither call reports failure: asked for an impossible id, it only tells what holds now (setfsuid(2)).
    private static bool Set(Func<uint, int> set, uint id)
    {
        _ = set(id);
        return unchecked((uint)set(uint.MaxValue)) == id;
    }

    private static bool HasCapabilities()
    {
        const ulong SetGidAndSetUid = (1UL << 6) | (1UL << 7); // linux/capability.h
        string? effective = File.ReadLines("/proc/self/status")
            .FirstOrDefault(line => line.StartsWith("CapEff:", StringComparison.Ordinal));
        return effective is not null
            && ulong.TryParse(effective.AsSpan(7).Trim(), System.Globalization.NumberStyles.HexNumber, null, out ulong set)
            && (set & SetGidAndSetUid) == SetGidAndSetUid;
    }
}
