using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Maintenance;

/// <summary>
/// A table as both databases have it: its name, its columns, and the type that each value is in a backup.
/// </summary>
internal sealed record TableShape(string Name, IReadOnlyList<TableShape.Column> Columns)
{
    internal sealed record Column(string Name, Type Type);

    public string Select => $"SELECT {Names} FROM \"{Name}\"";

    /// <summary>Its parameters are @p0, @p1…</summary>
    public string Insert =>
        $"INSERT INTO \"{Name}\" ({Names}) VALUES ({string.Join(", ", Columns.Select((_, i) => $"@p{i}"))})";

    private string Names => string.Join(", ", Columns.Select(c => $"\"{c.Name}\""));

    /// <summary>All tables, each after those that its rows point to.</summary>
    public static IReadOnlyList<TableShape> Of(ServerDbContext db)
    {
        List<IEntityType> rest = [.. db.Model.GetEntityTypes().OrderBy(e => e.GetTableName(), StringComparer.Ordinal)];
        List<TableShape> ordered = [];
        while (rest.Count > 0)
        {
            IEntityType next = rest.First(
                e => !e.GetForeignKeys().Any(f => f.PrincipalEntityType != e && rest.Contains(f.PrincipalEntityType)));
            rest.Remove(next);
            ordered.Add(new(
                next.GetTableName()!,
                [.. next.GetProperties().OrderBy(p => p.GetColumnName(), StringComparer.Ordinal).Select(p => new Column(
                    p.GetColumnName(), Stored(p)))]));
        }

        return ordered;
    }

    /// <exception cref="InvalidDataException">Not of the column's type.</exception>
    public static object Read(JsonElement value, Type type)
    {
        try
        {
            return value.ValueKind is JsonValueKind.Null ? DBNull.Value
                : type == typeof(string) ? value.GetString()!
                : type == typeof(byte[]) ? value.GetBytesFromBase64()
                : type == typeof(Guid) ? value.GetGuid()
                : type == typeof(bool) ? value.GetBoolean()
                : type == typeof(int) ? value.GetInt32()
                : value.GetInt64();
        }
        catch (Exception wrong) when (wrong is FormatException or InvalidOperationException)
        {
            throw new InvalidDataException($"not a value of type {type.Name}", wrong);
        }
    }

    private static Type Stored(IProperty property)
    {
        Type type = property.GetTypeMapping().Converter?.ProviderClrType ?? property.ClrType;
        type = Nullable.GetUnderlyingType(type) ?? type;
        type = type.IsEnum ? Enum.GetUnderlyingType(type) : type;
        return type == typeof(string) || type == typeof(byte[]) || type == typeof(Guid) || type == typeof(bool)
            || type == typeof(int) || type == typeof(long)
            ? type
            : throw new NotSupportedException($"A backup has no form for {type} ({property.Name}).");
    }
}
