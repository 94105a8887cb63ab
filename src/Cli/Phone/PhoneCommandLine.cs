using Sallyport.Cli.HomeFile;
using Sallyport.Cli.Terminal;

namespace Sallyport.Cli.Phone;

/// <summary>The command line of sallyport phone: each verb takes its own options.</summary>
internal sealed record PhoneCommandLine(string Verb, IReadOnlyList<string> Words)
{
    private const int LongestName = 128;
    private const int CodeLength = 20;
    private const string WrongName = "sallyport phone: a name has 1 to 128 visible characters";

    private static readonly Option[] _options =
    [
        new('h', "help", false), new('\0', "name", true), new('\0', "ca", true), new('\0', "number", true),
        new('\0', "not-me", false), new('\0', "file", true),
    ];

    public string? Name { get; private init; }

    public string? Authorities { get; private init; }

    public string? Number { get; private init; }

    public bool NotMe { get; private init; }

    public string? File { get; private init; }

    /// <summary>NAME or NAME:PORT, of activate; null: it is none.</summary>
    public string? Server => Words.Count > 0 ? ServerAddress.Of(Words[0]) : null;

    /// <summary>Null: <paramref name="exitCode"/> is all that is left to say.</summary>
    public static PhoneCommandLine? Parse(IReadOnlyList<string> words, out int exitCode)
    {
        GetOpt options = new("sallyport phone", words, _options, anywhere: true);
        PhoneCommandLine line = new("", []);
        List<string> given = [];
        while (options.TryNext(out Option? option, out string value))
        {
            given.Add(option.Name);
            switch (option.Name)
            {
                case "help":
                    Screen.Write(SallyportHelp.For("phone"));
                    exitCode = 0;
                    return null;
                case "name":
                    line = line with { Name = value };
                    break;
                case "ca":
                    line = line with { Authorities = value };
                    break;
                case "number":
                    line = line with { Number = value };
                    break;
                case "not-me":
                    line = line with { NotMe = true };
                    break;
                default:
                    line = line with { File = value };
                    break;
            }
        }

        string[] rest = [.. options.Rest];
        line = line with { Verb = rest.ElementAtOrDefault(0) ?? "", Words = [.. rest.Skip(1)] };
        string? error = options.Error ?? line.Wrong(given);
        exitCode = error is null ? 0 : SallyportHelp.UsageError;
        if (error is not null)
        {
            Screen.WriteError($"{error}\n{SallyportHelp.For("phone").TrimEnd()}");
        }

        return error is null ? line : null;
    }

    /// <summary>1 to 128 characters, as the server counts them, and none that a terminal would obey.</summary>
    private static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName && RequestText.Shown(text) == text && text.Trim() == text;

    private string? Wrong(List<string> given)
    {
        (string[] own, int fewest, int most) = Verb switch
        {
            "activate" => (new[] { "name", "ca" }, 2, 2),
            "list" or "watch" or "remove" => ([], 0, 0),
            "approve" => (["number"], 0, 1),
            "deny" => (["not-me"], 0, 1),
            "rename" => ([], 1, 1),
            _ => ([], -1, -1),
        };
        string? foreign = given.FirstOrDefault(option => option != "file" && !own.Contains(option));
        return most < 0 ? "sallyport phone: activate, list, watch, approve, deny, rename or remove"
            : foreign is not null ? $"sallyport phone {Verb}: --{foreign} is not for that"
            : Words.Count > most ? $"sallyport phone {Verb}: unexpected argument '{Words[most]}'"
            : Words.Count < fewest
                ? $"sallyport phone {Verb}: {(Verb == "rename" ? "a name" : "the server and a code")} is missing"
            : File is "" || Authorities is "" ? "sallyport phone: a file has a name"
            : Verb == "activate" ? WrongActivation()
            : Verb == "rename" && !IsName(Words[0]) ? WrongName
            : Number is not null && !(Number.Length is >= 2 and <= 6 && Number.All(char.IsAsciiDigit))
                ? "sallyport phone approve: --number takes 2 to 6 digits"
            : null;
    }

    private string? WrongActivation() =>
        Server is null ? "sallyport phone activate: the server is NAME or NAME:PORT"
        : Words[1].Count(char.IsAsciiLetterOrDigit) != CodeLength
            || !Words[1].All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or ' ')
            ? $"sallyport phone activate: a code has {CodeLength} letters and digits"
        : Name is not null && !IsName(Name) ? WrongName
        : null;
}
