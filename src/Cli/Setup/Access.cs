using Sallyport.Cli.Doctor;
using Sallyport.Cli.Sshd;
using Sallyport.Host.Access;

namespace Sallyport.Cli.Setup;

/// <summary>Whom AllowUsers and the like let in, by what sshd says holds for an account.</summary>
internal static class Access
{
    /// <summary>From anywhere at all; "@host" is read so that rather too many can log in than too few.</summary>
    public static bool MayLogIn(string name) => MatchTest.MayLogIn(People.Find([name], null, DateTimeOffset.MinValue)[0], Of(name));

    /// <summary>AllowUsers names it with "@host" alone, so a login from here may be refused where one from there is not.</summary>
    public static bool IsAllowedFromSomePlacesOnly(string name)
    {
        string[] allowed = [.. Of(name).Words("allowusers")];
        return allowed.Length > 0 && !allowed.Any(pattern => Patterns.Match(name, pattern)) && MayLogIn(name);
    }

    private static EffectiveConfiguration Of(string name)
    {
        Sshd.MakeItsFolder();
        return EffectiveConfiguration.Parse(
            Tool.Must(Sshd.Program, "-T", "-f", SshdFiles.ConfigPath, "-C", SshdConnection.Of(name).ToString()));
    }
}
