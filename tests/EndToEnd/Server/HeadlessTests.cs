using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Server;

/// <summary>
/// Whoever has a command or no terminal is headless to login_duo: it prints nothing, takes the default factor and tries
/// once. The numbers in the names are those of the facts about Duo's clients.
/// </summary>
public sealed class Given_a_client_that_login_duo_calls_headless
{
    private const string Here = "/root/letter";
    private const string There = "/home/alice/letter";
    private const string EnvironmentFactor = "accept_env_factor = yes\n";

    public static TheoryData<string> Transfers => new()
    {
        $"scp -o SendEnv=DUO_PASSCODE {Here} alice@server:{There}",
        $"scp -O -o SendEnv=DUO_PASSCODE {Here} alice@server:{There}",
        $"echo 'put {Here} {There}' | sftp -o SendEnv=DUO_PASSCODE -b - alice@server",
    };

    public static TheoryData<string> WithoutACode => new()
    {
        "ssh alice@server id",
        "ssh -tt alice@server id",
        "ssh -T alice@server </dev/null",
        $"scp {Here} alice@server:{There}",
        $"echo 'put {Here} {There}' | sftp -b - alice@server",
    };

    [Theory]
    [MemberData(nameof(Transfers))]
    public async Task Facts_0_9_a_passcode_in_the_environment_carries_a_file(string command)
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        await host.WriteAsync(host.Section + EnvironmentFactor);
        host.Sandbox.Write(Here, "Dear Bob");

        Login transfer = await host.Client.RunAsync(["sh", "-c", $"export DUO_PASSCODE={phone.Passcode()}; {command}"]);

        Assert.True(transfer.ExitCode == 0, $"{transfer}\n{host.Syslog}");
        Assert.Equal("Dear Bob", host.Sandbox.Read(There));
        Assert.StartsWith("success valid_passcode", Assert.Single(await host.Server.AuditAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Facts_0_9_a_wrong_passcode_in_the_environment_carries_nothing()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        await host.WriteAsync(host.Section + EnvironmentFactor);

        Login login = await host.Client.RunAsync(["sh", "-c",
            $"DUO_PASSCODE={phone.WrongPasscode()} ssh -o SendEnv=DUO_PASSCODE alice@server id"]);

        Assert.Equal((1, ""), (login.ExitCode, login.Output));
        Assert.Contains(" invalid_passcode ", (await host.Server.AuditAsync())[^1], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(WithoutACode))]
    public async Task Facts_0_9_who_has_passcodes_alone_is_refused_and_not_counted(string command)
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        await host.EnrolAsync("alice");
        host.Sandbox.Write(Here, "Dear Bob");

        Login login = await host.Client.RunAsync(["sh", "-c", command]);

        Assert.NotEqual(0, login.ExitCode);
        Assert.Equal("", login.Output);
        Assert.False(host.Sandbox.Exists(There));
        Assert.Contains(" no_activated_duo_mobile_account ", Assert.Single(await host.Server.AuditAsync()), StringComparison.Ordinal);
        Assert.Contains("wrong passcodes  0", await host.Server.RunAsync("user", "show", "alice"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_errors_and_exit_status_of_the_command_come_through()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        await host.AddAccountAsync("bob");
        await host.Server.RunAsync("user", "add", "bob", "--bypass");

        Login login = await host.CommandAsync("bob", "echo out; echo err >&2; exit 7");

        Assert.Equal((7, "out"), (login.ExitCode, login.Output));
        Assert.EndsWith("err\n", login.Errors, StringComparison.Ordinal);
        Assert.StartsWith("success bypass_user", Assert.Single(await host.Server.AuditAsync()), StringComparison.Ordinal);
    }
}
