using System.CommandLine;
using System.Globalization;
using Sallyport.Server.Applications;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Commands;

/// <summary>How commands read and write what is neither a name nor a number.</summary>
internal static class Words
{
    /// <summary>What <see cref="DateOption"/> makes of the word.</summary>
    public static readonly DateTimeOffset Never = DateTimeOffset.MinValue;

    /// <summary>YYYY-MM-DD, and the whole of that day, UTC.</summary>
    /// <param name="never">Takes that word too.</param>
    public static Option<DateTimeOffset?> DateOption(string name, string description, bool never = false) => new(name)
    {
        HelpName = never ? "YYYY-MM-DD|never" : "YYYY-MM-DD",
        Description = description,
        CustomParser = result =>
        {
            if (never && result.Tokens.Single().Value == "never")
            {
                return Never;
            }

            if (TryDay(result.Tokens.Single().Value, out DateOnly date))
            {
                return new DateTimeOffset(date.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero);
            }

            result.AddError($"{name} is a date: YYYY-MM-DD{(never ? ", or never" : "")}");
            return null;
        },
    };

    /// <summary>A whole number and a unit: 30m, 24h, 7d.</summary>
    public static Option<TimeSpan?> TimeOption(string name, string description) => new(name)
    {
        HelpName = "TIME",
        Description = description,
        CustomParser = result =>
        {
            if (Time(result.Tokens.Single().Value) is TimeSpan time)
            {
                return time;
            }

            result.AddError($"{name} is a number and m, h or d, such as 24h");
            return null;
        },
    };

    /// <summary>YYYY-MM-DD, the beginning of that day, UTC; or a time, so long ago.</summary>
    public static Option<DateTimeOffset?> SinceOption(string name, string description) => new(name)
    {
        HelpName = "YYYY-MM-DD|TIME",
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens.Single().Value;
            if (Time(text) is TimeSpan ago)
            {
                return TimeProvider.System.GetUtcNow() - ago;
            }

            if (TryDay(text, out DateOnly day))
            {
                return new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero);
            }

            result.AddError($"{name} is a date, YYYY-MM-DD, or a number and m, h or d, such as 24h");
            return null;
        },
    };

    /// <summary>One of some words.</summary>
    public static Option<T?> ChoiceOption<T>(string name, string description, params (string Word, T Value)[] choices)
        where T : struct => new(name)
        {
            HelpName = string.Join('|', choices.Select(choice => choice.Word)),
            Description = description,
            CustomParser = result =>
            {
                foreach ((string word, T value) in choices)
                {
                    if (result.Tokens.Single().Value == word)
                    {
                        return value;
                    }
                }

                result.AddError($"{name} is {string.Join(" or ", choices.Select(choice => choice.Word))}");
                return null;
            },
        };

    public static Option<YesNo?> YesNoOption(string name, string description) =>
        ChoiceOption(name, description, ("yes", YesNo.Yes), ("no", YesNo.No));

    public static bool? IsYes(YesNo? said) => said is { } word ? word is YesNo.Yes : null;

    public static Option<UsernameNormalization?> UsernamesOption() => ChoiceOption(
        "--usernames",
        @"simple: DOM\alice and alice@dom are alice; exact: they are three",
        ("exact", UsernameNormalization.None),
        ("simple", UsernameNormalization.Simple));

    public static Option<NumberMatching?> NumberMatchingOption() => ChoiceOption(
        "--number-matching",
        "when a number from the login's screen is typed on the phone",
        ("never", NumberMatching.Never),
        ("new-source", NumberMatching.NewSource),
        ("always", NumberMatching.Always));

    public static Option<YesNo?> TerminalDevicesOption() => YesNoOption(
        "--terminal-devices", "whether phones count whose key is in a file of a computer");

    public static Option<int> NumberOption(string name, string description, int without) => new(name)
    {
        HelpName = "N",
        Description = description,
        DefaultValueFactory = _ => without,
    };

    public static Option<string[]> ListOption(string name, string value, string description) => new(name)
    {
        HelpName = value,
        Description = description,
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>The words behind a list; null: it was not given.</summary>
    /// <param name="nothing">Alone it is the empty list.</param>
    public static string[]? Given(ParseResult result, Option<string[]> list, string? nothing = null)
    {
        string[]? words = result.GetResult(list) is null ? null : result.GetValue(list);
        return nothing is not null && words is [var only] && only == nothing ? [] : words;
    }

    /// <summary>One or the other, not both.</summary>
    public static void Exclude(Command command, Option one, Option other) => command.Validators.Add(result =>
    {
        if (result.GetResult(one) is not null && result.GetResult(other) is not null)
        {
            result.AddError($"either {one.Name} or {other.Name}");
        }
    });

    public static string Utc(DateTimeOffset? instant) =>
        instant?.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture) ?? "-";

    public static string OrDash(string text) => text.Length > 0 ? Names.Shown(text) : "-";

    /// <summary>A line for each item, of which the first has the title: a list is shown whole.</summary>
    public static IEnumerable<string[]> Lines(string title, IReadOnlyList<string> items) =>
        items.Count == 0 ? [[title, "-"]] : items.Select((item, i) => new[] { i == 0 ? title : "", OrDash(item) });

    /// <summary>What is kept as words with blanks between.</summary>
    public static IEnumerable<string[]> Lines(string title, string words) =>
        Lines(title, words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>
    /// Columns as wide as their widest cell, two blanks between. What the database holds is not obeyed by a terminal,
    /// whoever wrote it there.
    /// </summary>
    public static async Task WriteTableAsync(TextWriter output, IReadOnlyList<string[]> cells)
    {
        string[][] rows = [.. cells.Select(row => row.Select(Names.Shown).ToArray())];
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(i => rows.Max(row => row[i].Length))];
        foreach (string[] row in rows)
        {
            await output.WriteLineAsync(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
        }
    }

    private static bool TryDay(string text, out DateOnly day) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day);

    private static TimeSpan? Time(string text)
    {
        if (text.Length is < 2 or > 7
            || !int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return null;
        }

        return text[^1] switch
        {
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            _ => null,
        };
    }
}

/// <summary>No bool: behind an option of that type nothing is read but true and false.</summary>
internal enum YesNo
{
    No,
    Yes,
}
