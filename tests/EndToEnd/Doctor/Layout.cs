using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Doctor;

/// <summary>How sshd, PAM and sallyport.conf are set up: right, unless something is said.</summary>
internal sealed record Layout
{
    public const string BothSteps = "AuthenticationMethods publickey,keyboard-interactive";
    public const string Ours = "auth required pam_sallyport.so";
    public const string Gate = "session required pam_sallyport.so";

    private const string Usual = """
        AuthorizedKeysFile /etc/ssh/authorized_keys/%u
        UsePAM yes
        PasswordAuthentication no
        KbdInteractiveAuthentication yes
        UseDNS no
        PrintMotd no
        LogLevel VERBOSE
        Subsystem sftp internal-sftp
        """;

    /// <summary>Before all other lines of sshd_config, so these win.</summary>
    public string First { get; init; } = "";

    /// <summary>Its lines; Match blocks belong to Last.</summary>
    public string Lines { get; init; } = $"{BothSteps}\n{Usual}";

    public string Last { get; init; } = "";

    /// <summary>What stands on sshd's own command line.</summary>
    public string[] Arguments { get; init; } = [];

    /// <summary>/etc/pam.d/sshd</summary>
    public string[] Pam { get; init; } = [Ours, World.AnyAccount];

    /// <summary>/etc/sallyport/sallyport.conf</summary>
    public string Configuration { get; init; } = "";

    /// <summary>What root does before sshd starts.</summary>
    public string Shell { get; init; } = "true";

    /// <summary>The agent looks for its state directory when it starts.</summary>
    public bool RestartsAgent { get; init; }

    /// <summary>What root does when sshd runs.</summary>
    public string Later { get; init; } = "true";

    /// <summary>Accounts beside alice; each has the client's key.</summary>
    public string[] People { get; init; } = [];

    /// <summary>Without any line on how to log in.</summary>
    public static string WithoutMethods => Usual;
}
