using System.Text;

namespace Sallyport.Cli.Setup;

/// <summary>The difference of two small texts, as diff -u shows it.</summary>
internal static class UnifiedDiff
{
    private const int Context = 3;

    public static string Of(HostFile before, HostFile after)
    {
        string[] old = Lines(before.Text);
        string[] now = Lines(after.Text);
        List<(char Mark, string Line)> edits = Edits(old, now);
        var text = new StringBuilder($"--- {(before.Content is null ? "/dev/null" : before.Path)}\n+++ {after.Path}\n");
        for (int start = NextChange(edits, 0); start < edits.Count; start = NextChange(edits, start))
        {
            int end = start;
            for (int next = start; next < edits.Count && next - end <= 2 * Context; next = NextChange(edits, next + 1))
            {
                end = next;
            }

            int first = Math.Max(0, start - Context);
            int last = Math.Min(edits.Count - 1, end + Context);
            int oldBefore = edits[..first].Count(e => e.Mark != '+');
            int newBefore = edits[..first].Count(e => e.Mark != '-');
            List<(char Mark, string Line)> hunk = edits[first..(last + 1)];
            text.Append($"@@ -{Range(oldBefore, hunk.Count(e => e.Mark != '+'))} +{Range(newBefore, hunk.Count(e => e.Mark != '-'))} @@\n");
            hunk.ForEach(e => text.Append(e.Mark).Append(e.Line).Append('\n'));
            start = last + 1;
        }

        return text.ToString();
    }

    private static string Range(int before, int count) => $"{(count == 0 ? before : before + 1)},{count}";

    private static int NextChange(List<(char Mark, string Line)> edits, int from)
    {
        int next = edits.FindIndex(Math.Min(from, edits.Count), e => e.Mark != ' ');
        return next < 0 ? edits.Count : next;
    }

    private static List<(char Mark, string Line)> Edits(string[] old, string[] now)
    {
        // The longest common subsequence of what follows each pair of lines.
        int[,] common = new int[old.Length + 1, now.Length + 1];
        for (int i = old.Length - 1; i >= 0; i--)
        {
            for (int j = now.Length - 1; j >= 0; j--)
            {
                common[i, j] = old[i] == now[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        List<(char, string)> edits = [];
        for (int i = 0, j = 0; i < old.Length || j < now.Length;)
        {
            if (i < old.Length && j < now.Length && old[i] == now[j])
            {
                edits.Add((' ', old[i++]));
                j++;
            }
            else if (i < old.Length && (j == now.Length || common[i + 1, j] >= common[i, j + 1]))
            {
                edits.Add(('-', old[i++]));
            }
            else
            {
                edits.Add(('+', now[j++]));
            }
        }

        return edits;
    }

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');
}
