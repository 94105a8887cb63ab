using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Server;

/// <summary>The official SDK for Node.js, pinned by its lock file and fetched by ./dev test, on the auth API.</summary>
public sealed partial class Given_the_official_sdk_for_node
{
    private const string Folder = "/opt/sdk";
    private const int Form = 2;
    private const int Json = 5;

    public static TheoryData<int> Signatures => [Form, Json];

    [Theory]
    [MemberData(nameof(Signatures))]
    public async Task Facts_7_2_ping_check_and_preauth_are_answered(int signature)
    {
        await using DuoHost host = await StartAsync();
        await host.Server.RunAsync("user", "add", "alice");
        await host.Server.AddTotpAsync("alice");

        JsonArray answers = await CallAsync(host, signature,
            ("GET", "/auth/v2/ping", new()), ("GET", "/auth/v2/check", new()), ("POST", "/auth/v2/preauth", User("alice")),
            ("POST", "/auth/v2/preauth", User("bob")));

        Assert.True(Response(answers, 0)["time"]!.GetValue<long>() > 0);
        Assert.True(Response(answers, 1)["time"]!.GetValue<long>() > 0);
        Assert.Equal("auth", Word(answers, 2, "result"));
        Assert.Equal("mobile_otp", (string?)Response(answers, 2)["devices"]![0]!["capabilities"]![0]);
        Assert.Equal("deny", Word(answers, 3, "result"));
    }

    [Theory]
    [MemberData(nameof(Signatures))]
    public async Task A_passcode_is_allowed_and_the_same_one_and_a_wrong_one_are_not(int signature)
    {
        await using DuoHost host = await StartAsync();
        await host.Server.RunAsync("user", "add", "alice");
        Authenticator phone = await host.Server.AddTotpAsync("alice");
        string code = phone.Passcode();

        JsonArray answers = await CallAsync(host, signature,
            Login("alice", code), Login("alice", code), Login("alice", phone.WrongPasscode()), Login("bob", code));

        Assert.Equal(["allow", "deny", "deny", "deny"], Enumerable.Range(0, 4).Select(n => Word(answers, n, "result")));
        Assert.Equal("Success. Logging you in...", Word(answers, 0, "status_msg"));
        Assert.Equal(
            ["success valid_passcode duo_mobile_passcode", "denied", "denied invalid_passcode", "denied"],
            (await host.Server.AuditAsync()).Select((row, n) => n switch
            {
                0 => string.Join(' ', row.Split(' ').Take(3)),
                2 => string.Join(' ', row.Split(' ').Take(2)),
                _ => row.Split(' ')[0],
            }));
    }

    [Theory]
    [MemberData(nameof(Signatures))]
    public async Task Facts_7_5_asked_async_the_verdict_is_behind_the_transaction(int signature)
    {
        await using DuoHost host = await StartAsync();
        await host.Server.RunAsync("user", "add", "alice");
        Authenticator phone = await host.Server.AddTotpAsync("alice");

        JsonArray begun = await CallAsync(host, signature, Login("alice", phone.Passcode(), isAsync: true));
        JsonArray ended = await CallAsync(host, signature,
            ("GET", "/auth/v2/auth_status", new() { ["txid"] = Word(begun, 0, "txid") }),
            ("GET", "/auth/v2/auth_status", new() { ["txid"] = "00000000-0000-0000-0000-000000000000" }));

        Assert.Equal("allow", Word(ended, 0, "result"));
        Assert.Equal("allow", Word(ended, 0, "status"));
        Assert.Equal("FAIL", (string?)ended[1]!["stat"]);
    }

    [Theory]
    [MemberData(nameof(Signatures))]
    public async Task Facts_7_2_without_its_date_a_request_is_refused(int signature)
    {
        await using DuoHost host = await StartAsync();

        JsonArray answers = await CallAsync(host, signature, isUndated: true, ("GET", "/auth/v2/check", new()));

        Assert.Equal("FAIL", (string?)answers[0]!["stat"]);
        Assert.Equal(401, answers[0]!["code"]!.GetValue<int>() / 100);
    }

    [Theory]
    [MemberData(nameof(Signatures))]
    public async Task A_wrong_secret_key_is_40103(int signature)
    {
        await using DuoHost host = await StartAsync();

        JsonArray answers = await CallAsync(host, signature, isUndated: false, new string('a', 40), ("GET", "/auth/v2/check", new()));

        Assert.Equal(40103, answers[0]!["code"]!.GetValue<int>());
    }

    private static async Task<DuoHost> StartAsync()
    {
        Tools.MustBeThere("node");
        string modules = Path.Combine(Built.Root, "out", "node");
        Assert.True(Directory.Exists(Path.Combine(modules, "node_modules")), "out/node is missing: run ./dev test");
        DuoHost host = await DuoHost.StartAsync("", [], []);
        foreach (string file in Directory.EnumerateFiles(modules, "*", SearchOption.AllDirectories))
        {
            host.Sandbox.Copy(file, $"{Folder}/{Path.GetRelativePath(modules, file)}");
        }

        host.Sandbox.Copy(Path.Combine(Built.Root, "tests/EndToEnd/Server/node/call.js"), $"{Folder}/call.js");
        return host;
    }

    private static Task<JsonArray> CallAsync(DuoHost host, int signature, params (string, string, JsonObject)[] calls) =>
        CallAsync(host, signature, isUndated: false, calls);

    private static Task<JsonArray> CallAsync(
        DuoHost host, int signature, bool isUndated, params (string, string, JsonObject)[] calls) =>
        CallAsync(host, signature, isUndated, Key(host, "skey"), calls);

    private static async Task<JsonArray> CallAsync(
        DuoHost host, int signature, bool isUndated, string secretKey, params (string, string, JsonObject)[] calls)
    {
        var order = new JsonObject
        {
            ["ikey"] = Key(host, "ikey"),
            ["skey"] = secretKey,
            ["host"] = DuoServer.Host,
            ["ca"] = DuoHost.CaFile,
            ["sig"] = signature,
            ["undated"] = isUndated,
            ["calls"] = new JsonArray([.. calls.Select(call => new JsonArray(call.Item1, call.Item2, call.Item3))]),
        };
        return JsonNode.Parse(await host.Sandbox.RunAsync("node", $"{Folder}/call.js", order.ToJsonString()))!.AsArray();
    }

    private static (string, string, JsonObject) Login(string user, string code, bool isAsync = false) =>
        ("POST", "/auth/v2/auth", new()
        {
            ["username"] = user,
            ["factor"] = "passcode",
            ["passcode"] = code,
            ["async"] = isAsync ? "1" : "0",
            ["ipaddr"] = "192.0.2.7",
        });

    private static JsonObject User(string name) => new() { ["username"] = name };

    private static JsonNode Response(JsonArray answers, int number)
    {
        Assert.True((string?)answers[number]!["stat"] == "OK", answers.ToJsonString(JsonSerializerOptions.Default));
        return answers[number]!["response"]!;
    }

    private static string? Word(JsonArray answers, int number, string field) => (string?)Response(answers, number)[field];

    private static string Key(DuoHost host, string name) =>
        Line().Matches(host.Section).First(line => line.Groups[1].Value == name).Groups[2].Value;

    [GeneratedRegex(@"^(\w+) = (.*)$", RegexOptions.Multiline)]
    private static partial Regex Line();
}
