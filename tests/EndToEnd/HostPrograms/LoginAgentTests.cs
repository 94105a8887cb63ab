using System.Diagnostics;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>sallyport-login and an agent: what is relayed, and that only an allow is one.</summary>
public sealed class LoginAgentTests
{
    private const int User = 1; // facility, as login_duo has it

    [Theory]
    [InlineData("V2")]
    [InlineData("V3")]
    [InlineData("V4")]
    [InlineData("V0")]
    [InlineData("V")]
    [InlineData("I")]
    [InlineData("X")]
    [InlineData("Ttoken")]
    [InlineData("Uotpauth://totp/x?secret=AAAA")]
    [InlineData("L9text")]
    [InlineData("L")]
    public async Task What_is_not_an_allow_runs_nothing(string frame)
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent agent = host.Agent(frame == "V" ? "Iallowed? V1" : frame);

        Outcome refused = await host.RunAsync("echo", "run");

        Assert.Equal((1, "", ""), (refused.ExitCode, refused.Output, refused.Errors));
    }

    [Fact]
    public async Task Without_an_agent_nothing_is_run_and_the_log_says_why()
    {
        await using LoginHost host = await LoginHost.StartAsync();

        Outcome headless = await host.RunAsync("echo", "run");
        Outcome atTerminal = await host.TypingAsync("");

        Assert.Equal((1, "", ""), (headless.ExitCode, headless.Output, headless.Errors));
        Assert.Equal(1, atTerminal.ExitCode);
        Assert.Contains("no agent answers at /run/sallyport/agent.sock", atTerminal.Output, StringComparison.Ordinal);
        LogLine line = await host.Syslog.LineAsync("Error in Duo login for 'ada': no agent answers");
        Assert.Equal((User, LogLine.Error), (line.Facility, line.Severity));
        Assert.StartsWith("sallyport-login: ", line.Text, StringComparison.Ordinal);
        Assert.Equal(2, host.Syslog.Count("starting Duo Unix: Login Duo"));
    }

    [Fact]
    public async Task An_agent_that_is_not_roots_is_told_nothing()
    {
        await using LoginHost host = await LoginHost.StartAsync();
        await host.Sandbox.RunAsync("install", "-d", "-o", "ada", "/run/sallyport");
        using Command foreign = host.Sandbox.Start(
            ["runuser", "-u", "ada", "--", "socat", "UNIX-LISTEN:/run/sallyport/agent.sock,mode=666", "-"]);
        await Wait.UntilAsync(() => host.Sandbox.Exists("/run/sallyport/agent.sock"), "socat listens", TestContext.Current.CancellationToken);

        Outcome refused = await host.RunAsync("-d", "echo", "run");

        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("the agent there is not root's", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headless_nobody_is_asked_and_only_what_an_agent_complains_of_is_shown_beside_the_programs_output()
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent agent = host.Agent("Ihello", "Ewrong", "Qcode: ", "Pcode: ", "L4Failed Duo login for 'ada'", "V1");

        Outcome run = await host.AsAsync("ada", "export SSH_ORIGINAL_COMMAND='echo run' SSH_CONNECTION='192.0.2.1 1 192.0.2.2 22'");

        Assert.Equal((0, "run\n", "wrong\n"), (run.ExitCode, run.Output, run.Errors));
        Assert.Equal(["X", "X"], agent.Answers);
        Assert.Equal(
            ["version=1", "op=login", "user=ada", "service=sallyport-login", "headless=yes", "command=echo run",
                "ssh_connection=192.0.2.1 1 192.0.2.2 22"], agent.Hello);
        LogLine line = await host.Syslog.LineAsync("Failed Duo login for 'ada'");
        Assert.Equal((User, 4), (line.Facility, line.Severity));
    }

    [Fact]
    public async Task At_a_terminal_he_is_asked_and_what_he_has_typed_ahead_is_the_shells()
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent agent = host.Agent(
            "Qmenu\n\nPasscode or option (1-3): ", "IPushed a login request to your device...", "Pcode: ", "ISuccess. Logging you in...", "V1");

        Outcome run = await host.TypingAsync("1\\nabc \\303\\244\\necho ran $0\\nexit 5\\n");

        Assert.True(run.ExitCode == 5, run.ToString());
        Assert.Equal(["A1", "Aabc \u00c3\u00a4"], agent.Answers);
        Assert.Contains("tty=yes", agent.Hello);
        Assert.DoesNotContain("headless=yes", agent.Hello);
        Assert.Contains("Passcode or option (1-3): ", run.Output, StringComparison.Ordinal);
        // With empty lines behind an answer and before the next question, as login_duo has them.
        Assert.Contains(
            "\r\nPushed a login request to your device...\r\n\r\ncode: \r\n\r\nSuccess. Logging you in...\r\n",
            run.Output, StringComparison.Ordinal);
        Assert.Contains("ran -bash\r\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task At_a_terminal_with_a_command_he_is_asked_too_but_not_with_one_of_ssh()
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent agent = host.Agent("Qcode: ", "V1");

        Outcome run = await host.TypingAsync("1\\n", "echo", "run");

        Assert.Equal(["A1"], agent.Answers);
        Assert.Contains("run\r\n", run.Output, StringComparison.Ordinal);
        using ScriptedAgent second = host.Agent("Qcode: ", "V1");
        await host.TypingAsync("1\\n", "/usr/bin/env", "SSH_ORIGINAL_COMMAND=true", LoginHost.Program);
        Assert.Equal(["X"], second.Answers);
    }

    [Fact]
    public async Task What_comes_from_far_away_does_not_move_the_cursor()
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent agent = host.Agent(
            "Iclear \u001b[2J\u00c2\u009b0m \u00c3\u00a4", "Q\u001b]0;x\u0007code\r: ", "L4line\nsecond \u001b[1m", "V3");

        Outcome run = await host.TypingAsync("1\\n", "-d");

        Assert.DoesNotContain('\u001b', run.Output);
        Assert.DoesNotContain('\u009b', run.Output);
        Assert.DoesNotContain('\u0007', run.Output);
        Assert.Contains("clear ?[2J?0m \u00e4\r\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("[4] line?second ?[1m\r\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_the_client_goes_away_nobody_waits_for_it()
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent agent = host.Agent("...");
        var watch = Stopwatch.StartNew();

        // The end of the pipe that sshd would hold is gone after a second.
        await host.Sandbox.TryAsync("runuser", "-u", "ada", "--", "bash", "-c", $"{LoginHost.Program} true </dev/null | sleep 1");
        await agent.Done.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        Assert.InRange(watch.Elapsed.TotalSeconds, 0.9, 1 + 2);
    }
}
