using Sallyport.EndToEnd.Enrolment;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.InLogin;

/// <summary>
/// Who has no factor enrols in the conversation of the login. All the ways around the how-tos' profile script are played:
/// commands, file transfer, forwarding, other shells, Ctrl-C, a shared connection.
/// </summary>
public sealed class InLoginTests
{
    private const string Here = "/root/letter";
    private const string There = "/home/ada/letter";
    private const string LetIn = "[totp]\nhome_files = no\n[policy]\nenrolment = required\nafter_enrolment = allow\n";
    private const string Invited = "[totp]\nhome_files = no\n[policy]\n";

    public static TheoryData<string, string> Ways => new()
    {
        { "a command", $"ssh ada@server 'touch {There}'" },
        { "a shell from standard input", $"echo 'touch {There}' | ssh ada@server" },
        { "a shell without profile", $"ssh ada@server 'bash --noprofile --norc -c \"touch {There}\"'" },
        { "scp", $"scp {Here} ada@server:{There}" },
        { "scp in its old protocol", $"scp -O {Here} ada@server:{There}" },
        { "sftp", $"echo 'put {Here} {There}' | sftp -o BatchMode=no -b - ada@server" },
        { "rsync", $"rsync -e ssh {Here} ada@server:{There}" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Nothing_runs_before_he_has_enrolled(string way, string command)
    {
        Assert.NotEmpty(way);
        await using StoreHost host = await StartAsync(LetIn);
        await host.World.AddAccountAsync("ada");
        host.Sandbox.Write(Here, "Dear Bob");

        // He presses Ctrl-C at the passcode: the client's prompt fails.
        OpenLogin login = host.World.Client.Open(["sh", "-c", command]);
        await login.PromptAsync(1);
        login.Answer("t");
        string asked = await login.PromptAsync(2);
        Login cancelled = await login.HangUpAsync();

        Assert.Contains("otpauth://totp/", asked, StringComparison.Ordinal);
        Assert.NotEqual(0, cancelled.ExitCode);
        Assert.False(host.Sandbox.Exists(There));
        Assert.False(host.HasEntry("ada"));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task The_first_use_enrols_and_is_done_then(string way, string command)
    {
        Assert.NotEmpty(way);
        await using StoreHost host = await StartAsync(LetIn);
        Account ada = await host.World.AddAccountAsync("ada");
        host.Sandbox.Write(Here, "Dear Bob");

        OpenLogin login = host.World.Client.Open(["sh", "-c", command]);
        (Authenticator phone, string last) = await EnrolAsync(login, "");
        Login first = await login.EndAsync();
        Login next = await ada.SshAsync("id -un", phone.Passcode(+1));

        first.MustBeAllowed(host.World);
        Assert.True(host.Sandbox.Exists(There));
        Assert.Equal(5, Codes(last).Length);
        next.MustBeAllowed(host.World);
        Assert.Single(next.Prompts);
    }

    [Theory]
    [InlineData("/bin/sh")]
    [InlineData("/bin/zsh")]
    [InlineData("/usr/bin/fish")]
    public async Task The_login_shell_makes_no_difference(string shell)
    {
        await using StoreHost host = await StartAsync(LetIn);
        Account ada = await host.World.AddAccountAsync("ada");
        await host.Sandbox.RunAsync("usermod", "--shell", shell, "ada");

        Login refused = await ada.SshAsync($"touch {There}", "t", "000000", "000000", "000000", "000000", "000000");

        refused.MustBeRefused(host.World);
        Assert.Contains("Press Enter to see it", refused.Prompts[0], StringComparison.Ordinal);
        Assert.False(host.Sandbox.Exists(There));
        Assert.False(host.HasEntry("ada"));
    }

    [Fact]
    public async Task No_forwarding_is_open_and_no_connection_is_shared_meanwhile()
    {
        await using StoreHost host = await StartAsync(LetIn);
        await host.World.AddAccountAsync("ada");
        OpenLogin login = host.World.Client.Open([
            "ssh", "-N", "-L", "/root/forwarded:localhost:22", "-o", "ControlMaster=yes", "-o", "ControlPath=/root/shared", "ada@server",
        ]);
        await login.PromptAsync(1);
        login.Answer("t");
        await login.PromptAsync(2);

        Outcome shared = await host.Sandbox.TryAsync("ssh", "-o", "ControlPath=/root/shared", "-O", "check", "ada@server");

        Assert.NotEqual(0, shared.ExitCode);
        Assert.False(host.Sandbox.Exists("/root/forwarded"));
        Assert.NotEqual(0, (await login.HangUpAsync()).ExitCode);
        Assert.False(host.HasEntry("ada"));
    }

    [Fact]
    public async Task A_batch_cannot_answer_and_does_not_get_in()
    {
        await using StoreHost host = await StartAsync(LetIn);
        await host.World.AddAccountAsync("ada");

        Login batch = await host.World.Client.RunAsync(["ssh", "-o", "BatchMode=yes", "ada@server", "id"]);
        Login noKey = await host.World.Client.RunAsync(["ssh", "-o", "PubkeyAuthentication=no", "ada@server", "id"], "t");

        batch.MustBeRefused(host.World);
        noKey.MustBeRefused(host.World);
        Assert.Empty(noKey.Prompts);
    }

    /// <summary>sshd that asks for no key first: then this would be the only lock, and it would be open.</summary>
    [Fact]
    public async Task Without_a_key_before_it_nobody_enrols()
    {
        await using StoreHost host = await StartAsync(LetIn);
        await host.World.AddAccountAsync("ada");
        await host.World.StartHostAsync("open", "Match User ada\nAuthenticationMethods keyboard-interactive\n");

        Login stranger = await host.World.Client.RunAsync(
            ["ssh", "-o", "PubkeyAuthentication=no", "ada@open", "id"], "t", "000000");

        stranger.MustBeRefused(host.World);
        Assert.EndsWith("Verification code: ", Assert.Single(stranger.Prompts), StringComparison.Ordinal);
        Assert.False(host.HasEntry("ada"));
    }

    [Fact]
    public async Task Who_is_invited_needs_the_code_and_logs_in_again()
    {
        await using StoreHost host = await StartAsync(Invited);
        Account ada = await host.World.AddAccountAsync("ada");
        Login uninvited = await ada.SshAsync("id -un", "123456");
        string code = await host.InviteAsync("ada");
        Login thief = await ada.SshAsync("id -un", "ABCD-EFGH-IJKL-MNOP");

        OpenLogin login = ada.OpenSsh("id -un");
        Assert.EndsWith("Invitation code: ", await login.PromptAsync(1), StringComparison.Ordinal);
        login.Answer(code);
        (Authenticator phone, _) = await EnrolAsync(login, "", before: 1);
        Login first = await login.EndAsync();
        Login next = await ada.SshAsync("id -un", phone.Passcode(+1));

        uninvited.MustBeRefused(host.World);
        Assert.EndsWith("Verification code: ", Assert.Single(uninvited.Prompts), StringComparison.Ordinal);
        thief.MustBeRefused(host.World);
        Assert.DoesNotContain("otpauth", string.Concat(thief.Prompts), StringComparison.Ordinal);
        first.MustBeRefused(host.World);
        next.MustBeAllowed(host.World);
        Assert.Contains("your second factor was enrolled by ada, at a login", next.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await host.RootAsync("status", "ada")).Output.Split("invitation: open").Length - 1);
    }

    [Fact]
    public async Task The_code_on_the_screen_is_that_of_the_link_below_it()
    {
        Tools.MustBeThere("qrencode");
        await using StoreHost host = await StartAsync(LetIn);
        Account ada = await host.World.AddAccountAsync("ada");
        OpenLogin login = ada.OpenSsh("id -un");
        await login.PromptAsync(1);
        login.Answer("");

        string shown = await login.PromptAsync(2);
        await login.HangUpAsync();

        string uri = shown.Split('\n').Single(line => line.TrimStart().StartsWith("otpauth://", StringComparison.Ordinal)).Trim();
        string[] drawn = Transcript.Drawn(shown);
        Assert.InRange(drawn.Max(line => line.Length), 20, 80);
        ReadCode code = ReadCode.FromBlocks(drawn, inverse: true);
        string expected = await host.Sandbox.RunAsync("qrencode", "-t", "ASCII", "-m", "0", "-8", "-l", $"{code.Level}", uri);
        Assert.Equal(ReadCode.FromAscii(expected.TrimEnd('\n').Split('\n')).Bare(), code.Bare());
    }

    private static async Task<StoreHost> StartAsync(string configuration)
    {
        StoreHost host = await StoreHost.StartAsync();
        host.World.Agent.Configure(configuration);
        return host;
    }

    /// <summary>From the question after code or text on; returns the phone, and what stood above the last prompt.</summary>
    private static async Task<(Authenticator Phone, string Last)> EnrolAsync(OpenLogin login, string choice, int before = 0)
    {
        Assert.EndsWith("(screen reader, no UTF-8): ", await login.PromptAsync(before + 1), StringComparison.Ordinal);
        login.Answer(choice);
        string key = await login.PromptAsync(before + 2);
        Assert.EndsWith("Enter code from app: ", key, StringComparison.Ordinal);
        var phone = new Authenticator(key.Split("secret=")[1].Split('&')[0].Split('\n')[0].Trim());
        login.Answer(phone.Passcode());
        string last = await login.PromptAsync(before + 3);
        Assert.EndsWith("Write the recovery codes down, then press Enter: ", last, StringComparison.Ordinal);
        login.Answer("");
        return (phone, last);
    }

    private static string[] Codes(string text) =>
        [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length == 8 && line.All(char.IsAsciiDigit))];
}
