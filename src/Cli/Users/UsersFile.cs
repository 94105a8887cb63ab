using System.Globalization;
using System.Text;
using Sallyport.Cli.Factors;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Users;

/// <summary>
/// users.csv: a header, then one person a line. It is read to its end before anything is made of it, and every line that
/// is wrong is named.
/// </summary>
internal static class UsersFile
{
    private const int LargestFile = 4 << 20;

    private static readonly string[] _columns = ["name", "key", "groups", "expires"];

    /// <exception cref="IOException">The file cannot be read.</exception>
    public static List<NewUser> Read(string path, TimeSpan invitation, out List<string> problems)
    {
        problems = [];
        string[] lines = Text(path).TrimEnd('\n').Split('\n');
        List<NewUser> users = [];
        string[]? header = Header(lines[0].TrimEnd('\r'), problems);
        if (header is null)
        {
            return users;
        }

        Dictionary<string, int> seen = [];
        for (int i = 1; i < lines.Length; i++)
        {
            string line = lines[i].TrimEnd('\r');
            string? problem = null;
            if (line.Length > 0 && One(line, i + 1, header, invitation, out problem) is NewUser user)
            {
                problem = seen.TryAdd(user.Name, i + 1) ? null : $"{user.Name} stands in line {Number(seen[user.Name])} already";
                users.Add(user);
            }

            if (problem is not null)
            {
                problems.Add($"{path}:{Number(i + 1)}: {problem}");
            }
        }

        if (users.Count == 0 && problems.Count == 0)
        {
            problems.Add($"{path}: there is nobody in it");
        }

        return users;
    }

    private static string[]? Header(string line, List<string> problems)
    {
        string[]? header = Fields(line);
        bool known = header is not null && header.All(_columns.Contains) && header.Distinct().Count() == header.Length
            && header.Contains("name") && header.Contains("key");
        if (!known)
        {
            problems.Add("the first line names the columns: name,key and, if you like, groups,expires");
        }

        return known ? header : null;
    }

    private static NewUser? One(string line, int number, string[] header, TimeSpan invitation, out string? problem)
    {
        string[]? fields = Fields(line);
        if (fields is null || fields.Length != header.Length)
        {
            problem = fields is null ? "a quotation mark that does not end, or stands in the middle"
                : $"{Number(fields.Length)} fields, and the first line has {Number(header.Length)}"
                    + (fields.Length > header.Length ? " (a field with a comma in it stands in \"\")" : "");
            return null;
        }

        string Field(string column) => Array.IndexOf(header, column) is >= 0 and var place ? fields[place].Trim(' ') : "";
        string? seconds = Field("expires").Length > 0 ? FactorCommand.Seconds(Field("expires")) : "";
        string[] groups = Field("groups").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        PublicKey? key = null;
        problem = !NewUser.IsName(Field("name"))
                ? "not a name that is taken (^[a-z][-a-z0-9_]*$, at most 32)"
            : !PublicKey.TryParse(Field("key"), out key, out string? wrong) ? wrong
            : WrongGroups(groups)
            ?? (seconds is null ? "expires takes 60s to 90d, such as 48h" : null);
        return problem is null
            ? new NewUser(Field("name"), [key!], groups,
                seconds is "" ? invitation : TimeSpan.FromSeconds(int.Parse(seconds!, CultureInfo.InvariantCulture)), number)
            : null;
    }

    /// <summary>Null: all of them are there.</summary>
    public static string? WrongGroups(IEnumerable<string> groups)
    {
        string? wrong = groups.FirstOrDefault(group => !NewUser.IsName(group) || Pwd.GroupByName(group) is null);
        return wrong is null ? null
            : $"there is no group {Host.Messages.Printable.Of(wrong)}";
    }

    /// <summary>RFC 4180, but a field ends with its line. Null: the quotation marks are wrong.</summary>
    private static string[]? Fields(string line)
    {
        List<string> fields = [];
        for (int at = 0; ; at++)
        {
            int end;
            if (at < line.Length && line[at] == '"')
            {
                var field = new StringBuilder();
                for (end = at + 1; ; end++)
                {
                    if (end >= line.Length)
                    {
                        return null;
                    }

                    if (line[end] == '"' && (end + 1 == line.Length || line[++end] != '"'))
                    {
                        break;
                    }

                    field.Append(line[end]);
                }

                end = line[end] == '"' ? end + 1 : end;
                fields.Add(field.ToString());
            }
            else
            {
                end = line.IndexOf(',', at);
                end = end < 0 ? line.Length : end;
                fields.Add(line[at..end]);
                if (fields[^1].Contains('"', StringComparison.Ordinal))
                {
                    return null;
                }
            }

            if (end >= line.Length)
            {
                return [.. fields];
            }

            if (line[end] != ',')
            {
                return null;
            }

            at = end;
        }
    }

    private static string Text(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] content = new byte[LargestFile];
            int length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content, 0, length);
            return length == LargestFile ? throw new IOException($"{path}: too large") : text.TrimStart('\uFEFF');
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException(denied.Message, denied);
        }
        catch (DecoderFallbackException)
        {
            throw new IOException($"{path}: it is not UTF-8");
        }
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
