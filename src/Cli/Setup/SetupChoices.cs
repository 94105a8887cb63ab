using System.Globalization;
using Sallyport.Cli.Pam;
using Sallyport.Host.Configuration;

namespace Sallyport.Cli.Setup;

/// <summary>What the administrator wants; null is what the configuration says already, or the usual.</summary>
internal sealed record SetupChoices
{
    // In Match User a pattern, the next name, or what sshd would read otherwise.
    private const string NotInMatchUser = "*?!,\"'=%/";

    public string? Ask { get; init; }

    public string? Enrolment { get; init; }

    public string? AfterEnrolment { get; init; }

    public IReadOnlyList<Exemption> Exempt { get; init; } = [];

    public Exemption? BreakGlass { get; init; }

    public string? HopFrom { get; init; }

    public string? Hop { get; init; }

    public bool RootOwnedKeys { get; init; }

    public bool Bastion { get; init; }

    /// <summary>sshd runs sallyport-login for who is asked, and PAM asks nobody.</summary>
    public bool ForceCommand { get; init; }

    /// <summary>Whether sshd's Match User takes it for this one account: a pattern would open others by their key alone.</summary>
    public static bool CanName(string account) => account is [not '-', ..]
        && BreakGlassArgument.CanName(account) && !account.Any(c => c is <= ' ' or '\x7F' || NotInMatchUser.Contains(c, StringComparison.Ordinal));

    /// <summary>NAME:UNTIL:REASON. Null: not of that form.</summary>
    public static Exemption? Exemption(string text)
    {
        string[] parts = text.Split(':', 3);
        return parts.Length == 3 && parts[0].Length > 0 && parts[2].Trim().Length > 0
            && DateOnly.TryParseExact(parts[1], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly until)
                ? new Exemption(parts[0], parts[2].Trim(), until)
                : null;
    }
}
