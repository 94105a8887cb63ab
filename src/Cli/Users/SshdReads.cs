namespace Sallyport.Cli.Users;

/// <summary>Whether sshd's own word is that it reads a key where it was put.</summary>
internal static class SshdReads
{
    /// <summary>Null: it does; else a warning.</summary>
    public static string? Not(string name, bool rootOwned)
    {
        string? line = ShadowTools.Sshd(name)?.FirstOrDefault(
            line => line.StartsWith("authorizedkeysfile ", StringComparison.Ordinal));
        string[] files = line?.Split(' ')[1..] ?? [];
        bool reads = rootOwned
            ? files.Any(file => file.Replace("%u", name, StringComparison.Ordinal) == RootOwnedKeys.PathOf(name))
            : files.Any(file => file is ".ssh/authorized_keys" or "%h/.ssh/authorized_keys");
        string place = rootOwned ? RootOwnedKeys.PathOf(name) : "~/.ssh/authorized_keys";
        return reads ? null
            : line is null ? $"{name}: sshd does not say which keys it reads (sshd -T): see to it that it reads {place}"
            : $"{name}: warning: sshd reads {string.Join(' ', files)} and not {place}"
                + (rootOwned ? ".\n  AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u makes it do so." : "");
    }
}
