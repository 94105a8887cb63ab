using System.Globalization;
using Sallyport.Cli.Factors;
using Sallyport.Cli.HomeFile;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Enrolment;

namespace Sallyport.Cli.Users;

/// <summary>The command line of sallyport user: each verb takes its own options.</summary>
internal sealed record UserCommandLine(string Verb)
{
    private static readonly Option[] _options =
    [
        new('h', "help", false), new('\0', "key", true), new('\0', "key-file", true), new('\0', "from", true),
        new('\0', "letters", true), new('\0', "host", true), new('\0', "groups", true), new('\0', "expires", true),
        new('\0', "shell", true), new('\0', "root-owned-key", false), new('\0', "existing", false),
        new('\0', "json", false), new('\0', "keep-home", false), new('\0', "kill", false), new('\0', "yes", false),
        new('\0', "config", true),
    ];

    public string Name { get; private init; } = "";

    public string Configuration { get; private init; } = FactorCommand.DefaultConfiguration;

    public string? LettersFile { get; private init; }

    public string? Host { get; private init; }

    public TimeSpan Invitation { get; private init; } = EnrolmentOptions.UsualInvitation;

    public AddChoices Choices { get; private init; } = new(false, false, null);

    public bool Json { get; private init; }

    public bool KeepHome { get; private init; }

    public bool Kill { get; private init; }

    public bool Yes { get; private init; }

    private string? Key { get; init; }

    private string? KeyFile { get; init; }

    private string? From { get; init; }

    private IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>Null: <paramref name="exitCode"/> is all that is left to say.</summary>
    public static UserCommandLine? Parse(IReadOnlyList<string> words, out int exitCode)
    {
        GetOpt options = new("sallyport user", words, _options, anywhere: true);
        UserCommandLine? line = new("");
        List<string> given = [];
        string? error = null;
        while (error is null && options.TryNext(out Option? option, out string value))
        {
            if (option.Name == "help")
            {
                Screen.Write(SallyportHelp.For("user"));
                exitCode = 0;
                return null;
            }

            given.Add(option.Name);
            line = line.With(option.Name, value, out error);
        }

        string[] rest = [.. options.Rest];
        line = line with { Verb = rest.ElementAtOrDefault(0) ?? "", Name = rest.ElementAtOrDefault(1) ?? "" };
        error = options.Error ?? error ?? line.Wrong(rest, given);
        exitCode = error is null ? 0 : SallyportHelp.UsageError;
        if (error is not null)
        {
            Screen.WriteError($"{error}\n{SallyportHelp.For("user").TrimEnd()}");
        }

        return error is null ? line : null;
    }

    /// <summary>Who is to be added; every problem is named before anything is changed.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public List<NewUser> Users(out List<string> problems)
    {
        if (From is not null)
        {
            return UsersFile.Read(From, Invitation, out problems);
        }

        problems = [];
        string[] lines = Key is not null ? [Key] : AuthorizedKeys.KeyLines(TextOf(KeyFile!));
        List<PublicKey> keys = [];
        foreach (string text in lines)
        {
            if (PublicKey.TryParse(text, out PublicKey? key, out string? problem))
            {
                keys.Add(key);
            }
            else
            {
                problems.Add($"{KeyFile ?? "--key"}: {problem}");
            }
        }

        if (lines.Length == 0)
        {
            problems.Add($"{KeyFile}: there is no key in it");
        }

        return [new NewUser(Name, keys, Groups, Invitation)];
    }

    private UserCommandLine With(string option, string value, out string? error)
    {
        error = null;
        switch (option)
        {
            case "key":
                return this with { Key = value };
            case "key-file":
                return this with { KeyFile = value };
            case "from":
                return this with { From = value };
            case "letters":
                return this with { LettersFile = value };
            case "host":
                error = value.Length is > 0 and <= 253 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or ':')
                    ? null : "sallyport user: --host takes a name or an address";
                return this with { Host = value };
            case "groups":
                string[] groups = value.Split(',', StringSplitOptions.RemoveEmptyEntries);
                error = UsersFile.WrongGroups(groups) is null ? null
                    : $"sallyport user: --groups takes groups that there are, with commas between";
                return this with { Groups = groups };
            case "expires":
                string? seconds = FactorCommand.Seconds(value);
                error = seconds is null ? "sallyport user: --expires takes 60s to 90d, such as 48h" : null;
                return seconds is null ? this
                    : this with { Invitation = TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)) };
            case "shell":
                error = LoginShell.Wrong(value) is string wrong ? $"sallyport user: {wrong}" : null;
                return this with { Choices = Choices with { Shell = value } };
            case "root-owned-key":
                return this with { Choices = Choices with { RootOwned = true } };
            case "existing":
                return this with { Choices = Choices with { Existing = true } };
            case "json":
                return this with { Json = true };
            case "keep-home":
                return this with { KeepHome = true };
            case "kill":
                return this with { Kill = true };
            case "yes":
                return this with { Yes = true };
            default:
                return this with { Configuration = value };
        }
    }

    private string? Wrong(string[] rest, List<string> given)
    {
        string[] own = Verb switch
        {
            "add" => ["key", "key-file", "from", "letters", "host", "groups", "expires", "shell", "root-owned-key", "existing"],
            "list" => ["json"],
            "reset" => ["letters", "host", "expires", "yes"],
            "remove" => ["keep-home", "kill", "yes"],
            _ => [],
        };
        string? foreign = given.FirstOrDefault(option => option != "config" && !own.Contains(option));
        int names = Verb == "list" || From is not null ? 0 : 1;
        return own.Length == 0 ? "sallyport user: add, list, reset or remove"
            : foreign is not null ? $"sallyport user {Verb}: --{foreign} is not for that"
            : rest.Length - 1 < names ? $"sallyport user {Verb}: whom?"
            : rest.Length - 1 > names ? $"sallyport user {Verb}: unexpected argument '{rest[names + 1]}'"
            : Verb == "add" ? WrongAdd(given)
            : null;
    }

    private string? WrongAdd(List<string> given) =>
        new[] { Key, KeyFile, From }.Count(way => way is not null) != 1
            ? "sallyport user add: one of --key, --key-file and --from"
        : From is not null && given.Contains("groups") ? "sallyport user add: --groups is not for --from, which has a column for them"
        : From is null && !NewUser.IsName(Name)
            ? "sallyport user add: not a name that is taken (^[a-z][-a-z0-9_]*$, at most 32)"
        : null;

    /// <exception cref="IOException">It cannot be read.</exception>
    private static string TextOf(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] content = new byte[65_536];
            int length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return length < content.Length ? System.Text.Encoding.UTF8.GetString(content, 0, length)
                : throw new IOException($"{path}: too large for keys");
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException(denied.Message, denied);
        }
    }
}
