using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Protocol;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Devices;
using Sallyport.Server.Hosting;
using Sallyport.Server.Maintenance;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Hosting;

[CollectionDefinition(nameof(SecretsInLogsTests), DisableParallelization = true)]
public sealed class AloneWithTheConsole;

/// <summary>
/// A server is used in all its ways, and whatever it wrote down beside its database is searched for every secret that
/// took part: the log at all levels, as text and as JSON, traces, metrics.
/// </summary>
[Collection(nameof(SecretsInLogsTests))]
public sealed partial class SecretsInLogsTests
{
    private const string Password = "Correct-Horse.Battery"; // what people type at the wrong prompt
    private readonly Dictionary<string, string> _secrets = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Text", false)]
    [InlineData("Json", false)]
    [InlineData("Text", true)]
    [InlineData("Json", true)]
    public async Task No_secret_is_in_anything_that_it_writes(string format, bool atAllLevels)
    {
        Recorder log = new();
        await using var collector = new TestCollector();
        await collector.StartAsync();
        TextWriter before = Console.Out;
        await using StringWriter console = new();
        string metrics;
        Console.SetOut(TextWriter.Synchronized(console));
        try
        {
            await using HostedServer server = await HostedServer.StartAsync(
                settings => settings with
                {
                    Log = Enum.Parse<LogFormat>(format),
                    Otlp = collector.Address,
                    Metrics = new IPEndPoint(IPAddress.Loopback, 0),
                },
                replace: services =>
                {
                    services.AddSingleton(new Administrator("ada"));
                    if (atAllLevels)
                    {
                        log.InstallForAll(services);
                    }
                });
            await UseAsync(server, inPaths: !atAllLevels);
            ReadKeys(server);
            metrics = await ScrapeAsync(server);
        }
        finally
        {
            Console.SetOut(before);
        }

        Dictionary<string, string> written = new()
        {
            ["console"] = console.ToString(), ["collector"] = collector.Bodies, ["metrics"] = metrics,
        };
        if (atAllLevels)
        {
            written["log"] = string.Join('\n', log.Lines); // with what the console leaves out: values and scopes
            Assert.Contains("SELECT", written["log"], StringComparison.Ordinal);
        }

        Assert.Equal(atAllLevels, written["console"].Contains("SELECT", StringComparison.Ordinal));
        Assert.Contains("Refused a request from 127.0.0.1", written["console"], StringComparison.Ordinal);
        Assert.Contains("The database did not serve a request", written["console"], StringComparison.Ordinal);
        Assert.Contains("/auth/v2/auth", written["collector"], StringComparison.Ordinal);
        Assert.Contains("sallyport_authentications_total{result=\"success\"", metrics, StringComparison.Ordinal);
        Assert.True(_secrets.Count > 100, $"{_secrets.Count} secrets");
        Assert.Empty(
            from secret in _secrets
            from place in written
            where Holds(place.Value, secret.Value)
            select $"{secret.Key} is in the {place.Key}");
    }

    [Theory]
    [InlineData("typed 482916 there", true)]
    [InlineData("482916", true)]
    [InlineData("at 1482916 ticks", false)]
    [InlineData("id a482916f", false)]
    public void A_passcode_is_found_where_it_stands_alone(string text, bool found) =>
        Assert.Equal(found, Holds(text, "482916"));

    /// <summary>Digits within a longer number or an id are not the passcode.</summary>
    private static bool Holds(string text, string secret) => secret.All(char.IsAsciiDigit) && secret.Length < 10
        ? Regex.IsMatch(text, $"(?<![0-9A-Za-z]){secret}(?![0-9A-Za-z])")
        : text.Contains(secret, StringComparison.Ordinal);

    private async Task UseAsync(HostedServer server, bool inPaths)
    {
        T Get<T>()
            where T : notnull => server.Services.GetRequiredService<T>();
        var added = (AddApplicationResult.Added)await Get<AddApplication>().RunAsync(new("bastion"), Stop);
        var rotated = (RotateSecretKeyResult.Rotated)await Get<RotateSecretKey>()
            .RunAsync(new("bastion") { Grace = TimeSpan.FromHours(1) }, Stop);
        AddBytes("the first skey", Encoding.ASCII.GetBytes(added.SecretKey.Expose()));
        AddBytes("the skey", Encoding.ASCII.GetBytes(rotated.SecretKey.Expose()));
        await Get<AddUser>().RunAsync(new("alice"), Stop);
        await Get<AddUser>().RunAsync(new("bob"), Stop);
        var app = (AddTotpDeviceResult.Added)await Get<AddTotpDevice>().RunAsync(new("alice"), Stop);
        AddBytes("the app's secret", app.Uri.Secret.Expose());
        byte[] token = RandomNumberGenerator.GetBytes(20);
        AddBytes("the token's secret", token);
        Assert.IsType<AddHotpDeviceResult.Added>(await Get<AddHotpDevice>().RunAsync(
            new("1", Convert.ToHexStringLower(token)) { User = "alice" }, Stop));
        var codes = (AddBypassCodeResult.Added)await Get<AddBypassCode>().RunAsync(new("alice") { Count = 2 }, Stop);
        var invited = (InviteUserResult.Invited)await Get<InviteUser>().RunAsync(new("bob"), Stop);
        Add("an invitation", invited.Code.Expose());
        var activation = (AddActivationResult.Added)await Get<AddActivation>().RunAsync(new("bob"), Stop);
        Add("a code for a phone", activation.Code.Expose());
        Add("a code for a phone, in groups", activation.Code.ExposeGrouped());

        TimeStep now = TimeStep.At(TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(30));
        string passcode = Passcode.FromNumber(Totp.Compute(app.Uri.Secret, now), 6).Expose();
        string wrong = passcode == "482916" ? "482917" : "482916";
        string[] typed = [passcode, passcode, wrong, codes.Codes.Expose()[0], "9182736455463728", Password];
        using HostedClient host = new(server, "127.0.0.1", rotated.IntegrationKey, rotated.SecretKey.Expose());
        using HostedClient older = new(server, "127.0.0.1", added.IntegrationKey, added.SecretKey.Expose());
        using HostedClient liar = new(server, "127.0.0.1", added.IntegrationKey, Password + Password[..19]);
        List<string?> results = [];
        foreach ((string text, int at) in typed.Select((text, at) => (text, at)))
        {
            Add($"what was typed ({at})", text);
            Add($"what was typed ({at}), its digits", text.Replace(" ", "", StringComparison.Ordinal));
            Add($"what was typed ({at}), encoded", Uri.EscapeDataString(text));
            foreach (HostedClient from in (HostedClient[])[host, older, liar])
            {
                foreach (TestRequest request in (TestRequest[])[.. Requests(text, $"web{at}"), .. inPaths ? InPath(text) : []])
                {
                    results.Add((await from.SendAsync(request)).Result);
                    AddAuthorization(from.Authorization);
                }
            }
        }

        await host.RawAsync(
            "POST /phone/v1/activate HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\n"
            + $"Content-Type: application/json\r\nContent-Length: 31\r\n\r\n{{\"code\":\"{activation.Code.Expose()}\"}}");
        await Get<Backup>().RunAsync(Path.Combine(server.Settings.DataFolder, "backup"), Stop);
        await using ServerDbContext db = await Get<IDbContextFactory<ServerDbContext>>().CreateDbContextAsync(Stop);
        await db.Database.ExecuteSqlAsync($"ALTER TABLE users RENAME TO gone", Stop);
        HostedAnswer broken = await host.SendAsync(Requests(wrong, "web9")[0]);

        Assert.Contains("allow", results);
        Assert.Contains("deny", results);
        Assert.Contains(null, results);
        Assert.Equal(503, broken.Status);
    }

    // Wrong also in form: what cannot be read, and what is no factor.
    private static TestRequest[] Requests(string typed, string host) =>
    [
        new("POST", "/auth/v2/auth", ("username", "alice"), ("factor", "prompt"), ("prompt", typed), ("hostname", host)),
        new("POST", "/auth/v2/auth", ("username", "alice"), ("factor", "passcode"), ("passcode", typed), ("async", "1"), ("hostname", host)),
        new("POST", "/rest/v1/auth.bson", ("user", "alice"), ("factor", "auto"), ("auto", typed), ("hostname", host)),
        new("POST", "/auth/v2/auth", ("username", "alice"), ("factor", "prompt"), ("prompt", typed), ("prompt", typed)),
        new("POST", "/auth/v2/auth", ("username", "alice"), ("factor", typed), ("hostname", host)),
        new("POST", "/auth/v2/preauth", ("username", "bob"), ("passcode", typed), ("hostname", host)) { ClockError = 86_400 },
    ];

    // The web server itself logs paths and queries below Warning, which is off. No client sends a passcode there.
    private static TestRequest[] InPath(string typed) =>
    [
        new("POST", "/auth/v2/" + Uri.EscapeDataString(typed), ("username", "bob")),
        new("POST", "/auth/v2/preauth", ("username", "bob")) { Query = "?passcode=" + Uri.EscapeDataString(typed) },
    ];

    private void ReadKeys(HostedServer server)
    {
        foreach (string file in Directory.EnumerateFiles(server.Settings.DataFolder, "*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith("key.pem", StringComparison.Ordinal)
                || file.EndsWith("ring.pem", StringComparison.Ordinal)
                || file.EndsWith("bypass.key", StringComparison.Ordinal)))
        {
            string text = File.ReadAllText(file);
            Match key = PrivateKey().Match(text);
            string[] lines = (key.Success ? key.Groups[1].Value : text).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            foreach ((string line, int at) in lines.Select((line, at) => (line, at)).Where(one => one.line.Length > 16))
            {
                AddBytes($"{Path.GetFileName(file)}, line {at}", Convert.FromBase64String(line), line);
            }
        }

        foreach (string file in (string[])["ca-key.pem", "certificate-key.pem", "ring.pem", "bypass.key"])
        {
            Assert.Contains(_secrets.Keys, key => key.StartsWith(file, StringComparison.Ordinal));
        }
    }

    private void Add(string what, string text) => _secrets[what] = text;

    private void AddAuthorization(string header)
    {
        string[] parts = Encoding.ASCII.GetString(Convert.FromBase64String(header["Basic ".Length..])).Split(':');
        Add($"header {_secrets.Count}", header["Basic ".Length..]);
        Add($"signature {_secrets.Count}", parts[1]);
    }

    private void AddBytes(string what, ReadOnlySpan<byte> bytes, string? text = null)
    {
        string base64 = Convert.ToBase64String(bytes);
        Add(what, text ?? Encoding.Latin1.GetString(bytes));
        Add(what + " in base64", base64.TrimEnd('='));
        Add(what + " in base64url", base64.TrimEnd('=').Replace('+', '-').Replace('/', '_'));
        Add(what + " in hex", Convert.ToHexStringLower(bytes));
        Add(what + " in HEX", Convert.ToHexString(bytes));
        Add(what + " in base32", Base32.Encode(bytes).TrimEnd('='));
    }

    private static async Task<string> ScrapeAsync(HostedServer server)
    {
        using HttpClient http = new();
        int port = server.Services.GetRequiredService<MetricsEndpoint>().Port!.Value;
        return await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), Stop);
    }

    [GeneratedRegex("-----BEGIN [A-Z ]*PRIVATE KEY-----\n(.*?)-----END", RegexOptions.Singleline)]
    private static partial Regex PrivateKey();
}
