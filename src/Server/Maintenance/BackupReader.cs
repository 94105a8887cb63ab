using System.Security.Cryptography;
using System.Text.Json;

namespace Sallyport.Server.Maintenance;

/// <summary>
/// Reads the lines of a backup. Whoever takes anything from them has called <see cref="Verify"/> before.
/// </summary>
internal sealed class BackupReader(string file)
{
    /// <summary>The migration that its tables are of.</summary>
    /// <exception cref="InvalidDataException">No backup, or not all of one.</exception>
    public string Verify()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string? migration = null;
        long lines = 0;
        string? last = null;
        foreach (string line in File.ReadLines(file))
        {
            if (last is not null)
            {
                Append(hash, last); // the last line holds the hash of those before it
            }

            migration ??= Migration(line);
            last = line;
            lines++;
        }

        if (migration is null || lines < 2 || !EndsWith(last!, Convert.ToHexStringLower(hash.GetCurrentHash())))
        {
            throw new InvalidDataException(
                "The file does not end as a backup does: something of it is missing or changed.");
        }

        return migration;
    }

    /// <summary>Each row with the table and the columns that it is of.</summary>
    /// <param name="only">A table; the rows of others are passed over unread. Null: all.</param>
    public IEnumerable<(string Table, IReadOnlyList<string> Columns, JsonElement Row)> Rows(string? only = null)
    {
        string table = "";
        List<string> columns = [];
        foreach (string line in File.ReadLines(file))
        {
            if (only is not null && only != table && line.StartsWith('['))
            {
                continue;
            }

            using var json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind is JsonValueKind.Array)
            {
                yield return (table, columns, json.RootElement);
            }
            else if (json.RootElement.TryGetProperty("table", out JsonElement name))
            {
                table = name.GetString()!;
                columns = [.. json.RootElement.GetProperty("columns").EnumerateArray().Select(c => c.GetString()!)];
            }
        }
    }

    private static void Append(IncrementalHash hash, string line)
    {
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(line));
        hash.AppendData("\n"u8);
    }

    private static string Migration(string header)
    {
        try
        {
            using var json = JsonDocument.Parse(header);
            if (json.RootElement.GetProperty("format").GetString() == BackupWriter.Format
                && json.RootElement.GetProperty("version").GetInt32() == BackupWriter.Version)
            {
                return json.RootElement.GetProperty("migration").GetString()!;
            }
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException("The file does not begin as a backup does.", wrong);
        }

        throw new InvalidDataException("The file is no backup of a format that this program reads.");
    }

    private static bool EndsWith(string last, string hash)
    {
        try
        {
            using var json = JsonDocument.Parse(last);
            return json.RootElement.GetProperty("sha256").GetString() == hash;
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }
}
