using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Doctor;

/// <summary>A layout that is wrong, what it does, and the finding that names it.</summary>
internal sealed record Fault(string Id, Func<DoctorHost, Task> Harm, Layout Layout);

internal static class FaultyLayouts
{
    // It listens before it writes this file, and the clock of files is a coarse one.
    private const string HasBegun = "until [ -s /run/sshd.pid ]; do sleep 0.02; done; sleep 0.05";

    private const string KeyOnly = "AuthenticationMethods publickey";
    private const string Permit = "auth required pam_permit.so";
    private const string Robot = "Match User robot\nAuthenticationMethods publickey";
    private const string DropIn = "/etc/ssh/sshd_config.d/10-sallyport.conf";
    private const string State = "/var/lib/sallyport";
    private const string BreakGlass = "[break_glass warden]\nreason = the day when nothing works\nuntil = 2099-01-01\n";
    private const string Warden = "Match User warden\nAuthenticationMethods publickey";

    // Who tries setup on these layouts has made him.
    private const string MakeWarden = "id -u warden || useradd --create-home --shell /bin/bash warden; "
        + "cp /etc/ssh/authorized_keys/alice /etc/ssh/authorized_keys/warden\n";

    public static readonly IReadOnlyDictionary<string, Fault> All = new Dictionary<string, Fault>
    {
        // sshd: who is not asked
        ["the key is enough"] = new("key-alone", Harm.KeyAlone(), new() { First = KeyOnly }),
        ["nothing is said of methods"] = new("key-alone", Harm.KeyAlone(), new() { Lines = Layout.WithoutMethods }),
        ["any method is enough"] = new("key-alone", Harm.KeyAlone(), new() { First = "AuthenticationMethods any" }),
        ["both steps, or one"] = new("key-alone", Harm.KeyAlone(), new() { First = $"{Layout.BothSteps} publickey" }),
        ["the key is enough for one user"] = new("key-alone", Harm.KeyAlone(),
            new() { Last = $"Match User alice\n{KeyOnly}" }),
        ["the key is enough for a group"] = new("key-alone", Harm.KeyAlone(),
            new() { Shell = "groupadd ops; usermod -aG ops alice", Last = $"Match Group o*\n{KeyOnly}" }),
        ["the key is enough from some addresses"] = new("key-alone", Harm.KeyAlone(),
            new() { Last = $"Match Address 10.0.0.0/8,127.0.0.0/8\n{KeyOnly}" }),
        ["the key is enough from all addresses but the first and the last"] = new("key-alone", Harm.KeyAlone(), new()
        {
            Last = $"Match Address 127.0.0.0/8,!127.0.0.0/32,!127.255.255.255/32\n{KeyOnly}",
        }),
        ["the key is enough from addresses that a pattern fits"] = new("key-alone", Harm.KeyAlone(),
            new() { Last = $"Match Address 127.*,!127.0.0.2\n{KeyOnly}" }),
        ["the key is enough for file transfer, without a shell"] = new("key-alone", Harm.Sftp, new()
        {
            People = ["drop"],
            Shell = "usermod -s /usr/sbin/nologin drop",
            Last = $"Match User drop\n{KeyOnly}\nForceCommand internal-sftp\nDisableForwarding yes",
        }),
        ["the key is enough for forwarding, without a shell"] = new("key-alone", Harm.ForwardingAlone, new()
        {
            People = ["drop"],
            Shell = "usermod -s /usr/sbin/nologin drop",
            Last = $"Match User drop\n{KeyOnly}",
        }),
        ["a drop-in that sshd has not read"] = new("sshd-not-reloaded", Harm.KeyAlone(), new()
        {
            First = "Include /etc/ssh/sshd_config.d/*.conf",
            Lines = Layout.WithoutMethods,
            Later = $"{HasBegun}; echo '{Layout.BothSteps}' > {DropIn}",
        }),
        ["a drop-in that is gone, and that sshd still obeys"] = new("sshd-not-reloaded", Harm.KeyAlone(), new()
        {
            Shell = $"echo '{KeyOnly}' > {DropIn}",
            First = "Include /etc/ssh/sshd_config.d/*.conf",
            Later = $"{HasBegun}; rm {DropIn} /run/sshd.pid",
        }),
        ["the key is enough at a port"] = new("key-alone", Harm.KeyAlone("alice", "-p", "2222"),
            new() { First = "Port 22\nPort 2222", Last = $"Match LocalPort 2222\n{KeyOnly}" }),
        ["the key is enough for all but one"] = new("key-alone", Harm.KeyAlone(),
            new() { Last = $"Match User *,!robot LocalAddress 127.0.1.0/24\n{KeyOnly}" }),
        ["an included file lets the key alone in"] = new("key-alone", Harm.KeyAlone(), new()
        {
            Shell = $"mkdir /etc/ssh/more; echo 'Match all\n{KeyOnly}' > /etc/ssh/more/a.conf",
            Last = "Match User alice\nInclude more/*.conf",
        }),
        ["a file that is included by a set in brackets lets the key alone in"] = new("key-alone", Harm.KeyAlone("bob"), new()
        {
            People = ["bob"],
            Shell = $"mkdir /etc/ssh/conf.d; echo 'Match User bob\n{KeyOnly}' > /etc/ssh/conf.d/50-bob.conf",
            First = "Include /etc/ssh/conf.d/[0-9][0-9]-*.conf",
        }),
        ["a set that excludes, a class and a backslash"] = new("key-alone", Harm.KeyAlone("bob"), new()
        {
            People = ["bob"],
            Shell = $"mkdir /etc/ssh/conf.d; echo 'Match User bob\n{KeyOnly}' > '/etc/ssh/conf.d/b]5^*'",
            First = @"Include /etc/ssh/[[:lower:]]onf.[!a-ce]/[!x-z][]][3-57][^]\*",
        }),
        ["the key is enough on sshd's command line"] = new("key-alone", Harm.KeyAlone(),
            new() { Arguments = ["-o", "AuthenticationMethods=publickey"] }),
        ["a drop-in that nobody includes"] = new("include-missing", Harm.KeyAlone(),
            new() { Lines = Layout.WithoutMethods, Shell = $"echo '{Layout.BothSteps}' > {DropIn}" }),
        ["a drop-in that comes too late"] = new("drop-in-loses", Harm.KeyAlone(), new()
        {
            Shell = $"echo '{Layout.BothSteps}' > {DropIn}",
            First = $"{KeyOnly}\nInclude /etc/ssh/sshd_config.d/*.conf",
            Lines = Layout.WithoutMethods,
        }),
        ["the code is enough"] = new("code-alone", Harm.CodeWithoutKey,
            new() { First = "AuthenticationMethods keyboard-interactive" }),
        ["both steps, or the code"] = new("code-alone", Harm.CodeWithoutKey,
            new() { First = $"{Layout.BothSteps} keyboard-interactive" }),
        ["a password past PAM"] = new("password-without-module", Harm.Password, new()
        {
            Shell = "echo 'alice:correct horse' | chpasswd",
            First = "AuthenticationMethods publickey,password\nUsePAM no\nPasswordAuthentication yes",
        }),

        // sshd: who is kept out
        ["without PAM"] = new("usepam-no", Harm.Nobody, new() { First = "UsePAM no" }),
        ["keyboard-interactive is off"] = new("keyboard-interactive-off", Harm.Nobody,
            new() { Last = "Match User alice\nKbdInteractiveAuthentication no" }),
        ["keyboard-interactive is off by its old name"] = new("keyboard-interactive-off", Harm.Nobody,
            new() { Last = "Match User alice\nChallengeResponseAuthentication no" }),
        ["keyboard-interactive is off for all"] = new("keyboard-interactive-off", Harm.NoRestart,
            new() { Later = "sed -i '1i KbdInteractiveAuthentication no' /etc/ssh/sshd_config" }),
        ["keys are off"] = new("no-way-in", Harm.Nobody, new() { Last = "Match User alice\nPubkeyAuthentication no" }),
        ["keys are off for all"] = new("no-way-in", Harm.NoRestart,
            new() { Later = "sed -i '1i PubkeyAuthentication no' /etc/ssh/sshd_config" }),
        ["the key is enough, and the session line refuses"] = new("key-alone-refused", Harm.NoRobot,
            new() { People = ["robot"], Pam = [Layout.Ours, World.AnyAccount, Layout.Gate], Last = Robot }),
        ["root may use his key only"] = new("root-key-only", Harm.NoRoot, new()
        {
            First = "PermitRootLogin prohibit-password",
            Shell = "cp /etc/ssh/authorized_keys/alice /etc/ssh/authorized_keys/root",
        }),
        ["no try at all"] = new("max-auth-tries", Harm.Nobody, new() { First = "MaxAuthTries 0" }),
        ["one try"] = new("max-auth-tries", Harm.TwoKeys, new() { First = "MaxAuthTries 1" }),
        ["no time"] = new("login-grace-time", Harm.TooSlow, new() { First = "LoginGraceTime 2" }),
        ["a line that sshd does not know"] = new("sshd-broken", Harm.NoRestart,
            new() { Later = "echo 'PermitRoot no' >> /etc/ssh/sshd_config" }),

        // The server
        ["a server that is not there"] = new("duo-server", Harm.Nobody, new()
        {
            Configuration = "[duo]\nikey = DIXXXXXXXXXXXXXXXXXX\nskey = 0123456789012345678901234567890123456789\nhost = 127.0.0.1:9\n",
        }),

        // sshd: beside the second factor
        ["a forced command with forwarding"] = new("forcecommand-forwarding", Harm.Forwarding,
            new() { Last = "Match User alice\nForceCommand /bin/true" }),
        ["a key that is kept to a command, and an rc file"] = new("user-rc", Harm.RcFile, new()
        {
            Shell = """
                mkdir /home/alice/.ssh; echo 'touch /home/alice/was-here' > /home/alice/.ssh/rc
                sed -i 's/^/command="true" /' /etc/ssh/authorized_keys/alice
                """,
        }),

        // PAM: who is not asked
        ["PAM without our line"] = new("pam-missing", Harm.KeyAlone(), new() { Pam = [Permit, World.AnyAccount] }),
        ["a sufficient module in front"] = new("pam-jumped-over", Harm.KeyAlone(),
            new() { Pam = ["auth sufficient pam_succeed_if.so quiet uid >= 1000", Layout.Ours, World.AnyAccount] }),
        ["a jump over it"] = new("pam-jumped-over", Harm.KeyAlone(), new()
        {
            Pam = ["auth [success=1 default=ignore] pam_succeed_if.so quiet user = alice", Layout.Ours, Permit, World.AnyAccount],
        }),
        ["a sufficient password in an included file"] = new("pam-jumped-over", Harm.Password, new()
        {
            Shell = "echo 'alice:correct horse' | chpasswd; echo 'auth sufficient pam_unix.so' > /etc/pam.d/fleet",
            Pam = ["auth include fleet", Layout.Ours, World.AnyAccount],
        }),
        ["ours is optional"] = new("pam-control-weak", Harm.WrongCode,
            new() { Pam = ["auth optional pam_sallyport.so", Permit, World.AnyAccount] }),
        ["ours is sufficient"] = new("pam-control-weak", Harm.WrongCode,
            new() { Pam = ["auth sufficient pam_sallyport.so", Permit, World.AnyAccount] }),
        ["ours is ignored where it refuses"] = new("pam-control-weak", Harm.WrongCode,
            new() { Pam = ["auth [success=ok default=ignore] pam_sallyport.so", Permit, World.AnyAccount] }),
        ["nullok"] = new("pam-nullok", Harm.KeyAlone("bob"),
            new() { People = ["bob"], Pam = [$"{Layout.Ours} nullok", Permit, World.AnyAccount] }),
        ["an exemption that has ended, and no session line"] = new("session-gate-missing", Harm.KeyAlone("robot"), new()
        {
            People = ["robot"],
            Last = Robot,
            Configuration = "[exempt robot]\nreason = backup\nuntil = 2020-01-01\n",
        }),

        ["a break-glass account that sallyport.conf has ended, and PAM has not"] = new("break-glass-line", Harm.OldBreakGlass, new()
        {
            People = ["keeper"],
            Pam = [Layout.Ours, World.AnyAccount, $"{Layout.Gate} break_glass=keeper:2099-01-01"],
            Last = "Match User keeper\nAuthenticationMethods publickey",
            Configuration = "[break_glass keeper]\nreason = the day when nothing works\nuntil = 2020-01-01\n",
        }),

        // PAM: who is kept out
        ["a break-glass account that the session line does not know"] = new("break-glass-line", Harm.NoBreakGlass, new()
        {
            Shell = MakeWarden + $"printf '%s\\n' '{Layout.Ours}' '{Layout.Gate}' > /etc/pam.d/sallyport-sshd",
            Pam =
            [
                "# sallyport setup: begin", "@include sallyport-sshd", "#sallyport# @include common-auth", "# sallyport setup: end",
                World.AnyAccount,
            ],
            Last = Warden,
            Configuration = BreakGlass,
        }),
        ["a break-glass account whose end PAM has otherwise"] = new("break-glass-line", Harm.NoBreakGlass, new()
        {
            Shell = MakeWarden,
            Pam = [Layout.Ours, World.AnyAccount, $"{Layout.Gate} break_glass=warden:2020-01-01"],
            Last = Warden,
            Configuration = BreakGlass,
        }),
        ["a break-glass account that stands twice on the line"] = new("break-glass-line", Harm.NoBreakGlass, new()
        {
            Shell = MakeWarden,
            Pam = [Layout.Ours, World.AnyAccount, $"{Layout.Gate} break_glass=warden:2099-01-01 break_glass=warden:2099-01-01"],
            Last = Warden,
            Configuration = BreakGlass,
        }),
        ["a module that refuses in front"] = new("pam-nobody", Harm.Nobody,
            new() { Pam = ["auth requisite pam_deny.so", Layout.Ours, World.AnyAccount] }),
        ["an included file that is not there"] = new("pam-include-missing", Harm.Nobody,
            new() { Pam = [Layout.Ours, "auth include nowhere", World.AnyAccount] }),
        ["a module that is not there"] = new("pam-module-file", Harm.Nobody,
            new() { Pam = ["auth required /usr/lib/security/pam_sallyport.so", World.AnyAccount] }),
        ["the module of another machine"] = new("pam-module-file", Harm.Nobody, new()
        {
            Shell = "echo 'not for this machine' > /usr/lib/pam_sallyport.so",
            Pam = ["auth required /usr/lib/pam_sallyport.so", World.AnyAccount],
        }),
        ["google's module beside ours"] = new("pam-google-beside", Harm.Nobody,
            new() { Pam = ["auth required pam_google_authenticator.so", Layout.Ours, World.AnyAccount] }),
        ["a password that nobody has"] = new("pam-password", Harm.Nobody,
            new() { Pam = [Layout.Ours, "@include common-auth", World.AnyAccount] }),
        ["the session line in another service"] = new("session-gate-elsewhere", Harm.NoSu,
            new() { Shell = $"echo '{Layout.Gate}' >> /etc/pam.d/su" }),

        // The agent and its configuration
        ["a key that nobody knows"] = new("configuration-broken", Harm.Nobody, new() { Configuration = "[totp]\nsecrets = /x\n" }),
        ["a configuration that others can read"] = new("configuration-broken", Harm.Nobody,
            new() { Shell = "chmod 0644 /etc/sallyport/sallyport.conf" }),
        ["no socket"] = new("socket-missing", Harm.Nobody, new() { Shell = "rm /run/sallyport/agent.sock" }),
        ["no agent"] = new("socket-silent", Harm.Nobody, new() { Shell = "kill -KILL $(cat /run/sallyport-agent.pid)" }),
        ["a state folder that others can enter"] = new("state-folder", Harm.Nobody,
            new() { Shell = $"rm -rf {State}; install -d -m 0755 {State} {State}/totp", RestartsAgent = true }),
        ["an entry that is damaged"] = new("entry-unreadable", Harm.Nobody, new()
        {
            Shell = $"install -d -m 0700 {State} {State}/totp; head -c 8192 /dev/zero > {State}/totp/alice; chmod 0600 {State}/totp/alice",
        }),
        ["a state file that others can read"] = new("home-file-open", Harm.Nobody,
            new() { Shell = "chmod 0644 /home/alice/.google_authenticator" }),
        ["a group that does not exist"] = new("ask-group-missing", Harm.Nobody, new() { Configuration = "[policy]\nask = opps\n" }),
        ["a group that nobody is in"] = new("ask-group-empty", Harm.KeyAlone(),
            new() { Shell = "groupadd ops", Configuration = "[policy]\nask = ops\n" }),
        ["an exemption that has ended"] = new("exempt-past", Harm.NoRobot, new()
        {
            People = ["robot"],
            Pam = [Layout.Ours, World.AnyAccount, Layout.Gate],
            Last = Robot,
            Configuration = "[exempt robot]\nreason = backup\nuntil = 2020-01-01\n",
        }),
    };
}
