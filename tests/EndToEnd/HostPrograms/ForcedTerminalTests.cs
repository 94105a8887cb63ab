using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>Somebody at a terminal, sallyport-login behind his key, and what our agent and server have him see.</summary>
public sealed partial class Given_a_terminal_and_sallyport_login
{
    private const string Option = "Passcode or option (1-1): ";
    private const string Open = "ssh -tt alice@forced";

    // What would set the title, clear the screen, and begin a sequence in one byte.
    private const string Evil = "x\u001b]0;owned\u0007\u001b[2J\u009b31m";

    // A server that signs nothing and has a certificate: all of its texts are these.
    private const string Server = """
        exec perl -e '
            $| = 1;
            while (defined(my $line = <STDIN>)) {
                my ($path, $length) = ($line, 0);
                while (defined($line = <STDIN>) && $line ne "\r\n") {
                    $length = $1 if $line =~ /^Content-Length: (\d+)/;
                }
                read(STDIN, my $body, $length);
                my $factors = q("factors":{"default":"push1","1":"push1"});
                my $said = $path =~ /ping/ ? q("time":) . time
                    : $path =~ /preauth/ ? q("result":"auth","status_msg":"EVIL",) . $factors
                        . q(,"prompt":{"text":"EVIL\nPasscode: ",) . $factors . "}"
                    : q("txid":"1","result":"deny","status":"deny","status_msg":"EVIL");
                $said = qq({"stat":"OK","response":{$said}});
                print "HTTP/1.1 200 OK\r\nContent-Length: ", length $said, "\r\n\r\n", $said;
            }
        '
        """;

    [Fact]
    public async Task The_number_is_shown_and_typed_on_the_phone_and_a_wrong_one_lets_nobody_in()
    {
        await using OwnHost host = await OwnHost.StartAsync("verified_push = yes", "", "--number-matching", "always");
        await host.ForceAsync();
        using Terminal terminal = Terminal.Open(host.Sandbox, Open);
        await terminal.AnswerAsync(Option, "1");
        await host.Phone.WaitingAsync();
        await terminal.AskedAsync(" into Duo Mobile...\r\n");
        string number = Number().Match(terminal.Seen).Groups[1].Value;
        string other = string.Concat(number.Select(digit => digit == '9' ? '0' : (char)(digit + 1)));

        Assert.Equal(1, (await host.Phone.TryAsync("approve", "--number", other)).ExitCode);
        await host.Phone.RunAsync("approve", "--number", number);
        await terminal.TypeAsync("exit 7");

        int exit = await terminal.EndAsync();
        Assert.True(exit == 7, $"{terminal.Seen}\n{host.Host.Syslog}");
    }

    [Fact]
    public async Task Autopush_denied_leads_to_the_menu_and_so_many_prompts_as_prompts_says()
    {
        await using OwnHost host = await OwnHost.StartAsync("autopush = yes\nprompts = 2");
        await host.ForceAsync();
        Authenticator there = await host.Server.AddTotpAsync("alice");
        using Terminal terminal = Terminal.Open(host.Sandbox, Open);
        await host.Phone.WaitingAsync();
        await host.Phone.RunAsync("deny");

        await terminal.AnswerAsync(Option, there.WrongPasscode());
        int exit = await terminal.EndAsync();

        Assert.True(exit == 1, $"{terminal.Seen}\n{host.Host.Syslog}");
        Assert.Contains("Autopushing login request to phone...", terminal.Seen, StringComparison.Ordinal);
        Assert.Equal(2, (await host.Server.AuditAsync()).Length);

        // The same limit behind the module.
        host.Configure("prompts = 2");
        string wrong = there.WrongPasscode();
        Login login = await host.Host.Client.RunAsync(
            ["ssh", "alice@server", "id -un"], wrong, $"{wrong[1..]}1", there.Passcode());
        host.MustHaveRefused(OwnHost.Pam, login);
        Assert.Equal(2, login.Prompts.Count);
    }

    [Fact]
    public async Task Groups_and_gecos_hold_through_the_agent()
    {
        await using OwnHost host = await OwnHost.StartAsync("groups = wheel");
        await host.ForceAsync();
        host.MustHaveLetIn(OwnHost.Forced, await host.LogInAsync(OwnHost.Forced, "id -un"));
        await host.Host.Syslog.LineAsync("User alice bypassed Duo 2FA due to user's UNIX group");

        host.Configure("groups = alice\nsend_gecos = yes");
        await host.Sandbox.RunAsync("usermod", "-c", "adams", "alice");
        host.MustHaveRefused(OwnHost.Forced, await host.LogInAsync(OwnHost.Forced, "id -un"));
        await host.Server.RunAsync("user", "add", "adams", "--bypass");
        host.MustHaveLetIn(OwnHost.Forced, await host.LogInAsync(OwnHost.Forced, "id -un"));
    }

    [Fact]
    public async Task Names_and_texts_of_a_server_and_commands_of_a_host_move_no_cursor()
    {
        await using OwnHost host = await OwnHost.StartAsync("pushinfo = yes");
        await host.ForceAsync();

        // The name of a device, wherever it is shown; and the command, on the phone.
        await host.Phone.TryAsync("rename", Evil);
        MustBePlain(await host.Server.RunAsync("device", "list", "alice"));
        OpenLogin login = host.OpenPushed(OwnHost.Forced, $"true '{Evil}'");
        string listed = await host.Phone.WaitingAsync();
        string approved = await host.Phone.RunAsync("approve");
        Assert.Equal(0, (await login.EndAsync()).ExitCode);
        Assert.Contains("owned", approved, StringComparison.Ordinal);
        MustBePlain(listed);
        MustBePlain(approved);

        // All that a server can say, of one that the host believes and that says it.
        await host.Server.EndAsync();
        string escaped = string.Concat(Evil.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));
        await Trouble.BelieveAsync(host, Server.Replace("EVIL", escaped, StringComparison.Ordinal));
        using Terminal terminal = Terminal.Open(host.Sandbox, Open);
        await terminal.AnswerAsync("Passcode: ", "1");
        await terminal.AnswerAsync("Passcode: ", "1");
        await terminal.AnswerAsync("Passcode: ", "1");
        Assert.Equal(1, await terminal.EndAsync());
        Login pam = await host.Host.Client.RunAsync(["ssh", "alice@server", "id"], "1", "1", "1");
        host.MustHaveRefused(OwnHost.Pam, pam);

        Assert.Contains("owned", terminal.Seen, StringComparison.Ordinal);
        MustBePlain(terminal.Seen);
        Assert.Contains("owned", pam.Prompts[0], StringComparison.Ordinal);
        MustBePlain(string.Concat(pam.Prompts) + pam.Errors);
        MustBePlain(host.Host.Syslog.ToString());
    }

    private static void MustBePlain(string text) => Assert.False(
        text.Any(c => char.IsControl(c) && c is not ('\r' or '\n' or '\t')), text.Replace("\u001b", "<ESC>", StringComparison.Ordinal));

    [GeneratedRegex("verification code ([0-9]+) into")]
    private static partial Regex Number();
}
