using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>What an allow is followed by: the shell, as it would have been without us.</summary>
public sealed class LoginShellTests
{
    [Fact]
    public async Task The_command_of_ssh_is_run_by_the_shell_and_its_status_comes_back()
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent agent = host.Agent("V1");

        Outcome run = await host.AsAsync("ada", "export SSH_ORIGINAL_COMMAND='echo $0 $# out; echo err >&2; exit 7'");

        Assert.Equal((7, "bash 0 out\n", "err\n"), (run.ExitCode, run.Output, run.Errors));
        Assert.Contains("headless=yes", agent.Hello);
    }

    [Fact]
    public async Task Arguments_come_before_the_command_of_ssh()
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent agent = host.Agent("V1");

        Outcome run = await host.AsAsync("ada", "export SSH_ORIGINAL_COMMAND='echo no'", "echo", "yes");

        Assert.Equal("yes\n", run.Output);
    }

    [Fact]
    public async Task Without_a_command_it_is_a_login_shell_with_all_of_standard_input()
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent agent = host.Agent("Iunseen", "Qunseen: ", "V1");
        host.Sandbox.Write("/tmp/in", "echo $0; shopt -q login_shell && echo login\nread line; echo \"got $line\"\nthe line\n");

        Outcome run = await host.Sandbox.TryAsync("runuser", "-u", "ada", "--", "sh", "-c", $"exec {LoginHost.Program} </tmp/in");

        Assert.Equal((0, "-bash\nlogin\ngot the line\n"), (run.ExitCode, run.Output));
        Assert.Equal(["X"], agent.Answers);
        Assert.DoesNotContain("tty=yes", agent.Hello);
    }

    [Fact]
    public async Task Bytes_stay_what_they_are()
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent one = host.Agent("V1");
        Outcome variable = await host.AsAsync("ada", "export SSH_ORIGINAL_COMMAND=$'printf \"\\xff\\xe4 %s\" \"\\303\\244\" | od -An -tx1'");
        using ScriptedAgent two = host.Agent("V1");
        Outcome argument = await host.AsAsync("ada", "set -- -- \"printf $'\\xff\\xe4' | od -An -tx1\"; exec \"$0\" \"$@\" </dev/null");

        Assert.Equal(" ff e4 20 c3 a4\n", variable.Output);
        Assert.Equal(" ff e4\n", argument.Output);
    }

    [Fact]
    public async Task The_shell_finds_everything_as_it_would_have_been()
    {
        const string look = "grep -E \"^(Sig|Shd)\" /proc/self/status | grep -v SigQ; ulimit -a; ls -l /proc/self/fd | sed \"s/.* [0-9:]* //\" "
            + "| grep -v \"/proc/\\|pipe:\"; umask; pwd; env | grep -v \"^_=\\|SHLVL\" | sort; nice";
        const string surroundings = "umask 027; export A='b c' LC_TIME=fr_FR DUO_PASSCODE=123456; exec 7</etc/passwd; "
            + "ulimit -Sn 123; trap '' USR1; ";
        await using LoginHost host = await LoginHost.StartAsync();

        Outcome without = await host.AsAsync("ada", surroundings + "unset DUO_PASSCODE", "/bin/bash", "-c", look);
        using ScriptedAgent agent = host.Agent("V1");
        Outcome with = await host.AsAsync("ada", surroundings, "--", look);

        Assert.Equal(without.Output, with.Output);
        Assert.Contains("/etc/passwd", with.Output, StringComparison.Ordinal);
        Assert.Contains("authtok=123456", agent.Hello);
    }

    [Fact]
    public async Task A_passcode_of_the_environment_is_gone_before_anybody_is_asked()
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent agent = host.Agent("...");
        Task<Outcome> login = host.AsAsync("ada", "export DUO_PASSCODE=98765432; echo $$ >/tmp/pid", "true");
        await Wait.UntilAsync(() => agent.Hello.Length > 0, "it asks", TestContext.Current.CancellationToken);
        string pid = host.Sandbox.Read("/tmp/pid").Trim();

        string seen = host.Sandbox.Read($"/proc/{pid}/environ");
        await host.Sandbox.RunAsync("kill", pid);
        Outcome killed = await login;

        Assert.Contains("HOME=", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("98765432", seen, StringComparison.Ordinal);
        Assert.NotEqual(0, killed.ExitCode);
    }

    [Fact]
    public async Task A_shell_that_is_not_there_is_said()
    {
        await using LoginHost host = await LoginHost.StartAsync(shell: "/bin/nothing");
        using ScriptedAgent agent = host.Agent("V1");

        Outcome run = await host.RunAsync("true");

        Assert.Equal((1, "/bin/nothing: No such file or directory\n"), (run.ExitCode, run.Errors));
    }

    [Fact]
    public async Task Who_has_no_shell_has_the_usual_one()
    {
        await using LoginHost host = await LoginHost.StartAsync(shell: "");
        using ScriptedAgent agent = host.Agent("V1");

        Assert.Equal("sh\n", (await host.RunAsync("--", "echo $0")).Output);
    }
}
