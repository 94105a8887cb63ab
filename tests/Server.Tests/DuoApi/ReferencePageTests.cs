using System.Text.Json;
using System.Text.RegularExpressions;
using Sallyport.Server.Devices;
using Sallyport.Server.DuoApi;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.DuoApi;

/// <summary>docs/reference/duo-api.md says what the server does, all of it and no more.</summary>
public sealed partial class ReferencePageTests
{
    private const string Same = "same";
    private const string None = "–";

    private static readonly string _page = File.ReadAllText(
        Path.Combine(SliceDependencyTests.RepositoryRoot(), "docs", "reference", "duo-api.md"));

    [Fact]
    public void Each_path_is_there_with_its_method_and_no_other()
    {
        List<string> said = [];
        foreach (string[] row in Rows("## Paths", "`/auth/v2/…`"))
        {
            said.Add($"{row[2]} /auth/v2/{row[0]}");
            string[] suffixes = row[1].Length > 0 ? ["", ".json", ".bson"] : [];
            said.AddRange(suffixes.Select(suffix => $"{row[2]} /rest/v1/{row[1]}{suffix}"));
        }

        foreach (string ours in (string[])["POST /sallyport/v1/cancel", "POST /sallyport/v1/bypasses"])
        {
            Assert.Contains($"`{ours}`", _page, StringComparison.Ordinal);
            said.Add(ours);
        }

        Assert.Equal(DuoRoute.All.Select(route => $"{route.Value.Method} {route.Key}").Order(), said.Order());
    }

    [Fact]
    public async Task What_is_said_to_be_signed_is_refused_without_a_signature()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        foreach (string[] row in Rows("## Paths", "`/auth/v2/…`"))
        {
            TestAnswer answer = await server.Host.SendAsync(new(row[2], "/auth/v2/" + row[0]) { Authorization = "" });

            Assert.Equal(row[3].StartsWith("no", StringComparison.Ordinal) ? 200 : 401, (int)answer.Status);
        }
    }

    [Fact]
    public void Each_error_is_there_and_no_other()
    {
        int[] errors = [.. typeof(ApiError).GetProperties()
            .Where(property => property.PropertyType == typeof(ApiError))
            .Select(property => ((ApiError)property.GetValue(null)!).Code)
            .Append(ApiError.Missing("").Code).Append(ApiError.Invalid("").Code).Append(ApiError.Forbidden("").Code)
            .Distinct().Order()];

        Assert.Equal(errors.Select(code => $"{code}"), Rows("## Errors", "Code").Select(row => row[0]).Order());
    }

    /// <summary>A value that is just outside of what the page says, or a flag that is none.</summary>
    [Fact]
    public async Task Each_parameter_is_taken_in_its_range_only()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        (string Path, string Name, string Range)[] said =
        [
            .. from call in new[] { "preauth", "auth" }
               from row in Rows($"### {call}", "Parameter")
               from v1 in new[] { false, true }
               let name = v1 && row[1] != Same ? row[1] : row[0]
               where name != None
               select ($"/{(v1 ? "rest/v1" : "auth/v2")}/{call}", name, row[2]),
        ];

        Assert.True(said.Length > 20);
        foreach ((string path, string name, string range) in said)
        {
            server.Clock.Advance(TimeSpan.FromMinutes(2)); // so that many refusals are not too many
            await AssertRangeAsync(server.Host, path, name, range);
        }
    }

    [Fact]
    public void Each_parameter_that_is_read_is_there()
    {
        string source = File.ReadAllText(
            Path.Combine(SliceDependencyTests.RepositoryRoot(), "src", "Server", "DuoApi", "LoginCalls.cs"));
        string[] read = [.. Read().Matches(source).Select(match => match.Groups[1].Value), "user", "username"];
        string[] said = [.. from call in new[] { "preauth", "auth" }
                            from row in Rows($"### {call}", "Parameter")
                            from name in row[..2]
                            select name];

        Assert.True(read.Length > 12);
        Assert.All(read.Where(name => name != "txid"), name => Assert.Contains(name, said));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_field_is_there_and_no_other(bool v1)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        TestUser alice = await server.EnrolAsync("alice");
        await server.Get<AddHotpDevice>().RunAsync(
            new("1", "3132333435363738393031323334353637383930") { User = "alice" }, TestServer.Stop);
        await Push.TestPhone.AddAsync(server, "alice");
        await server.AddUserAsync("ada");
        await server.ChangeUserAsync("ada", u => (u.InvitationMac, u.InvitedUntil) = ([1], server.Now.AddHours(1)));
        await server.AddUserAsync("bob");
        await server.ChangeUserAsync("bob", u => u.Status = UserStatus.Bypass);
        string root = v1 ? "/rest/v1" : "/auth/v2";
        string user = v1 ? "user" : "username";

        async Task<JsonElement> AskAsync(string call, params (string, string)[] parameters)
        {
            server.Clock.Advance(TimeSpan.FromSeconds(1));
            string method = call.EndsWith("status", StringComparison.Ordinal) ? "GET" : "POST";
            return (await server.Host.SendAsync(new(method, $"{root}/{call}", parameters))).Response;
        }

        List<JsonElement> preauth = [];
        foreach (string name in (string[])["alice", "ada", "bob", "mallory"])
        {
            preauth.Add(await AskAsync(
                "preauth", (user, name), ("text_prompt", "1"), ("client_supports_verified_push", "1")));
        }

        Assert.Equal(["auth", "enroll", "allow", "deny"], preauth.Select(p => p.GetProperty("result").GetString()));
        (string, string)[] login = [(user, "alice"), ("factor", "passcode"), (v1 ? "code" : "passcode", alice.Passcode())];
        List<JsonElement> auth = [await AskAsync("auth", login), await AskAsync("auth", login)];
        JsonElement begun = await AskAsync("auth", [.. login, ("async", "1")]);
        auth.Add(await AskAsync(v1 ? "status" : "auth_status", ("txid", begun.GetProperty("txid").GetString()!)));

        Assert.Equal(Said("preauth", v1), Names(preauth));
        Assert.Equal(Said("auth", v1), Names([.. auth, begun]));
        string devices = Rows("### preauth", "Field").Single(row => row[0] == "devices")[2];
        IEnumerable<string> inDevices = v1
            ? []
            : preauth[0].GetProperty("devices").EnumerateArray().SelectMany(d => d.EnumerateObject()).Select(p => p.Name);
        Assert.All(inDevices, name => Assert.Contains($"`{name}`", devices, StringComparison.Ordinal));
    }

    private static async Task AssertRangeAsync(TestHost host, string path, string name, string range)
    {
        string value = range.Contains("flag", StringComparison.Ordinal) ? "2"
            : Limit().Match(range) is { Success: true } limit
                ? new string('a', int.Parse(limit.Groups[2].Value.Replace(",", "", StringComparison.Ordinal), null)
                    + (limit.Groups[1].Value == "<" ? 0 : 1))
                : "telepathy";
        (string Name, string Value)[] good = Good(path, name);

        bool Replaces(string other) => other == name || (name == "user_id" && other == "username");
        TestAnswer taken = await host.SendAsync(new("POST", path, good));
        TestAnswer answer = await host.SendAsync(
            new("POST", path, [.. good.Where(p => !Replaces(p.Name)), (name, value)]));

        Assert.Equal(200, (int)taken.Status);
        Assert.True((40002, name) == (answer.Code, answer.Detail), $"{path} {name} {range}: {answer.Json}");
    }

    private static (string Name, string Value)[] Good(string path, string name)
    {
        bool v1 = path.StartsWith("/rest/v1", StringComparison.Ordinal);
        (string, string)[] user = [(v1 ? "user" : "username", "alice")];
        return path.EndsWith("preauth", StringComparison.Ordinal) ? user
            : name is "passcode" or "code" ? [.. user, ("factor", "passcode"), (name, "000000")]
            : [.. user, ("factor", v1 ? "auto" : "prompt"), (v1 ? "auto" : "prompt", "000000")];
    }

    private static IEnumerable<string> Names(IEnumerable<JsonElement> answers) => answers
        .SelectMany(answer => answer.EnumerateObject())
        .SelectMany(field => field is { Name: "prompt", Value.ValueKind: JsonValueKind.Object }
            ? field.Value.EnumerateObject().Select(inner => $"prompt.{inner.Name}")
            : [field.Name])
        .Distinct().Order();

    private static IEnumerable<string> Said(string call, bool v1) => Rows($"### {call}", "Field")
        .Select(row => !v1 || row[1] == Same ? row[0] : row[1]).Where(name => name != None).Distinct().Order();

    /// <summary>The rows of the table that begins with this word, below this heading; names without their quotes.</summary>
    private static IEnumerable<string[]> Rows(string heading, string first) => _page
        .Split(heading + "\n", 2)[1].Split($"| {first} |", 2)[1].Split("\n\n", 2)[0].Split('\n').Skip(2)
        .Select(row => row.Trim('|', ' ').Split(" |").Select(cell => Name().Replace(cell.Trim(), "$1")).ToArray());

    [GeneratedRegex("^`([^`]*)`$")]
    private static partial Regex Name();

    [GeneratedRegex("(≤|to|<|^)? ?([0-9,]+) (bytes|characters)")]
    private static partial Regex Limit();

    [GeneratedRegex("""fields\.(?:Required|Given|Optional|Flag)\("(\w+)""")]
    private static partial Regex Read();
}
