namespace Sallyport.EndToEnd.Harness;

/// <summary>A person with an account in the sandbox, a key that opens it, and an authenticator app.</summary>
internal sealed class Account(World world, string name)
{
    private const UnixFileMode OwnerReads = UnixFileMode.UserRead;

    public string Name => name;

    public Authenticator Phone { get; private set; } = Authenticator.Create();

    public string StateFile => $"/home/{name}/.google_authenticator";

    public string State => world.Sandbox.Read(StateFile);

    /// <summary>
    /// Writes the state file. A line is an option by its bare words (TOTP_AUTH, WINDOW_SIZE 5) or a scratch code.
    /// </summary>
    public Task EnrolAsync(params string[] lines)
    {
        IEnumerable<string> file = lines.Select(line => char.IsAsciiDigit(line[0]) ? line : "\" " + line);
        return WriteStateAsync(string.Join('\n', [Phone.Secret, .. file]) + "\n");
    }

    public Task EnrolAsync(Authenticator phone, params string[] lines)
    {
        Phone = phone;
        return EnrolAsync(lines);
    }

    public async Task WriteStateAsync(string text, UnixFileMode mode = OwnerReads)
    {
        world.Sandbox.Write(StateFile, text, mode);
        await world.Sandbox.RunAsync("chown", $"{name}:{name}", StateFile);
    }

    /// <summary>Logs in, runs the command there, and answers each prompt with the next of the answers.</summary>
    public Task<Login> SshAsync(string command, params string[] answers) =>
        world.Client.RunAsync(["ssh", $"{name}@server", command], answers);

    public OpenLogin OpenSsh(string command) => world.Client.Open(["ssh", $"{name}@server", command]);
}
