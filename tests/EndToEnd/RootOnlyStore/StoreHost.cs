using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.RootOnlyStore;

/// <summary>What somebody has after an enrolment.</summary>
internal sealed record Enrolled(Authenticator Phone, string[] Codes, string Seen);

/// <summary>A throw-away machine whose agent has its state directory, with the command sallyport.</summary>
internal sealed partial class StoreHost : IAsyncDisposable
{
    public const string State = "/var/lib/sallyport";
    public const string InvitationPrompt = "Invitation code: ";
    public const string PasscodePrompt = "Enter code from app: ";

    public const string Program = "/usr/bin/sallyport";

    private StoreHost(World world) => World = world;

    public World World { get; }

    public Sandbox Sandbox => World.Sandbox;

    /// <param name="options">Behind the PAM line of sshd.</param>
    /// <param name="room">Of the file system of the state directory, as mount(8) takes it; null: of the machine's.</param>
    public static async Task<StoreHost> StartAsync(string options = "", string? room = null)
    {
        Tools.MustBeThere("oathtool", "script", "runuser", "pamtester");
        var host = new StoreHost(await World.StartAsync(options));
        try
        {
            await host.PrepareAsync(room);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        return host;
    }

    public ValueTask DisposeAsync() => World.DisposeAsync();

    public Task<Outcome> RootAsync(params string[] words) => Sandbox.TryAsync([Program, .. words]);

    /// <summary>Runs sallyport as root; it has to succeed.</summary>
    public Task<string> RootDoesAsync(params string[] words) => Sandbox.RunAsync([Program, .. words]);

    /// <summary>Runs a command under that user's id.</summary>
    public Task<Outcome> AsAsync(string user, params string[] command) =>
        Sandbox.TryAsync(["runuser", "-u", user, "--", "env", "--chdir=/", $"HOME=/home/{user}", .. command]);

    /// <summary>Runs sallyport under that user's id, with all that he types.</summary>
    public Task<Outcome> TypingAsync(string user, string typed, params string[] words) =>
        AsAsync(user, ["sh", "-c", "printf '%s' \"$0\" | \"$@\"", typed, Program, .. words]);

    public async Task<string> InviteAsync(string user, params string[] words)
    {
        string said = await RootDoesAsync(["invite", user, .. words]);
        Match code = Invitation().Match(said);
        Assert.True(code.Success, $"no code in: {said}");
        return code.Groups[1].Value;
    }

    /// <summary>Root makes a secret for an account, and passes it on.</summary>
    public async Task<Enrolled> EnrolByRootAsync(string user, params string[] words) =>
        Read(await RootDoesAsync(["enroll", "--user", user, "-C", "-Q", "NONE", .. words]));

    public static Enrolled Read(string seen) => new(
        new Authenticator(Key().Match(seen).Groups[1].Value),
        [.. Code().Matches(seen).Select(match => match.Groups[1].Value)],
        seen);

    /// <summary>The passcode of now, by somebody else's program.</summary>
    public async Task<string> OathToolAsync(string secret) =>
        (await Sandbox.RunAsync("oathtool", "--totp", "--base32", secret)).Trim();

    public async Task<string> OathToolHotpAsync(string secret, int counter) =>
        (await Sandbox.RunAsync("oathtool", "--hotp", "--counter", $"{counter}", "--base32", secret)).Trim();

    public byte[] Entry(string user) => File.ReadAllBytes(Sandbox.Outside($"{State}/totp/{user}"));

    public bool HasEntry(string user) => Sandbox.Exists($"{State}/totp/{user}");

    /// <summary>The names below the state directory, hidden ones too.</summary>
    public string[] Files(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(Sandbox.Outside($"{State}/{folder}"))
            .Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>Asks Debian's own module, without ssh.</summary>
    public Task<Outcome> DebiansModuleAsync(string user, string answer)
    {
        World.SetPam("debian", SecondFactor.Google.Auth());
        return Sandbox.TryAsync("sh", "-c", "printf '%s\\n' \"$0\" | pamtester debian \"$1\" authenticate", answer, user);
    }

    private async Task PrepareAsync(string? room)
    {
        Sandbox.Copy(Built.Command, Program);
        await Sandbox.RunAsync("install", "-d", "-m", "0700", State);
        if (room is not null)
        {
            await Sandbox.RunAsync("mount", "-t", "tmpfs", "-o", $"mode=700,size={room}", "tmpfs", State);
        }

        await World.Agent.KillAsync(); // it looked for its state directory when it started
        await World.Agent.StartAsync();
    }

    [GeneratedRegex("^  ([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})$", RegexOptions.Multiline)]
    private static partial Regex Invitation();

    [GeneratedRegex("^Your new secret key is: ([A-Z2-7]{32})$", RegexOptions.Multiline)]
    private static partial Regex Key();

    [GeneratedRegex("^  ([1-9][0-9]{7})$", RegexOptions.Multiline)]
    private static partial Regex Code();
}
