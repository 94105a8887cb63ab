using System.Text;
using System.Text.RegularExpressions;

namespace Sallyport.Cli.Pam;

/// <summary>
/// The lines of a service as libpam puts them together: include and @include in their place, a substack one level
/// down, "other" for a kind of which the service has no line.
/// </summary>
internal sealed partial class PamStack
{
    private const int DeepestInclude = 32;

    private static readonly string[] _usual = ["/etc/pam.d", "/usr/lib/pam.d"];

    private readonly IReadOnlyList<string> _folders;
    private readonly List<PamLine> _lines = [];
    private readonly List<string> _missing = [];

    private PamStack(IReadOnlyList<string> folders) => _folders = folders;

    /// <summary>Files that are included and not there: libpam then refuses everybody.</summary>
    public IReadOnlyList<string> Missing => _missing;

    /// <param name="folders">Where libpam looks, if not where it usually does.</param>
    public static PamStack Read(string service, IReadOnlyList<string>? folders = null)
    {
        var stack = new PamStack(folders ?? _usual);
        string? file = stack.Look(service);
        if (file is not null)
        {
            stack.Read(file, null, 0, 0);
        }

        foreach (PamType type in (PamType[])[PamType.Auth, PamType.Account, PamType.Password, PamType.Session])
        {
            if (!stack.Of(type).Any() && service != "other" && stack.Look("other") is string other)
            {
                stack.Read(other, type, 0, 0);
            }
        }

        return stack;
    }

    /// <summary>Null: no such service.</summary>
    public static string? Find(string service) => new PamStack(_usual).Look(service);

    public IReadOnlyList<PamLine> Of(PamType type) => [.. _lines.Where(line => line.Type == type)];

    private string? Look(string service) =>
        _folders.Select(folder => $"{folder}/{service}").FirstOrDefault(File.Exists);

    private void Read(string path, PamType? only, int level, int depth)
    {
        if (depth > DeepestInclude)
        {
            return;
        }

        foreach ((string text, int number) in Lines(path))
        {
            if (text.StartsWith("@include", StringComparison.Ordinal))
            {
                Include(text[8..].Trim(), only, level, depth, $"{path}:{number}");
                continue;
            }

            Match line = Rule().Match(text);
            PamType type = TypeOf(line.Groups["type"].Value);
            if (!line.Success || type is PamType.None || (only ?? type) != type)
            {
                continue;
            }

            string control = line.Groups["control"].Value;
            string module = line.Groups["module"].Value;
            if (control is "include" or "substack")
            {
                if (control == "substack")
                {
                    _lines.Add(new(type, PamControl.Parse("[default=ignore]"), PamLine.Substack, [], path, number, level));
                }

                Include(module, type, control == "substack" ? level + 1 : level, depth, $"{path}:{number}");
                continue;
            }

            _lines.Add(new(type, PamControl.Parse(control), module, Words(line.Groups["arguments"].Value), path, number, level));
        }
    }

    private void Include(string name, PamType? only, int level, int depth, string where)
    {
        string? file = name.StartsWith('/') ? File.Exists(name) ? name : null : Look(name);
        if (file is null)
        {
            _missing.Add($"{where}: {name}");
            return;
        }

        Read(file, only, level, depth + 1);
    }

    /// <summary>Without comments; a line that ends with '\' goes on with the next.</summary>
    private static IEnumerable<(string Text, int Number)> Lines(string path)
    {
        var text = new StringBuilder();
        int number = 0;
        int first = 1;
        foreach (string raw in File.ReadLines(path, Encoding.Latin1))
        {
            number++;
            string line = raw.Split('#')[0].TrimEnd();
            if (text.Length == 0)
            {
                first = number;
            }

            if (line.EndsWith('\\'))
            {
                text.Append(line, 0, line.Length - 1).Append(' ');
                continue;
            }

            yield return (text.Append(line).ToString().Trim(), first);
            text.Clear();
        }
    }

    private static PamType TypeOf(string word) => word.TrimStart('-').ToLowerInvariant() switch
    {
        "auth" => PamType.Auth,
        "account" => PamType.Account,
        "password" => PamType.Password,
        "session" => PamType.Session,
        _ => PamType.None,
    };

    private static string[] Words(string text) =>
        [.. Word().Matches(text).Select(m => m.Value.StartsWith('[') ? m.Value[1..^1] : m.Value)];

    [GeneratedRegex(@"^(?<type>\S+)\s+(?<control>\[[^\]]*\]|\S+)\s+(?<module>\S+)\s*(?<arguments>.*)$")]
    private static partial Regex Rule();

    [GeneratedRegex(@"\[[^\]]*\]|\S+")]
    private static partial Regex Word();
}
