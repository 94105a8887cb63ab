using Sallyport.EndToEnd.Dev;
using Sallyport.Protocol.Approvals;
using Built = Sallyport.EndToEnd.Harness.Built;

namespace Sallyport.EndToEnd.Phone;

/// <summary>
/// Somebody with a home of his own, who runs the built program against a server that does what the test says.
/// </summary>
internal sealed class PhoneHolder : IAsyncDisposable
{
    public const string Code = "abcd-efgh-jklm-npqr-stuv";

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("sallyport-phone-");

    public PhoneHolder(string certificateName = "localhost", int validForDays = 5)
    {
        Server = new FakePhoneServer(Authority.Issue(certificateName, validForDays));
        File.WriteAllText(CaFile, Authority.Pem);
    }

    public TestAuthority Authority { get; } = new();

    public FakePhoneServer Server { get; }

    public string Home => _home.FullName;

    public string CaFile => Path.Combine(Home, "ca.pem");

    public string KeyFile => Path.Combine(Home, ".config/sallyport/phone.json");

    /// <summary>A login that waits for this phone.</summary>
    public ApprovalRecord Login => new()
    {
        Server = Server.Address,
        Transaction = "f6cbf9b1-2ad8-4d7c-9d1f-77f1e2f3a4b5",
        Device = FakePhoneServer.Device,
        Application = "bastion",
        User = FakePhoneServer.User,
        Host = "web1",
        Address = "192.0.2.7",
        Key = null,
        Expires = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 50,
    };

    /// <summary>"sallyport phone WORD...".</summary>
    public Task<Command> RunAsync(params string[] words) => RunAsync([], words);

    public Task<Command> RunAsync(Dictionary<string, string?> environment, params string[] words) =>
        Command.RunAsync(Built.Command, ["phone", .. words], Home, Environment(environment));

    public Dictionary<string, string?> Environment(Dictionary<string, string?>? more = null) =>
        new(more ?? []) { ["HOME"] = Home };

    public Task<Command> ActivateAsync(params string[] options)
    {
        Server.Answer = _ => Server.Activated();
        return RunAsync(["activate", $"--ca={CaFile}", .. options, Server.Address, Code]);
    }

    /// <summary>A phone whose server says what waits, and then the results of answers.</summary>
    public async Task BeginAsync(string pending, string result = "taken")
    {
        (await ActivateAsync()).Succeeded();
        Server.Answer = call => (call.Method, call.Path) switch
        {
            ("GET", "pending") => new PhoneReply(200, pending),
            ("POST", "answer") => new PhoneReply(200, $$"""{"result":"{{result}}"}"""),
            _ => new PhoneReply(204),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Authority.Dispose();
        _home.Delete(recursive: true);
    }
}
