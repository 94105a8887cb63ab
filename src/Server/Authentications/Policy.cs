using System.Net;
using Sallyport.Server.Applications;
using Sallyport.Server.Devices;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>
/// The one place that decides what a login needs. Preauth and Authenticate call it, so both say the same. It is read
/// from top to bottom; what gets through to the end is asked for a factor.
/// </summary>
internal static class Policy
{
    public const string NoNumber =
        "This login needs a number typed on your phone, and your client cannot show it. Log in at a terminal.";

    public static Ruling Decide(Attempt attempt, Candidate? candidate, DateTimeOffset now)
    {
        Application application = attempt.Application;
        if (candidate is null)
        {
            return Unenrolled(application, invited: false, now);
        }

        User user = candidate.User;

        if (user.Status is not (UserStatus.Active or UserStatus.Bypass))
        {
            return new Ruling.Deny(Reasons.UserDisabled, "Your account is disabled.");
        }

        // Before everything that lets anybody in: an application that is not for him is not for him in any state.
        if (!IsInAGroup(user.Groups, application.AllowedGroups))
        {
            return new Ruling.Deny(Reasons.NotInGroup, "Your account may not log in here.");
        }

        if (user.Status is UserStatus.Bypass)
        {
            return new Ruling.Allow(Reasons.BypassUser, "bypass");
        }

        if (user.LockedUntil > now)
        {
            return new Ruling.Deny(Reasons.LockedOut, "Your account is locked out.");
        }

        if (IsTrusted(attempt.Source.Address, application.TrustedNetworks))
        {
            return new Ruling.Allow(Reasons.TrustedNetwork, "allow");
        }

        if (candidate is { Devices.Count: 0, HasBypassCode: false })
        {
            return Unenrolled(application, user.InvitationMac is not null && user.InvitedUntil > now, now);
        }

        return Ask(attempt, candidate);
    }

    private static Ruling Ask(Attempt attempt, Candidate candidate)
    {
        Application application = attempt.Application;
        Factors factors = Factors.Of(application.AllowedFactors);
        Device[] phones = [.. candidate.Devices.Where(
            d => factors.Push && d.Kind is DeviceKind.Phone && (!d.IsTerminal || application.TerminalDevices))];

        // Never a push without its number.
        bool isMute = application.NumberMatching is NumberMatching.Always && !attempt.ShowsNumbers;
        bool hasCode = factors.Passcode && candidate.Devices.Any(d => d.Kind is DeviceKind.Totp or DeviceKind.Hotp)
            || factors.Bypass && candidate.HasBypassCode;
        return (hasCode, phones.Length > 0, isMute) switch
        {
            (true, _, _) or (_, true, false) => new Ruling.Ask(factors, phones, CanPush: !isMute && phones.Length > 0),
            (_, true, true) => new Ruling.Deny(Reasons.NoNumber, NoNumber),
            _ => new Ruling.Deny(Reasons.DeniedByPolicy, "No factor that you have is taken here."),
        };
    }

    private static Ruling Unenrolled(Application application, bool invited, DateTimeOffset now) =>
        invited || (application.NewUsers is NewUserPolicy.Enrol && application.EnrolUntil > now)
            ? new Ruling.Enrol()
            : new Ruling.Deny(Reasons.Unenrolled, "Access denied. Ask your administrator for an invitation.");

    private static bool IsInAGroup(string groups, string allowed)
    {
        if (string.IsNullOrWhiteSpace(allowed))
        {
            return true;
        }

        string[] his = Words(groups);
        return Words(allowed).Any(group => his.Contains(group, StringComparer.Ordinal));
    }

    /// <summary>A network that cannot be read contains nobody.</summary>
    private static bool IsTrusted(IPAddress? address, string networks) =>
        address is not null && networks.Length > 0 && Words(networks).Any(
            network => IPNetwork.TryParse(network, out IPNetwork range) && range.Contains(address));

    private static string[] Words(string text) =>
        text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
