using System.Text.RegularExpressions;
using Sallyport.Cli.Pam;
using Sallyport.Host.Access;
using Sallyport.Host.Configuration;

namespace Sallyport.Cli.Setup;

/// <summary>
/// /etc/pam.d/sshd in the layouts of Debian and Ubuntu (common-auth), of Amazon Linux, RHEL and Fedora (password-auth),
/// and of both with google-authenticator's line or ours. One region is ours; what it replaces stays in it as a comment.
/// </summary>
/// <param name="Arguments">What the auth line says behind the module; null: there is none, for sallyport-login asks.</param>
internal sealed partial record PamLayout(string Sshd, string? Arguments)
{
    public const string SshdPath = "/etc/pam.d/sshd";
    public const string IncludePath = "/etc/pam.d/sallyport-sshd";

    private const string Begin = "# sallyport setup: begin";
    private const string End = "# sallyport setup: end";
    private const string Kept = "#sallyport# ";
    private const string IncludeSession = "session    include      sallyport-sshd";
    private const string Gate = "session    required     pam_sallyport.so";

    /// <exception cref="SetupRefused">The stack is none of those that are known.</exception>
    public static PamLayout Of(string text)
    {
        List<string> lines = [.. Original(text).Split('\n')];
        int ours = lines.FindIndex(IsReplaced);
        int password = lines.FindIndex(line => Words(line) is ["@include", "common-auth"]
            || Auth(line) is ["substack" or "include", "password-auth" or "system-auth", ..]);
        int at = ours >= 0 ? ours : password;
        if (at < 0)
        {
            throw new SetupRefused($"{SshdPath} has neither '@include common-auth' nor 'auth substack password-auth': "
                + "this layout is not known. docs/how-to/key-and-passcode.md does it by hand");
        }

        string[] arguments = ours >= 0 ? Auth(lines[ours])![2..] : [];
        if (arguments.Any(a => a.StartsWith("secret=", StringComparison.Ordinal)))
        {
            throw new SetupRefused($"{SshdPath}:{at + 1}: secret= is kept by hand; setup knows the root-only store and homes");
        }

        bool debian = Words(lines[at]) is ["@include", ..] || lines.Exists(line => Words(line) is ["@include", ..]);
        for (int i = 0; i < lines.Count; i++)
        {
            // A session line of ours from before would use up what the one of the include needs, and a second auth line the passcode.
            lines[i] = IsSessionOfOurs(lines[i]) || (i != at && IsReplaced(lines[i])) ? Kept + lines[i] : lines[i];
        }

        lines[at] = string.Join('\n', [Begin, .. Includes(debian), Kept + lines[at], End]);
        return new PamLayout(string.Join('\n', lines), string.Concat(arguments.Where(a => a != "nullok").Select(a => " " + a)));
    }

    /// <summary>
    /// With the session gate alone: who is asked by sallyport-login never comes to the auth lines. Before every other
    /// session line, because one of those may jump.
    /// </summary>
    public static PamLayout GateOnly(string text)
    {
        List<string> lines = [.. Original(text).TrimEnd('\n').Split('\n')];
        int first = lines.FindIndex(line => Words(line) is ["session" or "-session", ..] or ["@include", "common-session", ..]);
        lines = [.. lines.Select(line => IsSessionOfOurs(line) ? Kept + line : line)];
        lines.InsertRange(first < 0 ? lines.Count : first, [Begin, IncludeSession, End]);
        return new PamLayout(string.Join('\n', lines) + "\n", null);
    }

    /// <summary>The file without our region.</summary>
    public static string Original(string text)
    {
        List<string> lines = [];
        bool region = false;
        foreach (string line in text.Split('\n'))
        {
            region = line == Begin || (region && line != End);
            string? kept = line.StartsWith(Kept, StringComparison.Ordinal) ? line[Kept.Length..] : null;
            if (kept is not null || (!region && line != End))
            {
                lines.Add(kept ?? line);
            }
        }

        return string.Join('\n', lines);
    }

    /// <summary>The include; without its gate until sshd asks for both steps, so that the key alone still opens till then.</summary>
    /// <param name="glass">Whom the gate lets in where the agent gives no verdict.</param>
    /// <param name="asked">Whom it lets through because sallyport-login asks them next; null: nobody.</param>
    public string Include(bool gate, Exemption? glass, AskedByCommand? asked) => string.Join('\n',
    [
        $"# Written by sallyport setup, for {SshdPath}; see sallyport.conf(5).",
        .. Arguments is null ? (string[])[] : [$"auth       required     pam_sallyport.so{Arguments}"],
        .. gate ? (string[])[$"{Gate}{(glass is null ? "" : $" {BreakGlassArgument.Of(glass)}")}{(asked is null ? "" : $" {asked}")}"] : [],
    ]) + "\n";

    /// <summary>An include of ours, as it is before its gate is shut.</summary>
    public static string WithoutGate(string include) =>
        string.Join('\n', include.Split('\n').Where(line => !line.StartsWith(Gate, StringComparison.Ordinal)));

    private static string[] Includes(bool debian) => debian
        ? ["@include sallyport-sshd"]
        : ["auth       include      sallyport-sshd", IncludeSession];

    /// <summary>
    /// Ours, whatever its control and wherever its file is said to be, and google-authenticator's where it cannot be passed by.
    /// What else may let somebody past is for doctor to see, in the stack as it would be.
    /// </summary>
    private static bool IsReplaced(string line) => Auth(line) is [string control, string module, ..]
        && (IsOurs(module) || (module == "pam_google_authenticator.so" && control is ("required" or "requisite")));

    private static bool IsSessionOfOurs(string line) => Words(line) is ["session", _, string module, ..] && IsOurs(module);

    private static bool IsOurs(string module) => Path.GetFileName(module) == "pam_sallyport.so";

    /// <summary>Control, module and arguments of an auth line; null: it is none.</summary>
    private static string[]? Auth(string line) => Words(line) is ["auth" or "-auth", .. string[] rest] ? rest : null;

    private static string[] Words(string line) => line.TrimStart().StartsWith('#') ? []
        : [.. Word().Matches(line).Select(m => m.Value)];

    [GeneratedRegex(@"\[[^\]]*\]|\S+")]
    private static partial Regex Word();
}

/// <summary>Setup does not do it, and says why and what to do.</summary>
internal sealed class SetupRefused(string why) : Exception(why);
