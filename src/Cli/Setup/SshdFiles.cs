using System.Text.RegularExpressions;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Setup;

/// <summary>What setup writes for sshd: one drop-in, and, where sshd_config reads no drop-ins, the line that does.</summary>
internal static partial class SshdFiles
{
    public const string ConfigPath = "/etc/ssh/sshd_config";
    public const string DropInPath = "/etc/ssh/sshd_config.d/10-sallyport.conf";
    public const string RootOwnedKeys = "/etc/ssh/authorized_keys.d/%u";

    private const string Author = "# Written by sallyport setup.";
    private const string NoAgents = "AllowAgentForwarding no";
    private const string Forced = $"    ForceCommand {AskedByLogin.Program}";
    private const string Include = "Include /etc/ssh/sshd_config.d/*.conf";

    private static readonly string[] _keyAndPam =
        ["KbdInteractiveAuthentication yes", "AuthenticationMethods publickey,keyboard-interactive"];

    // What a key's own line or its owner's file sets could have another program run in the place of sallyport-login.
    // DUO_PASSCODE is how scp and the like answer; sallyport-login takes it out.
    private static readonly string[] _keyFirst =
    [
        "KbdInteractiveAuthentication no", "AuthenticationMethods publickey", "PermitUserEnvironment no", "AcceptEnv DUO_PASSCODE",
    ];

    // What begins as soon as the key is accepted. An agent that is forwarded opens nothing here, so it stays.
    private static readonly string[] _beforeTheCommand =
    [
        "    AllowTcpForwarding no", "    AllowStreamLocalForwarding no", "    PermitTunnel no", "    X11Forwarding no",
        "    PermitUserRC no",
    ];

    /// <param name="askGroups">Whose members are asked; empty: everybody.</param>
    /// <param name="keyAlone">Accounts that need no second step; the first of them is the break-glass account.</param>
    /// <param name="breakGlassKeys">Whether its keys are read from the root-owned place alone.</param>
    /// <param name="probes">
    /// While logins are tried: the accounts that AllowUsers and AllowGroups of other files do not name. Under a Match line
    /// these lists are instead of the others, for these accounts and for nobody else.
    /// </param>
    public static string DropIn(
        SetupChoices choices, IReadOnlyList<string> askGroups, IReadOnlyList<string> keyAlone, bool breakGlassKeys,
        IReadOnlyList<string> probes)
    {
        List<string> lines =
        [
            $"{Author} 'sallyport setup undo' takes it back.",
            "UsePAM yes",
            "PasswordAuthentication no",
            .. choices.ForceCommand ? _keyFirst : _keyAndPam,
        ];
        lines.AddRange(choices.RootOwnedKeys ? [$"AuthorizedKeysFile {RootOwnedKeys}"] : []);
        lines.AddRange(choices.Bastion ? [NoAgents, "X11Forwarding no"] : []);
        if (breakGlassKeys && !choices.RootOwnedKeys)
        {
            lines.AddRange([$"Match User {keyAlone[0]}", $"    AuthorizedKeysFile {RootOwnedKeys}"]);
        }

        lines.Add("Match all");
        if (choices.ForceCommand)
        {
            string groups = askGroups.Count > 0 ? $" Group {string.Join(',', askGroups)}" : "";
            lines.AddRange([$"Match User *,!{string.Join(",!", keyAlone)}{groups}", Forced, .. _beforeTheCommand, "Match all"]);
            // Whatever other files say of everybody.
            lines.AddRange([$"Match User {keyAlone[0]}", "    ForceCommand none", "Match all"]);
        }

        lines.AddRange([$"Match User {string.Join(',', keyAlone)}", "    AuthenticationMethods publickey", "Match all"]);
        if (probes.Count > 0)
        {
            lines.AddRange([$"Match User {string.Join(',', probes)}", $"    AllowUsers {string.Join(' ', probes)}", "    AllowGroups *", "Match all"]);
        }

        return string.Join('\n', lines) + "\n";
    }

    /// <summary>
    /// What an earlier setup was told stays, as what sallyport.conf says does: who renews a date must not thereby let
    /// people's own key files count again.
    /// </summary>
    public static SetupChoices AsBefore(SetupChoices choices, string dropIn)
    {
        string[] lines = dropIn.StartsWith(Author, StringComparison.Ordinal) ? dropIn.Split('\n') : [];
        return choices with
        {
            RootOwnedKeys = choices.RootOwnedKeys || lines.Contains($"AuthorizedKeysFile {RootOwnedKeys}"),
            Bastion = choices.Bastion || lines.Contains(NoAgents),
            ForceCommand = choices.ForceCommand || lines.Contains(Forced),
        };
    }

    /// <summary>sshd takes the first value it sees, so the drop-ins have to be read before everything else.</summary>
    public static string Config(string text) =>
        text.Split('\n').FirstOrDefault(line => line.Trim() is { Length: > 0 } said && said[0] != '#') is string first
            && Drops().IsMatch(first) ? text : $"# Added by sallyport setup: this file read no drop-ins first.\n{Include}\n{text}";

    /// <summary>A file of AuthorizedKeysFile, for one account.</summary>
    public static string KeyFile(string pattern, Account account)
    {
        string file = pattern.Replace("%u", account.Name, StringComparison.Ordinal)
            .Replace("%h", account.Home, StringComparison.Ordinal).Replace("%%", "%", StringComparison.Ordinal);
        return file.StartsWith('/') ? file : $"{account.Home}/{file}";
    }

    [GeneratedRegex(@"^\s*Include[\s=]+""?/etc/ssh/sshd_config\.d/\*(\.conf)?""?\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex Drops();
}
