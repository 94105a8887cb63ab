using System.Globalization;
using System.Text;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Cli.HomeFile;

/// <summary>The names under which an app lists what it has scanned.</summary>
/// <param name="Account">Whose passcodes they are.</param>
/// <param name="Issuer">For what; null if nobody is named.</param>
internal readonly record struct AppNames(string Account, string? Issuer)
{
    private const string WithoutMeaning =
        "the name that the app is to show must not have a colon or a control character in it";

    /// <summary>
    /// Those of the command line, else USER@HOST and HOST. A label with one colon names issuer and account, as the key
    /// URI format has it: for google-authenticator, which never wrote the issuer there, people put it into -l.
    /// </summary>
    public static AppNames? From(EnrolmentFlags flags, out string? objection)
    {
        string host = HostName();
        string label = flags.Label is { Length: > 0 } given ? given : $"{UserName()}@{host}";
        string[] parts = label.Split(':');
        bool both = parts.Length == 2 && parts.All(KeyUri.IsName);
        string account = both ? parts[1] : label;
        string? issuer = flags.Issuer ?? (both ? parts[0] : host);
        issuer = issuer.Length == 0 ? null : issuer;
        objection = !KeyUri.IsName(account) ? $"-l \"{Shown(label)}\": {WithoutMeaning}"
            : issuer is not null && !KeyUri.IsName(issuer) ? $"-i \"{Shown(issuer)}\": {WithoutMeaning}"
            : null;
        return objection is null ? new AppNames(account, issuer) : null;
    }

    private static string UserName()
    {
        uint uid = Unistd.getuid();
        string name = Pwd.ByUid(uid)?.Name ?? uid.ToString(CultureInfo.InvariantCulture);
        return Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(name));
    }

    private static string HostName()
    {
        Span<byte> name = stackalloc byte[65]; // HOST_NAME_MAX and its NUL
        name.Clear();
        string host = Unistd.gethostname(name, name.Length - 1) == 0
            ? Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)])
            : "";
        return KeyUri.IsName(host) ? host : "localhost";
    }

    // What stands in an error must not move the cursor.
    private static string Shown(string name) =>
        string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));
}
