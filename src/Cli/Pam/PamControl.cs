using System.Globalization;

namespace Sallyport.Cli.Pam;

internal enum PamAction
{
    Bad,
    Die,
    Ignore,
    Ok,
    Done,
    Reset,
    Jump,
}

/// <summary>The second word of a line (pam.conf(5)): what each return code of the module does to the stack.</summary>
internal sealed class PamControl
{
    /// <summary>The codes by which a module says no.</summary>
    public static readonly string[] Refusals =
    [
        "auth_err", "perm_denied", "user_unknown", "authinfo_unavail", "maxtries", "acct_expired", "session_err",
        "cred_unavail", "cred_expired", "cred_err", "authtok_err", "service_err", "system_err", "abort", "conv_err",
        "module_unknown",
    ];

    private readonly Dictionary<string, (PamAction, int)> _actions = [];

    private PamControl(string text) => Text = text;

    public string Text { get; }

    public static PamControl Parse(string text)
    {
        string actions = text.ToLowerInvariant() switch
        {
            "required" => "success=ok new_authtok_reqd=ok ignore=ignore default=bad",
            "requisite" => "success=ok new_authtok_reqd=ok ignore=ignore default=die",
            "sufficient" => "success=done new_authtok_reqd=done default=ignore",
            "optional" => "success=ok new_authtok_reqd=ok default=ignore",
            ['[', .. string inner, ']'] => inner,
            _ => "default=bad", // libpam makes a line that it cannot read one that fails
        };
        var control = new PamControl(text);
        foreach (string word in actions.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = word.Split('=', 2);
            control._actions[pair[0]] = pair.Length < 2 ? (PamAction.Bad, 0) : ActionOf(pair[1]);
        }

        return control;
    }

    public (PamAction Action, int Jump) For(string code) =>
        _actions.TryGetValue(code, out (PamAction, int) action) ? action
        : _actions.TryGetValue("default", out action) ? action
        : (PamAction.Bad, 0);

    private static (PamAction, int) ActionOf(string text) => text switch
    {
        "ok" => (PamAction.Ok, 0),
        "done" => (PamAction.Done, 0),
        "ignore" => (PamAction.Ignore, 0),
        "die" => (PamAction.Die, 0),
        "reset" => (PamAction.Reset, 0),
        _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int jump) && jump > 0 =>
            (PamAction.Jump, jump),
        _ => (PamAction.Bad, 0),
    };
}
