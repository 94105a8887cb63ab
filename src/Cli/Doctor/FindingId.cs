namespace Sallyport.Cli.Doctor;

/// <summary>The names of the findings: scripts know them, so they stay. docs/reference/doctor.md has one entry for each.</summary>
internal static class FindingId
{
    public const string SshdMissing = "sshd-missing";
    public const string SshdBroken = "sshd-broken";
    public const string SshdCommandLine = "sshd-command-line";
    public const string SshdNotReloaded = "sshd-not-reloaded";
    public const string SshdGeneration = "sshd-generation";
    public const string Sampled = "sampled";

    public const string KeyAlone = "key-alone";
    public const string KeyAloneRefused = "key-alone-refused";
    public const string CodeAlone = "code-alone";
    public const string NoWayIn = "no-way-in";
    public const string KeyboardInteractiveOff = "keyboard-interactive-off";
    public const string UsePamNo = "usepam-no";
    public const string PasswordWithoutModule = "password-without-module";
    public const string RootKeyOnly = "root-key-only";
    public const string AcceptEnv = "accept-env";
    public const string ForceCommandForwarding = "forcecommand-forwarding";
    public const string PermitTunnel = "permit-tunnel";
    public const string UserRc = "user-rc";
    public const string UserEnvironment = "user-environment";
    public const string MaxAuthTries = "max-auth-tries";
    public const string LoginGraceTime = "login-grace-time";
    public const string PerSourcePenalties = "per-source-penalties";
    public const string LegacyNames = "legacy-names";
    public const string IncludeMissing = "include-missing";
    public const string DropInLoses = "drop-in-loses";

    public const string PamMissing = "pam-missing";
    public const string PamIncludeMissing = "pam-include-missing";
    public const string PamJumpedOver = "pam-jumped-over";
    public const string PamControlWeak = "pam-control-weak";
    public const string PamNobody = "pam-nobody";
    public const string PamNullOk = "pam-nullok";
    public const string PamNullOkDead = "pam-nullok-dead";
    public const string PamModuleFile = "pam-module-file";
    public const string PamGoogleBeside = "pam-google-beside";
    public const string PamPassword = "pam-password";
    public const string SessionGateMissing = "session-gate-missing";
    public const string SessionGateElsewhere = "session-gate-elsewhere";

    public const string ConfigurationBroken = "configuration-broken";
    public const string SocketMissing = "socket-missing";
    public const string SocketSilent = "socket-silent";
    public const string SocketModes = "socket-modes";
    public const string StateFolder = "state-folder";
    public const string EntryUnreadable = "entry-unreadable";
    public const string InvitationExpired = "invitation-expired";
    public const string HomeFileOpen = "home-file-open";

    public const string DuoServer = "duo-server";
    public const string DuoNetwork = "duo-network";
    public const string DuoClock = "duo-clock";

    public const string AskGroupMissing = "ask-group-missing";
    public const string AskGroupEmpty = "ask-group-empty";
    public const string EnrolmentAllow = "enrolment-allow";
    public const string Exempt = "exempt";
    public const string ExemptUnknown = "exempt-unknown";
    public const string ExemptPast = "exempt-past";
    public const string ExemptEnding = "exempt-ending";
    public const string BreakGlassMissing = "break-glass-missing";
    public const string BreakGlassUnused = "break-glass-unused";
    public const string BreakGlassKeys = "break-glass-keys";
    public const string BreakGlassLine = "break-glass-line";

    public const string ClockOffset = "clock-offset";
    public const string ClockUnmeasured = "clock-unmeasured";
    public const string ClockUnsynchronised = "clock-unsynchronised";
    public const string SelinuxModule = "selinux-module";
}
