using System.Globalization;

namespace Sallyport.Cli.Sshd;

/// <summary>What sshd -T prints: every keyword in lower case, defaults included.</summary>
internal sealed class EffectiveConfiguration
{
    private readonly ILookup<string, string> _values;

    private EffectiveConfiguration(ILookup<string, string> values) => _values = values;

    public static EffectiveConfiguration Parse(string output) => new(output
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(' ', 2))
        .ToLookup(pair => pair[0].ToLowerInvariant(), pair => pair.Length > 1 ? pair[1].Trim() : ""));

    /// <summary>Empty where this sshd does not know the keyword.</summary>
    public string this[string keyword] => _values[keyword].FirstOrDefault() ?? "";

    public IEnumerable<string> All(string keyword) => _values[keyword];

    public bool Is(string keyword, string value) => this[keyword] == value;

    /// <summary>Null: not a number, or a keyword that this sshd does not know.</summary>
    public int? Number(string keyword) =>
        int.TryParse(this[keyword], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    public IEnumerable<string> Words(string keyword) =>
        All(keyword).SelectMany(value => value.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>
    /// The ways to the end of an authentication, each a list of methods that all have to succeed. Ways with a method
    /// that is switched off are left out, as sshd does; "any" is each method alone.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> Ways()
    {
        string[] on = [.. _switches.Where(s => Is(s.Keyword, "yes")).Select(s => s.Method)];
        return this["authenticationmethods"] is "any" or ""
            ? [.. on.Select(method => (string[])[method])]
            : [.. Words("authenticationmethods")
                .Select(way => way.Split(',').Select(method => method.Split(':')[0]).ToArray())
                .Where(way => way.All(on.Contains))];
    }

    private static readonly (string Keyword, string Method)[] _switches =
    [
        ("pubkeyauthentication", "publickey"), ("passwordauthentication", "password"),
        ("kbdinteractiveauthentication", "keyboard-interactive"), ("hostbasedauthentication", "hostbased"),
        ("gssapiauthentication", "gssapi-with-mic"),
    ];
}
