namespace Sallyport.EndToEnd.Harness;

/// <summary>Programs of the distribution that the tests run.</summary>
internal static class Tools
{
    private static readonly string[] Folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    private static readonly string[] Needed =
    [
        "sshd", "ssh", "ssh-keygen", "scp", "sftp", "rsync", "sudo", "su", "useradd", "ip", "strace", "perl",
        "google-authenticator", "pamtester",
    ];

    public static void MustBeThere() => MustBeThere(Needed);

    public static void MustBeThere(params string[] tools)
    {
        string[] missing = [.. tools.Where(tool => !Folders.Any(folder => File.Exists($"{folder}/{tool}")))];
        Assert.True(missing.Length == 0, $"missing: {string.Join(", ", missing)}. ./dev test installs what the tests need");
    }
}
