using Sallyport.Host.Interop;

namespace Sallyport.Host.Access;

/// <summary>
/// Whom sshd gives sallyport-login as his command, as setup says it on PAM's session line: his session opens, and then
/// he is asked. It stands there and not in sallyport.conf, so that it changes with sshd's files and never without them.
/// </summary>
/// <param name="Groups">Empty: everybody.</param>
/// <param name="KeyAlone">But for these.</param>
internal sealed record AskedByCommand(IReadOnlyList<string> Groups, IReadOnlyList<string> KeyAlone)
{
    private const string Asks = "login_asks=";
    private const string But = "key_alone=";
    private const string Everybody = "all";

    public override string ToString() =>
        $"{Asks}{(Groups.Count > 0 ? string.Join(',', Groups) : Everybody)} {But}{string.Join(',', KeyAlone)}";

    /// <summary>Null: the line does not say it, or not so that it can be read, and then it covers nobody.</summary>
    public static AskedByCommand? In(IReadOnlyList<string> arguments)
    {
        string[] asks = Values(arguments, Asks);
        string[] but = Values(arguments, But);
        return asks is not [{ Length: > 0 } groups] || but.Length > 1 ? null
            : new(groups == Everybody ? [] : groups.Split(','), but is [string names] ? names.Split(',') : []);
    }

    /// <summary>
    /// By the names that sshd's Match goes by: of the names of a group he has heard only the one that its number has.
    /// </summary>
    public bool Covers(string user) => Pwd.ByName(user) is Account account && !KeyAlone.Contains(user)
        && (Groups.Count == 0
            || Pwd.GroupsOf(account).Select(Pwd.GroupNameOf).OfType<string>().Intersect(Groups).Any());

    private static string[] Values(IReadOnlyList<string> arguments, string name) =>
        [.. arguments.Where(argument => argument.StartsWith(name, StringComparison.Ordinal))
            .Select(argument => argument[name.Length..])];
}
