using Sallyport.Host.Tests.Agent;

namespace Sallyport.Host.Tests.Duo;

/// <summary>An agent with [duo], the service on the wire, and daemon, whom sshd has let in by a key.</summary>
internal sealed class DuoAgent : IAsyncDisposable
{
    public const string Address = "192.0.2.7";
    private const string Key = "ssh_auth_info=publickey ssh-ed25519 AAAA";

    public DuoAgent(string lines = "") => Configure(lines);

    public FakeDuoService Service { get; } = new();

    public AgentUnderTest Agent { get; } = new();

    /// <param name="lines">Of [duo]; host and cafile may be said anew.</param>
    public void Configure(string lines)
    {
        string[] usual =
        [
            $"ikey = {FakeDuoService.IntegrationKey}", $"skey = {FakeDuoService.SecretKey}",
            $"host = localhost:{Service.Port}", $"cafile = {Service.Certificate.AuthorityFile}", "https_timeout = 1",
        ];
        string[] given = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> left = usual.Where(line => !given.Any(g => g.Split(' ')[0] == line.Split(' ')[0]));
        Agent.Configure(
            $"[totp]\nsecret = {Agent.StatePath("${USER}")}\n[agent]\nstate_directory = {Agent.Path("agent")}\n"
            + $"[duo]\n{string.Join('\n', left.Concat(given))}\n");
    }

    /// <summary>The server let him in just now.</summary>
    public void Remember(string user) => File.WriteAllText(
        Agent.Path($"agent/offline/{user}"), $"version = 1\nallowed = {Agent.Clock.GetUtcNow().ToUnixTimeSeconds()}\n");

    public string[] Unreported => File.Exists(Agent.Path("agent/bypasses/waiting"))
        ? File.ReadAllLines(Agent.Path("agent/bypasses/waiting"))
        : [];

    /// <summary>As sshd asks; each connection is another.</summary>
    public static byte? Ask(AgentClient client, int connection, params string[] answers) => client
        .Hello(
            "auth", "daemon", "service=sshd", $"rhost={Address}", Key,
            $"ssh_connection={Address} {connection} 192.0.2.2 22")
        .Verdict(answers);

    public byte? Ask(int connection, params string[] answers)
    {
        using AgentClient client = Agent.Connect();
        return Ask(client, connection, answers);
    }

    /// <summary>As sallyport-login asks for daemon, under that uid.</summary>
    public (byte? Verdict, IReadOnlyList<string> Shown) LogIn(uint uid, string[] fields, params string[] answers)
    {
        using AgentClient client = TestCalls.As(uid, Agent.Connect);
        byte? verdict = client.Hello("login", "daemon", fields).Verdict(answers);
        return (verdict, client.Shown);
    }

    public async ValueTask DisposeAsync()
    {
        Agent.Dispose();
        await Service.DisposeAsync();
    }
}
