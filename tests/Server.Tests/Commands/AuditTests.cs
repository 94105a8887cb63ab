using System.Text.Json;
using Microsoft.Data.Sqlite;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Commands;

/// <summary>audit list.</summary>
public sealed class AuditTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task It_finds_by_user_application_and_time_and_takes_the_newest(DatabaseKind kind)
    {
        await using Installation installation = await Installation.SetUpAsync(kind);
        (await installation.RunAsync("user", "add", "alice", "--alias", "al")).Done();
        (await installation.RunAsync("user", "add", "bob")).Done();
        (await installation.RunAsync("user", "disable", "al")).Done();
        string key = (await installation.RunAsync("application", "add", "web")).Done().Value("ikey");
        string alice = (await installation.RunAsync("user", "show", "alice")).Done().Output.Split('\n')[1].Split("  ")[^1];

        Assert.Equal(["user_add", "user_add", "user_disable", "application_add"], await ActionsAsync(installation));
        Assert.Equal(["user_add", "user_disable"], await ActionsAsync(installation, "--user", "alice"));
        Assert.Equal(["user_add", "user_disable"], await ActionsAsync(installation, "--user", alice));
        Assert.Equal(["application_add"], await ActionsAsync(installation, "--application", "web"));
        Assert.Equal(["application_add"], await ActionsAsync(installation, "--application", key));
        Assert.Equal(["user_disable", "application_add"], await ActionsAsync(installation, "--limit", "2"));
        Assert.Equal(4, (await ActionsAsync(installation, "--since", "1h")).Length);
        Assert.Empty(await ActionsAsync(installation, "--since", "0m"));
        Assert.Empty(await ActionsAsync(installation, "--since", "2999-01-01"));
        Assert.Empty(await ActionsAsync(installation, "--user", "nobody"));
    }

    [Fact]
    public async Task Control_characters_never_reach_the_terminal()
    {
        await using Installation installation = await Installation.SetUpAsync(DatabaseKind.Sqlite);
        (await installation.RunAsync("application", "add", "web")).Done();
        await using var connection = new SqliteConnection(
            $"Data Source={Path.Combine(installation.Folder, "sallyport.db")};Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = """
            INSERT INTO audit_events ("Id", "At", "Action", "Result", "Reason", "UserName", "AccessAddress", "Detail")
            VALUES ('0193F3A0-0000-7000-8000-000000000000', 1764072000000, 'authentication', 'denied', 'error', $text, $text, $text)
            """;
        command.Parameters.AddWithValue("$text", "a\u001b[2J\nb\r\u009b1m\u202ec\u007f");
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        string lines = (await installation.RunAsync("audit", "list")).Done().Output;
        string json = (await installation.RunAsync("audit", "list", "--json")).Done().Output;

        Assert.Contains("a?[2J?b??1m?c?  ", lines, StringComparison.Ordinal);
        Assert.Equal(3, lines.TrimEnd('\n').Split('\n').Length);
        Assert.All(lines + json, c => Assert.True(c is '\n' or (>= ' ' and <= '~')));
        using var first = JsonDocument.Parse(json.Split('\n')[0]);
        Assert.Equal("a\u001b[2J\nb\r\u009b1m\u202ec\u007f", first.RootElement.GetProperty("user_name").GetString());
        Assert.Equal("2025-11-25T12:00:00.000Z", first.RootElement.GetProperty("at").GetString());
        Assert.Equal(JsonValueKind.Null, first.RootElement.GetProperty("administrator").ValueKind);
    }

    [Theory]
    [InlineData("--limit", "0", 1, "--limit is 1 to 100000")]
    [InlineData("--limit", "100001", 1, "--limit is 1 to 100000")]
    [InlineData("--since", "yesterday", 64, "--since is a date, YYYY-MM-DD, or a number and m, h or d, such as 24h")]
    [InlineData("--since", "2026-02-30", 64, "--since is a date, YYYY-MM-DD, or a number and m, h or d, such as 24h")]
    public async Task What_means_nothing_is_refused(string option, string value, int code, string words)
    {
        await using Installation installation = await Installation.SetUpAsync(DatabaseKind.Sqlite);

        Said said = await installation.RunAsync("audit", "list", option, value);

        Assert.Equal((code, "", $"sallyport-server: {words}\n"), (said.Code, said.Output, said.Error));
    }

    private static async Task<string[]> ActionsAsync(Installation installation, params string[] options)
    {
        Said listed = (await installation.RunAsync(["audit", "list", "--json", .. options])).Done();
        return
        [
            .. listed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("action").GetString()!),
        ];
    }
}
