using Sallyport.Host.Qr;
using Sallyport.Protocol;

namespace Sallyport.Cli.HomeFile;

/// <summary>What a command line of google-authenticator asks for. What is null is asked, or has its default.</summary>
internal sealed record EnrolmentFlags
{
    public const int DefaultRecoveryCodes = 5;

    /// <summary>None: it is asked.</summary>
    public OtpMode Mode { get; init; }

    public bool NoConfirm { get; init; }

    public bool? DisallowReuse { get; init; }

    /// <summary>Writes the file without asking whether it may.</summary>
    public bool Force { get; init; }

    public string? Label { get; init; }

    /// <summary>Empty: nobody is named.</summary>
    public string? Issuer { get; init; }

    /// <summary>Shows nothing of the secret, and so cannot have it confirmed.</summary>
    public bool Quiet { get; init; }

    public QrMode QrMode { get; init; }

    public int? RateTries { get; init; }

    public int? RateSeconds { get; init; }

    public bool NoRateLimit { get; init; }

    /// <summary>The file, if not the one in the home folder.</summary>
    public string? File { get; init; }

    public int? StepSeconds { get; init; }

    public int? Window { get; init; }

    public bool MinimalWindow { get; init; }

    public int? RecoveryCodes { get; init; }

    /// <summary>--home-file, which only <c>sallyport enroll</c> knows.</summary>
    public bool HomeFile { get; init; }

    /// <summary>Whose, if not the caller's own. This and what follows only <c>sallyport enroll</c> knows.</summary>
    public string? User { get; init; }

    public string? Digits { get; init; }

    public string? Algorithm { get; init; }

    public Factors.CallOptions Call { get; init; } = new();
}

/// <summary>What a command line comes to.</summary>
internal abstract record CommandLine
{
    private CommandLine()
    {
    }

    internal sealed record Enrol(EnrolmentFlags Flags) : CommandLine;

    internal sealed record ShowHelp : CommandLine;

    internal sealed record ShowVersion : CommandLine;

    /// <summary>Lines for standard error. With the usage between the two, where there are two.</summary>
    internal sealed record Wrong(string Message, string? AfterUsage = null) : CommandLine;
}
