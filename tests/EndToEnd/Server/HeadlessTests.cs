using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Server;

/// <summary>
/// Whoever has a command or no terminal is headless to login_duo: it prints nothing, takes the default factor and tries
/// once. The numbers in the names are those of the facts about Duo's clients.
/// </summary>
public sealed class Given_a_client_that_login_duo_calls_headless
{
    private const string EnvironmentFactor = "accept_env_factor = yes\n";

    public static TheoryData<string> WithACode => [.. Transfers.To("server", "-o SendEnv=DUO_PASSCODE")];

    public static TheoryData<string> WithoutACode => new()
    {
        "ssh alice@server id",
        "ssh -tt alice@server id",
        "ssh -T alice@server </dev/null",
        $"scp {Transfers.Here} alice@server:{Transfers.There}",
        $"scp -O {Transfers.Here} alice@server:{Transfers.There}",
        $"echo 'put {Transfers.Here} {Transfers.There}' | sftp -b - alice@server",
        $"rsync {Transfers.Here} alice@server:{Transfers.There}",
        $"echo 'echo Dear Bob >{Transfers.There}' | ssh -T alice@server",
    };

    [Theory]
    [MemberData(nameof(WithACode))]
    public async Task Facts_0_9_a_passcode_in_the_environment_carries_a_file(string command)
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        await host.WriteAsync(host.Section + EnvironmentFactor);
        host.Sandbox.Write(Transfers.Here, Transfers.Letter);

        Login transfer = await host.Client.RunAsync(["sh", "-c", $"export DUO_PASSCODE={phone.Passcode()}; {command}"]);

        Assert.True(transfer.ExitCode == 0, $"{transfer}\n{host.Syslog}");
        Assert.Equal(Transfers.Letter, host.Sandbox.Read(Transfers.There));
        string row = Assert.Single(await host.Server.AuditAsync());
        Assert.StartsWith("success valid_passcode", row, StringComparison.Ordinal);
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
        host.Sandbox.Write(Transfers.Here, Transfers.Letter);

        Login login = await host.Client.RunAsync(["sh", "-c", command]);

        Assert.NotEqual(0, login.ExitCode);
        Assert.Equal("", login.Output);
        Assert.False(host.Sandbox.Exists(Transfers.There));
        string row = Assert.Single(await host.Server.AuditAsync());
        Assert.Contains(" no_activated_duo_mobile_account ", row, StringComparison.Ordinal);
        string alice = await host.Server.RunAsync("user", "show", "alice");
        Assert.Contains("wrong passcodes  0", alice, StringComparison.Ordinal);
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

    [Fact]
    public async Task Facts_0_4_a_login_is_two_requests_over_one_connection()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync(_ => Task.CompletedTask, "--metrics", "127.0.0.1:9464");
        Authenticator phone = await host.EnrolAsync("alice");
        await host.WriteAsync(host.Section + EnvironmentFactor);
        long before = Accepted(host);

        Login login = await host.Client.RunAsync(["sh", "-c",
            $"DUO_PASSCODE={phone.Passcode()} ssh -o SendEnv=DUO_PASSCODE alice@server id -un"]);
        long accepted = Accepted(host) - before;
        string metrics = await host.Sandbox.RunAsync("curl", "--silent", "http://127.0.0.1:9464/metrics");

        Assert.Equal((0, "alice"), (login.ExitCode, login.Output));
        Assert.Equal(2, accepted); // sshd's, and the server's one
        string[] answered = [.. metrics.Split('\n').Where(line => line.StartsWith(
            "sallyport_request_duration_seconds_count{route=\"/rest/v1/", StringComparison.Ordinal))];
        Assert.Equal(2, answered.Length); // 1.11.3 speaks BSON and does not ping
        Assert.All(answered, line => Assert.EndsWith("auth.bson\",status=\"200\"} 1", line, StringComparison.Ordinal));
    }

    /// <summary>Connections that any program of the sandbox has accepted (RFC 4022, tcpPassiveOpens).</summary>
    private static long Accepted(DuoHost host)
    {
        string[][] tcp = [.. File.ReadLines(host.Sandbox.Outside("/proc/1/net/snmp"))
            .Where(line => line.StartsWith("Tcp: ", StringComparison.Ordinal)).Select(line => line.Split(' '))];
        return long.Parse(tcp[1][Array.IndexOf(tcp[0], "PassiveOpens")], System.Globalization.CultureInfo.InvariantCulture);
    }
}
