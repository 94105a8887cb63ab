using System.Globalization;

namespace Sallyport.EndToEnd.Harness;

/// <summary>The real ssh programs, with one key, on the client's side of the sandbox (root's home).</summary>
internal sealed class SshClient(Sandbox sandbox, CancellationToken cancellationToken)
{
    private const string Key = "/root/.ssh/id_ed25519";

    // One prompt a run: what is refused is not asked again.
    private const string Configuration = """
        Host *
            IdentityFile /root/.ssh/id_ed25519
            IdentitiesOnly yes
            NumberOfPasswordPrompts 1
            ConnectTimeout 20
        """;

    private int _dialogues;

    public string PublicKey => sandbox.Read(Key + ".pub").Trim();

    public async Task InstallAsync()
    {
        sandbox.Write(Dialogue.AskPass, Dialogue.AskPassScript + "\n", (UnixFileMode)0x1ED /* 0755 */);
        sandbox.Write("/root/.ssh/config", Configuration + "\n");
        sandbox.Write("/root/.ssh/known_hosts", $"* {SshHost.PublicKey(sandbox)}\n");
        await sandbox.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", Key);
    }

    public OpenLogin Open(IEnumerable<string> command)
    {
        int number = Interlocked.Increment(ref _dialogues);
        var dialogue = new Dialogue(sandbox, $"/run/dialogue/{number.ToString(CultureInfo.InvariantCulture)}");
        return new OpenLogin(sandbox.Start(command, dialogue.Environment), dialogue, cancellationToken);
    }

    public Task<Login> RunAsync(IEnumerable<string> command, params string[] answers)
    {
        OpenLogin login = Open(command);
        foreach (string answer in answers)
        {
            login.Answer(answer);
        }

        return login.EndAsync();
    }
}
