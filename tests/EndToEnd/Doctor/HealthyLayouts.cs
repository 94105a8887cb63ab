using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Doctor;

/// <summary>Layouts in which nothing is wrong: alice is asked for her code, and gets in with it.</summary>
internal static class HealthyLayouts
{
    private const string Robot = "Match User robot\nAuthenticationMethods publickey";
    private const string Exempt = "[exempt robot]\nreason = backup\nuntil = 2099-01-01\n";
    private const string BreakGlass = "[break_glass warden]\nreason = the day when nothing works\nuntil = 2099-01-01\n";
    private const string Line = " break_glass=warden:2099-01-01";
    private const string Warden = "Match User warden\nAuthenticationMethods publickey";
    private const string HasLoggedIn = "ssh -tt warden@server true";

    private const string DropIn = """
        cat > /etc/ssh/sshd_config.d/10-sallyport.conf <<END
        UsePAM yes
        PasswordAuthentication no
        KbdInteractiveAuthentication yes
        AuthenticationMethods publickey,keyboard-interactive
        Match all
        Match User warden,robot
            AuthenticationMethods publickey
        Match all
        END

        """;

    private const string Include = """
        printf '%s\n' 'auth required pam_sallyport.so' 'session required pam_sallyport.so break_glass=warden:2099-01-01' > /etc/pam.d/sallyport-sshd

        """;

    private static readonly string[] _gated = [Layout.Ours, World.AnyAccount, Layout.Gate];
    private static readonly string[] _gatedWithGlass = [Layout.Ours, World.AnyAccount, Layout.Gate + Line];

    public static readonly IReadOnlyDictionary<string, Layout> All = new Dictionary<string, Layout>
    {
        ["two lines"] = new(),
        ["with the session line"] = new() { Pam = _gated },
        ["Debian's whole file, common-auth replaced"] = new()
        {
            Pam = [.. File.ReadLines("/etc/pam.d/sshd").Select(line => line.Trim() == "@include common-auth" ? Layout.Ours : line)],
        },
        ["a drop-in before Debian's own lines"] = new()
        {
            Shell = $"printf '%s\\n' '{Layout.BothSteps}' 'KbdInteractiveAuthentication yes' > /etc/ssh/sshd_config.d/10-sallyport.conf",
            First = "Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no",
            Lines = Layout.WithoutMethods,
        },
        ["Amazon Linux: substacks, and the password commented out"] = new()
        {
            Shell = """
                printf '%s\n' 'auth sufficient pam_unix.so' 'auth required pam_deny.so' 'account required pam_unix.so' \
                    'session required pam_unix.so' > /etc/pam.d/password-auth
                printf '%s\n' 'session optional pam_umask.so' > /etc/pam.d/postlogin
                """,
            Pam =
            [
                Layout.Ours, "#auth substack password-auth", "auth include postlogin", "account required pam_nologin.so",
                "account include password-auth", Layout.Gate, "session include password-auth", "session include postlogin",
            ],
        },
        ["password and code, by a substack"] = new()
        {
            Shell = """
                echo 'alice:correct horse' | chpasswd
                printf '%s\n' 'auth sufficient pam_unix.so' 'auth required pam_deny.so' > /etc/pam.d/password-auth
                """,
            First = "AllowUsers alice",
            Pam = [Layout.Ours, "auth substack password-auth", World.AnyAccount],
        },
        ["a service account by its key, exempt, with the session line"] = new()
        {
            People = ["robot"], Pam = _gated, Last = Robot, Configuration = Exempt,
        },
        ["policy, and a break-glass account with root-owned keys that has logged in"] = new()
        {
            People = ["warden"],
            Pam = _gatedWithGlass,
            Last = Warden,
            Configuration = $"[policy]\nenrolment = invited\n{BreakGlass}",
            Later = HasLoggedIn,
        },
        ["only the members of a group are asked"] = new()
        {
            People = ["warden", "bob"],
            Shell = "groupadd mfa; usermod -aG mfa alice",
            Pam = _gatedWithGlass,
            Last = $"{Warden}\nMatch Group *,!mfa User !root,*\nAuthenticationMethods publickey",
            Configuration = $"[policy]\nask = mfa\n{BreakGlass}",
            Later = HasLoggedIn,
        },
        ["one drop-in and one PAM include, on Debian"] = new()
        {
            People = ["warden", "robot"],
            Shell = DropIn + Include,
            First = "Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no",
            Lines = Layout.WithoutMethods,
            Pam = [.. File.ReadLines("/etc/pam.d/sshd").Select(l => l.Trim() == "@include common-auth" ? "@include sallyport-sshd" : l)],
            Configuration = $"[policy]\n{BreakGlass}{Exempt}",
            Later = HasLoggedIn,
        },
        ["one drop-in and one PAM include, on Amazon Linux"] = new()
        {
            People = ["warden", "robot"],
            Shell = DropIn + Include + "echo 'account required pam_permit.so' > /etc/pam.d/password-auth",
            First = "Include /etc/ssh/sshd_config.d/*.conf",
            Lines = Layout.WithoutMethods,
            Pam =
            [
                "auth include sallyport-sshd", "session include sallyport-sshd", "#auth substack password-auth",
                "account required pam_nologin.so", "account include password-auth",
            ],
            Configuration = $"[policy]\n{BreakGlass}{Exempt}",
            Later = HasLoggedIn,
        },
        ["setup's drop-in before the one of Amazon Linux"] = new()
        {
            People = ["warden", "robot"],
            Shell = DropIn + """
                printf '%s\n' 'ChallengeResponseAuthentication no' 'UsePAM yes' 'PasswordAuthentication yes' \
                    > /etc/ssh/sshd_config.d/50-redhat.conf
                """,
            First = "Include /etc/ssh/sshd_config.d/*.conf",
            Lines = Layout.WithoutMethods,
            Pam = _gatedWithGlass,
            Configuration = $"[policy]\n{BreakGlass}{Exempt}",
            Later = HasLoggedIn,
        },
        ["file transfer only"] = new()
        {
            People = ["bob"],
            Last = "Match User bob\nForceCommand internal-sftp\nDisableForwarding yes\nPermitTTY no",
        },
        ["key and code, which is typed as a password"] = new()
        {
            First = "AuthenticationMethods publickey,keyboard-interactive publickey,password\nPasswordAuthentication yes",
        },
        ["some users, root not at all, and another port"] = new()
        {
            First = "PermitRootLogin no\nAllowUsers alice\nPort 22\nPort 2222",
        },
        ["the key alone at a port at which nobody listens"] = new()
        {
            Last = "Match LocalPort 2222\nAuthenticationMethods publickey",
        },
        ["nullok with nothing behind it"] = new() { Pam = [$"{Layout.Ours} nullok", World.AnyAccount] },
    };
}
