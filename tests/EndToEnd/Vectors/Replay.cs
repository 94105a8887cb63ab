using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Sallyport.EndToEnd.Vectors;

/// <summary>Puts a scenario's state file in place and makes its logins through one PAM module.</summary>
internal sealed partial class Replay(
    Sandbox sandbox, string module, IReadOnlyList<string> ownArguments, string? clockFile)
{
    private const int User = 61001;
    private const int OtherUser = 61002;

    private static readonly string[] Folders = [Sandbox.Home, "/dev/home/bob", Sandbox.Central, $"{Sandbox.Central}/x"];

    /// <summary>Each difference to the expected results, in words; empty when there is none.</summary>
    public IReadOnlyList<string> Differences(
        Scenario scenario, IReadOnlyList<Outcome> expected, Func<Outcome, Outcome>? normalise = null)
    {
        normalise ??= o => o;
        return [.. Run(scenario).Zip(expected).SelectMany((pair, index) =>
            normalise(pair.Second)
                .DifferencesTo(normalise(pair.First.Seen), pair.First.Before)
                .Select(d => $"{scenario.Name} [{index}] {d}"))];
    }

    /// <summary>What came of each login, and the state before it.</summary>
    public IReadOnlyList<(string Before, Outcome Seen)> Run(Scenario scenario)
    {
        string path = Prepare(scenario);
        List<(string Before, Outcome Seen)> outcomes = [];
        foreach (Attempt attempt in scenario.Attempts)
        {
            outcomes.Add((State(path), Login(attempt, path)));
        }

        return outcomes;
    }

    private static string Substitute(string text) => text
        .Replace("$HOME_DIR", Sandbox.Home)
        .Replace("$CENTRAL", Sandbox.Central)
        .Replace("$USER2", "bob")
        .Replace("$USER", "ada");

    private string Prepare(Scenario scenario)
    {
        foreach (string folder in Folders)
        {
            Directory.CreateDirectory(sandbox.Inside(folder));
            foreach (string entry in Directory.GetFiles(sandbox.Inside(folder)))
            {
                File.Delete(entry);
            }

            bool central = folder.StartsWith(Sandbox.Central, StringComparison.Ordinal);
            Own(sandbox.Inside(folder), folder == Sandbox.Home ? User : OtherUser, central ? "0700" : "0755");
        }

        string path = Substitute(scenario.StatePath ?? "$HOME_DIR/.google_authenticator");
        string outside = sandbox.Inside(path);
        if (scenario.StateFile is string text)
        {
            File.WriteAllBytes(outside, Encoding.Latin1.GetBytes(text));
            Own(outside, scenario.Owner switch { "user" => User, "other" => OtherUser, _ => 0 }, scenario.Mode);
        }

        switch (scenario.Setup)
        {
            case null:
                break;
            case "symlink":
                File.Move(outside, $"{outside}.target");
                File.CreateSymbolicLink(outside, $"{path}.target");
                break;
            case "dangling":
                File.CreateSymbolicLink(outside, "/nonexistent/x");
                break;
            case "home-readonly":
                Own(sandbox.Inside(Sandbox.Home), 0, "0755");
                break;
            default:
                throw new InvalidDataException($"{scenario.Name}: setup {scenario.Setup}");
        }

        return path;
    }

    private static void Own(string path, int owner, string mode)
    {
        Command.Run("chown", $"{owner}:{(owner == 0 ? User : owner)}", path);
        Command.Run("chmod", mode, path);
    }

    private Outcome Login(Attempt attempt, string path)
    {
        string now = Sandbox.FrozenAt(attempt.Time);
        if (clockFile is not null)
        {
            // Renamed into place: the agent looks at every reading of its clock, never at half a line.
            File.WriteAllText($"{clockFile}.new", now);
            File.Move($"{clockFile}.new", clockFile, overwrite: true);
        }

        (Command.Result result, IReadOnlyList<string> log) = sandbox.WithLog(() => Command.Try(
            TimeSpan.FromSeconds(20), "nsenter", sandbox.Frozen([$"FAKETIME={now}"], CommandLine(attempt))));
        Match code = ReturnCode().Match(result.Output);
        if (!code.Success)
        {
            throw new InvalidOperationException($"pam-loop: exit {result.ExitCode}\n{result.Output}{result.Error}");
        }

        return new Outcome(
            int.Parse(code.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
            [.. ConversationLine().Matches(result.Output).Select(m => m.Groups[1].Value)],
            [.. log.Select(LogLine.Classify).OfType<string>()],
            State(path))
        {
            Syslog = log,
        };
    }

    private IEnumerable<string> CommandLine(Attempt attempt) =>
    [
        Sandbox.PamLoop, "-v", "-u", Substitute(attempt.User),
        .. attempt.Answers.SelectMany(a => (string[])["-A", a.Replace("%", "%%")]),
        .. attempt.RemoteHost is string host ? (string[])["-R", host] : [],
        .. attempt.ConversationFails is int code ? (string[])["-X", $"{code}"] : [],
        .. attempt.Before.SelectMany(l => (string[])["-B", l]),
        .. attempt.After.SelectMany(l => (string[])["-L", l]),
        "-m", module, "--", .. ownArguments, .. attempt.Arguments.Select(Substitute),
    ];

    private string State(string path)
    {
        var file = new FileInfo(sandbox.Inside(path));
        if (file.LinkTarget is not null)
        {
            return "symlink";
        }

        if (!file.Exists)
        {
            return "none";
        }

        string owner = Command.Run("stat", "-c", "%u", file.FullName).Trim() switch
        {
            "61001" => "user",
            "61002" => "other",
            "0" => "root",
            string uid => uid,
        };
        string mode = Convert.ToString((int)file.UnixFileMode, 8).PadLeft(4, '0');
        return Outcome.DescribeState(mode, owner, Encoding.Latin1.GetString(File.ReadAllBytes(file.FullName)));
    }

    [GeneratedRegex("^rc (-?[0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex ReturnCode();

    [GeneratedRegex("^conv (.*)$", RegexOptions.Multiline)]
    private static partial Regex ConversationLine();
}
