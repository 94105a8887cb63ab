using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>The command line of login_duo, and what is refused before anybody is asked.</summary>
public sealed class LoginCommandLineTests
{
    private const string Usage = " [-v] [-c config] [-d] [-f duouser] [-h host] [prog [args...]]\n";

    [Theory]
    [InlineData("sallyport-login: option requires an argument -- 'h'", "sallyport-login", "-h")]
    [InlineData("login_duo: option requires an argument -- 'h'", "login_duo", "", "-h")]
    [InlineData("login_duo: invalid option -- 'n'", "login_duo", "echo", "-n", "x")]
    [InlineData("login_duo: invalid option -- 'x'", "login_duo", "-dx")]
    [InlineData("login_duo: invalid option -- '-'", "login_duo", "--help")]
    [InlineData(null, "login_duo", "-?")]
    public async Task A_wrong_one_ends_with_the_usage(string? problem, string name, params string[] words)
    {
        await using LoginHost host = await LoginHost.StartAsync();

        Outcome wrong = await host.RunAsync(["/usr/sbin/" + name, .. words]);

        string said = problem is null ? "" : $"/usr/sbin/{problem}\n";
        Assert.Equal((1, "", $"{said}Usage: {name}{Usage}"), (wrong.ExitCode, wrong.Output, wrong.Errors));
    }

    [Fact]
    public async Task The_version_is_that_of_what_it_equals()
    {
        await using LoginHost host = await LoginHost.StartAsync();

        Outcome duo = await host.RunAsync("/usr/sbin/login_duo", "-v", "-nonsense");
        Outcome ours = await host.RunAsync("-v");

        Assert.Equal((1, "login_duo 2.2.3\n"), (duo.ExitCode, duo.Errors));
        Assert.Equal((1, "sallyport-login, in the place of login_duo 2.2.3\n"), (ours.ExitCode, ours.Errors));
    }

    [Theory]
    [InlineData("", "echo one  two", "echo", "one ", "two")]
    [InlineData("", "echo -n x", "--", "echo", "-n", "x")]
    [InlineData("", "echo -n x", "-d", "--", "echo", "-n", "x")]
    [InlineData("", "echo x", "echo", "-d", "x")]
    [InlineData("export POSIXLY_CORRECT=1", "echo -d x", "-d", "echo", "-d", "x")]
    [InlineData("", "echo -", "echo", "-")]
    [InlineData("", "", "")]
    public async Task What_is_no_option_is_the_command(string shell, string command, params string[] words)
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent agent = host.Agent("V1");

        Outcome run = await host.AsAsync("ada", shell, words);

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(command.Length == 0 ? null : $"command={command}",
            agent.Hello.SingleOrDefault(field => field.StartsWith("command=", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("-f", "Only root may specify -f without -c")]
    [InlineData("-h", "Only root may specify -h without -c")]
    public async Task Who_is_not_root_cannot_choose_who_he_is_or_where_he_comes_from(string option, string why)
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent agent = host.Agent("V1");

        Outcome refused = await host.RunAsync(option, "x", "echo", "run");

        Assert.Equal((1, "", why + "\n"), (refused.ExitCode, refused.Output, refused.Errors));
        Assert.Empty(agent.Hello);
    }

    [Fact]
    public async Task Root_may_say_both()
    {
        await using LoginHost host = await LoginHost.StartAsync();
        using ScriptedAgent agent = host.Agent("V1");

        Outcome run = await host.AsAsync("root", "", "-f", "somebody", "-h", "192.0.2.7", "echo", "run");

        Assert.Equal((0, "run\n"), (run.ExitCode, run.Output));
        Assert.Equal(
            ["version=1", "op=login", "user=root", "service=sallyport-login", "headless=yes", "command=echo run",
                "duo_user=somebody", "rhost=192.0.2.7"], agent.Hello);
    }

    /// <summary>Names are bytes: these are UTF-8, and Latin-1, which is no UTF-8.</summary>
    [Theory]
    [InlineData("\\303\\244.conf")]
    [InlineData("\\344.conf")]
    public async Task The_file_may_have_any_name(string name)
    {
        await using LoginHost host = await LoginHost.StartAsync();

        Outcome run = await host.AsAsync(
            "ada",
            $$"""
            f=$(printf '{{name}}')
            (umask 077; printf '[duo]\nikey = i\nskey = s\nhost = localhost:1\ngroups = nobody-here\n' >"$f")
            set -- "$@" -c "$f" echo run
            """);

        Assert.Equal((0, "run\n"), (run.ExitCode, run.Output));
    }

    [Fact]
    public async Task Setuid_it_does_nothing()
    {
        await using LoginHost host = await LoginHost.StartAsync();
        await host.Sandbox.RunAsync("chmod", "4755", LoginHost.Program);

        Outcome plain = await host.RunAsync("true");
        Outcome config = await host.RunAsync("-c", "/x", "true");

        Assert.Equal((1, "sallyport-login must not be setuid: the agent keeps the secrets\n"), (plain.ExitCode, plain.Errors));
        Assert.Equal((1, "Only root may specify -c or -f\n"), (config.ExitCode, config.Errors));
    }

    [Fact]
    public async Task Somebody_without_an_account_is_nobody()
    {
        await using LoginHost host = await LoginHost.StartAsync();

        Outcome refused = await host.Sandbox.TryAsync("setpriv", "--reuid=54321", LoginHost.Program, "true");

        Assert.Equal((1, "Who are you?\n"), (refused.ExitCode, refused.Errors));
    }

    [Theory]
    [InlineData("[duo]\n", "600", "Missing host, ikey, or skey in FILE")]
    [InlineData("[duo]\nikey = i\nskey = s\nhost = h\nfailmode = secure # x\n", "600", "Invalid failmode: 'secure # x'\nInvalid login_duo option: 'failmode'\nParse error in FILE, line 5")]
    [InlineData("[duo]\nfailmode = safe\nnonsense\n", "600", "Parse error in FILE, line 3")]
    [InlineData("[duo]\nikey = i\nskey = s\nhost = h\n", "644", "FILE must be readable only by user 'ada'")]
    [InlineData(null, "600", "Couldn't open FILE: No such file or directory")]
    public async Task A_file_that_is_wrong_lets_nobody_in(string? text, string mode, string problem)
    {
        await using LoginHost host = await LoginHost.StartAsync();
        if (text is not null)
        {
            host.Sandbox.Write("/tmp/duo.conf", text);
            await host.Sandbox.RunAsync("chown", "ada", "/tmp/duo.conf");
            await host.Sandbox.RunAsync("chmod", mode, "/tmp/duo.conf");
        }

        Outcome refused = await host.RunAsync("-d", "-c", "/tmp/duo.conf", "echo", "run");

        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.StartsWith("[6] Loading config file /tmp/duo.conf\n", refused.Errors, StringComparison.Ordinal);
        Assert.Contains(problem.Replace("FILE", "/tmp/duo.conf", StringComparison.Ordinal) + "\n", refused.Errors, StringComparison.Ordinal);
    }
}
