using System.Globalization;
using System.Text;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Configuration;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Cli.Factors;

/// <summary>sallyport status --all: who is enrolled here, who is invited, and who is not asked, why and how long.</summary>
internal static class StatusOfAll
{
    /// <exception cref="IOException">The store or the configuration cannot be used.</exception>
    public static int Run(string configurationPath)
    {
        if (Unistd.geteuid() != 0)
        {
            Screen.WriteError("sallyport status: --all is for root");
            return 1;
        }

        TimeProvider time = TimeProvider.System;
        using HostStores stores = HostStores.Open(configurationPath);
        SortedDictionary<string, string> lines = new(StringComparer.Ordinal);
        foreach (string user in stores.Store.Users())
        {
            lines[user] = Enrolled(stores.Store, user);
        }

        foreach (string user in stores.Invitations.Users())
        {
            if (stores.Invitations.Find(user, time.GetUtcNow()) is Invitation open)
            {
                string invited = $"invited until {FactorStatus.Moment(open.Expires.ToUnixTimeSeconds())}";
                lines[user] = lines.TryGetValue(user, out string? enrolled) ? $"{enrolled}; {invited}" : invited;
            }
        }

        foreach (Exemption exemption in stores.Configuration.Exemptions.Values)
        {
            lines[exemption.Name] = Exempt(exemption, "exempt", time);
        }

        if (stores.Configuration.BreakGlass is Exemption last)
        {
            lines[last.Name] = Exempt(last, "break-glass", time);
        }

        int width = lines.Keys.Select(name => name.Length).DefaultIfEmpty().Max();
        foreach ((string name, string line) in lines)
        {
            Screen.Write($"{Printable.Of(name).PadRight(width)}  {line}\n");
        }

        return 0;
    }

    private static string Enrolled(TotpStore store, string user)
    {
        using TotpReading reading = store.Open(user);
        return reading.Entry is null
            ? $"CANNOT BE READ: {reading.Message}"
            : string.Create(CultureInfo.InvariantCulture,
                $"enrolled {FactorStatus.Moment(reading.Entry.Enrolment.EnrolledAt)}, {reading.Entry.RecoveryCodesLeft} recovery codes left");
    }

    private static string Words(Exemption exemption) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(exemption.Reason));

    private static string Exempt(Exemption exemption, string what, TimeProvider time)
    {
        string until = exemption.Until.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return exemption.Holds(time.GetUtcNow())
            ? $"{what} until {until}: {Words(exemption)}"
            : $"{what} until {until}, so ASKED NOW: {Words(exemption)}";
    }
}
