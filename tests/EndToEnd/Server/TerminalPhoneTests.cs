using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Server;

/// <summary>
/// Debian's login_duo, the server and "sallyport phone", each as it is built: the green tap from end to end.
/// </summary>
public sealed partial class Given_a_phone_in_the_terminal
{
    private const string Option = "Passcode or option (1-1): ";

    [Fact]
    public async Task A_login_waits_until_it_is_approved()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync("--terminal-devices", "yes");
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);
        using Terminal shell = host.OpenShell("alice");
        await shell.AnswerAsync(Option, "1");

        string waiting = await phone.WaitingAsync();
        string approved = await phone.RunAsync("approve");
        await shell.TypeAsync("exit 7");
        int exit = await shell.EndAsync();

        Assert.Contains("Duo Push to notebook (terminal)", shell.Seen, StringComparison.Ordinal);
        Assert.Contains("\tapplication=shell\tuser=alice\t", waiting, StringComparison.Ordinal);
        Assert.Contains("\taddress=127.0.0.1\t", waiting, StringComparison.Ordinal);
        Assert.Contains("Approved.", approved, StringComparison.Ordinal);
        Assert.Equal(7, exit);
        Assert.Matches("^success user_approved .*push alice shell 127.0.0.1$", (await host.Server.AuditAsync())[^1]);
        Outcome late = await phone.TryAsync("approve");
        Assert.Equal(1, late.ExitCode);
        Assert.Contains("nothing waits", late.Errors, StringComparison.Ordinal);

        // What was signed is kept, and verified without the server.
        host.Sandbox.Write("/tmp/evidence", await host.Server.RunAsync("approval", waiting.Split('\t')[0]));
        string evidence = await host.Sandbox.RunAsync("sallyport-server", "verify-approval", "/tmp/evidence");
        Assert.Matches("(?s)Signed: +approved.*User: +alice.*Address: +127.0.0.1.*Server: +duo.example.org", evidence);
    }

    [Fact]
    public async Task A_command_without_a_terminal_waits_too()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync("--terminal-devices", "yes");
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);

        Task<Login> login = host.CommandAsync("alice", "id -un");
        await phone.WaitingAsync();
        await phone.RunAsync("approve");

        Login done = await login;
        Assert.Equal((0, "alice"), (done.ExitCode, done.Output));
    }

    [Theory]
    [InlineData("Denied.", "^denied ", "deny")]
    [InlineData("Denied, and reported", "^fraud ", "deny", "--not-me")]
    public async Task A_login_that_is_denied_gets_nowhere(string words, string audited, params string[] command)
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync("--terminal-devices", "yes");
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);

        Task<Login> login = host.CommandAsync("alice", "id -un");
        await phone.WaitingAsync();
        string denied = await phone.RunAsync(command);

        Login refused = await login;
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains(words, denied, StringComparison.Ordinal);
        Assert.Matches(audited, (await host.Server.AuditAsync())[^1]);
    }

    [Fact]
    public async Task The_number_on_the_screen_is_typed_and_no_other()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync(
            "--terminal-devices", "yes", "--number-matching", "always");
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);
        using Terminal shell = host.OpenShell("alice");
        await shell.AnswerAsync(Option, "1");
        await phone.WaitingAsync();
        await shell.AskedAsync(" there...\r\n");
        string number = Number().Match(shell.Seen).Groups[1].Value;
        string other = string.Concat(number.Select(c => c == '9' ? '0' : (char)(c + 1)));

        Outcome without = await phone.TryAsync("approve");
        Outcome wrong = await phone.TryAsync("approve", "--number", other);
        await phone.RunAsync("approve", "--number", number);
        await shell.TypeAsync("exit 7");

        Assert.Equal((1, 1, 7), (without.ExitCode, wrong.ExitCode, await shell.EndAsync()));
        Assert.Contains("--number=NUMBER says it", without.Errors, StringComparison.Ordinal);
        Assert.Contains("not the number on the login's screen", wrong.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_watches_is_told_at_once_and_again_after_the_server_was_away()
    {
        const string seen = "/home/alice/seen";
        await using DuoHost host = await DuoHost.LoginDuoAsync("--terminal-devices", "yes");
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);
        using Command watching = phone.Watch(seen);

        Task<Login> first = host.CommandAsync("alice", "id -un");
        await SeenAsync("new\t", 1);
        await phone.RunAsync("approve");
        await SeenAsync("over\t", 1);
        Login before = await first;
        await host.Server.EndAsync("KILL");
        await SeenAsync("Trying again.", 1);
        await host.Server.StartAsync();
        await SeenAsync("The server is there again.", 1);
        Task<Login> second = host.CommandAsync("alice", "id -un");
        await SeenAsync("new\t", 2);
        await phone.RunAsync("approve");

        Assert.Equal(("alice", "alice"), (before.Output, (await second).Output));
        watching.Kill();

        Task SeenAsync(string text, int times) => Wait.UntilAsync(
            () => host.Sandbox.Read(seen).Split(text).Length > times, $"{times} times '{text}'",
            TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Where_policy_does_not_take_such_devices_nothing_is_pushed()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);

        Login refused = await host.CommandAsync("alice", "id -un");

        Assert.Equal(1, refused.ExitCode);
        Assert.Equal("", await phone.RunAsync("list"));
    }

    [Fact]
    public async Task On_a_machine_that_trusts_the_CA_no_file_of_it_is_needed()
    {
        Tools.MustBeThere("update-ca-certificates");
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        host.Sandbox.Write("/usr/local/share/ca-certificates/sallyport.crt", host.Sandbox.Read(DuoHost.CaFile));
        await host.Sandbox.RunAsync("update-ca-certificates");

        TerminalPhone phone = await TerminalPhone.ActivateAsync(host, []);

        Assert.Equal("", await phone.RunAsync("list"));
        Assert.Contains("\"ca\":null", host.Sandbox.Read(TerminalPhone.KeyFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Renamed_the_prompt_says_so_and_removed_it_is_no_factor_any_more()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync("--terminal-devices", "yes");
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);

        await phone.RunAsync("rename", "old notebook");
        string before = await host.Server.RunAsync("device", "list", "alice");
        await phone.RunAsync("remove");
        string after = await host.Server.RunAsync("device", "list", "alice");
        Login refused = await host.CommandAsync("alice", "id -un");

        Assert.Contains("old notebook", before, StringComparison.Ordinal);
        Assert.DoesNotContain("notebook", after, StringComparison.Ordinal);
        Assert.False(host.Sandbox.Exists(TerminalPhone.KeyFile));
        Assert.Equal(1, refused.ExitCode);
    }

    [GeneratedRegex("Enter the number ([0-9]+) there")]
    private static partial Regex Number();
}
