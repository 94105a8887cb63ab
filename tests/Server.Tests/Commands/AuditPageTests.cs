using System.Data.Common;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Commands;

/// <summary>docs/reference/server-audit.md, held against the program: no word is left out or invented.</summary>
public sealed partial class AuditPageTests
{
    private static readonly string _page = File.ReadAllText(
        Path.Combine(SliceDependencyTests.RepositoryRoot(), "docs", "reference", "server-audit.md"));

    public static TheoryData<string, string[]> Words => new()
    {
        { "Actions", Constants(typeof(AuditActions)) },
        { "Results", Constants(typeof(AuditResults)) },
        { "Reasons", [.. Constants(typeof(Reasons)), AdministratorAudit.Reason, PhoneAudit.Reason] },
        { "Factors", [.. Constants(typeof(FactorNames)), AuthenticationAudit.NoFactor] },
        { "Fields", [.. typeof(AuditEvent).GetProperties().Select(property => property.Name)] },
    };

    [Theory]
    [MemberData(nameof(Words))]
    public void Each_word_stands_in_its_table_and_no_other_does(string heading, string[] words)
    {
        int begin = _page.IndexOf($"## {heading}\n", StringComparison.Ordinal);
        int end = _page.IndexOf("\n## ", begin, StringComparison.Ordinal);

        Assert.Equal(
            words.Order(StringComparer.Ordinal),
            Row().Matches(_page[begin..end]).Select(row => row.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Nothing_is_written_but_these_words()
    {
        string[] files = Directory.GetFiles(
            Path.Combine(SliceDependencyTests.RepositoryRoot(), "src", "Server"), "*.cs", SearchOption.AllDirectories);

        Assert.Empty(files.SelectMany(file => Literal().Matches(File.ReadAllText(file)).Select(m => $"{file}: {m.Value}")));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task The_databases_own_tools_read_it_as_the_page_says(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        string language = kind is DatabaseKind.Sqlite ? "sqlite" : "postgres";
        string query = Regex.Match(_page, $"```{language}\n([^`]*)```").Groups[1].Value;
        await database.ReadAsync(db => db.Database.ExecuteSqlRawAsync(
            """
            INSERT INTO audit_events ("Id", "At", "Action", "Result", "Reason", "UserName")
            VALUES ('0193f3a0-0000-7000-8000-000000000000', 1764072000000, 'authentication', 'denied', 'error', 'alice')
            """, TestDatabase.Stop));

        string name = await database.ReadAsync(async db =>
        {
            await db.Database.OpenConnectionAsync(TestDatabase.Stop);
            await using DbCommand command = db.Database.GetDbConnection().CreateCommand();
            command.CommandText = query;
            await using DbDataReader row = await command.ExecuteReaderAsync(TestDatabase.Stop);
            Assert.True(await row.ReadAsync(TestDatabase.Stop));
            return row.GetString(3);
        });

        Assert.Equal("alice", name);
    }

    private static string[] Constants(Type type) =>
    [
        .. type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!),
    ];

    [GeneratedRegex(@"^\| `(\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"(?<!const string )\b(?:Action|Result|Reason|Factor) = ""|audit\.Add\(\s*db,\s*""")]
    private static partial Regex Literal();
}
