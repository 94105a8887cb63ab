using System.Globalization;
using Sallyport.Host.Configuration;

namespace Sallyport.Cli.Pam;

/// <summary>What lets the break-glass account in where the agent gives no verdict, on the session line (pam_sallyport(8)).</summary>
internal static class BreakGlassArgument
{
    public const string Prefix = "break_glass=";

    // Where PAM's line would end, go on, or be read otherwise.
    private const string NotOnALine = "#\\[]:";

    public static string Of(Exemption glass) =>
        $"{Prefix}{glass.Name}:{glass.Until.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}";

    public static bool CanName(string account) => !account.AsSpan().ContainsAny(NotOnALine);
}
