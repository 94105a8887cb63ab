using System.Globalization;
using System.Text;
using Sallyport.Host.Duo;
using Sallyport.Protocol.Duo;

namespace Sallyport.Cli.Moving;

/// <summary>What a file of Duo's comes to here, in words: most of all where that is not what it seems to say.</summary>
internal static class DuoMeaning
{
    /// <param name="settings">As they go into sallyport.conf.</param>
    /// <param name="hasFailMode">Whether the file itself says what its failmode is.</param>
    public static IEnumerable<string> Of(DuoSettings settings, bool hasFailMode)
    {
        yield return $"The server is {settings.Host}, and knows this host as {Shown(settings.IntegrationKey)}.";
        yield return settings.CaFile is string file
            ? $"Its certificate is verified by the authorities in {DuoText.Line(file)}, and no others."
            : "Its certificate is verified by the authorities of this system. Duo's programs have a list of their own.";
        yield return settings.FailMode is FailMode.Safe
            ? "failmode = safe: while the server is away everybody is let in by the first factor alone. Each such login is "
                + "logged. A configuration that is wrong lets nobody in, other than with Duo."
            : hasFailMode ? "failmode = secure: while the server is away nobody is let in."
            : "failmode was not set. With Duo that let everybody in while the server is away; here it is secure: nobody is "
                + "let in then.";
        yield return settings.Groups.Count == 0
            ? "Everybody needs the second factor."
            : $"Only who is in a group that matches {Alternatives(settings.Groups)} needs the second factor. Everybody else is "
                + "let in by the first factor alone.";
        if (settings.HttpsTimeout == DuoSettings.UsualTimeout)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"The server may be silent for {DuoSettings.UsualTimeout.TotalSeconds} seconds. With Duo, for ever, if the file says nothing.");
        }

        if (settings.SendGecos || settings.GecosPosition is not null)
        {
            yield return "The name for the server comes from the account's comment, which its user can change with chfn.";
        }

        if (settings.AcceptEnvFactor)
        {
            yield return "DUO_PASSCODE is taken by sallyport-login alone, as it was by login_duo.";
        }
    }

    private static string Alternatives(IReadOnlyList<string> words) => string.Join(" or ", words.Select(word => $"'{Shown(word)}'"));

    private static string Shown(string latin1) => DuoText.Line(Encoding.Latin1.GetBytes(latin1));
}
