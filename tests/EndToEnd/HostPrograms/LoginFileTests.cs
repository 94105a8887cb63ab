using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.Server;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>sallyport-login -c FILE, without an agent: an ordinary user protects his own account, by our server.</summary>
public sealed class LoginFileTests
{
    private const string From = "127.0.0.1";
    private const string File = "/home/alice/.duo.conf";

    private const string Ssh = """
        Subsystem sftp /usr/lib/openssh/sftp-server
        Match all
            AuthenticationMethods publickey
            AcceptEnv DUO_PASSCODE
            ForceCommand /usr/sbin/sallyport-login -c ~/.duo.conf
        """;

    public static TheoryData<string> WithACode => [.. Transfers.To("server", "-o SendEnv=DUO_PASSCODE")];

    [Theory]
    [MemberData(nameof(WithACode))]
    public async Task Facts_3_11_a_passcode_in_the_environment_carries_a_file(string command)
    {
        (DuoHost host, Authenticator phone) = await StartAsync("accept_env_factor = yes");
        await using DuoHost own = host;
        host.Sandbox.Write(Transfers.Here, Transfers.Letter);

        Login transfer = await host.Client.RunAsync(["sh", "-c", $"export DUO_PASSCODE={phone.Passcode()}; {command}"]);

        Assert.True(transfer.ExitCode == 0, $"{transfer}\n{host.Syslog}");
        Assert.Equal(Transfers.Letter, host.Sandbox.Read(Transfers.There));
        Assert.StartsWith("success valid_passcode", Assert.Single(await host.Server.AuditAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_passcodes_alone_and_sends_none_is_refused_headless_and_sees_nothing()
    {
        (DuoHost host, _) = await StartAsync("");
        await using DuoHost own = host;

        Login login = await host.CommandAsync("alice", "id");

        Assert.Equal((1, ""), (login.ExitCode, login.Output));
        Assert.Equal("", login.Errors);
    }

    [Fact]
    public async Task At_a_terminal_the_menu_is_the_servers_and_a_passcode_opens_a_shell()
    {
        (DuoHost host, Authenticator phone) = await StartAsync("motd = yes");
        await using DuoHost own = host;
        host.Sandbox.Write("/etc/motd", "Be kind.\n");

        (int exit, string seen) = await host.ShellAsync("alice", phone.Passcode());

        Assert.True(exit == 7, seen);
        Assert.Contains("Duo two-factor login for alice\n\nPasscode: ", seen, StringComparison.Ordinal);
        Assert.Contains("Success. Logging you in...\nBe kind.\n", seen, StringComparison.Ordinal);
        Assert.Equal([$"success valid_passcode duo_mobile_passcode alice shell {From}"], await host.Server.AuditAsync());
        LogLine line = await host.Syslog.LineAsync($"Successful Duo login for 'alice' from {From}");
        Assert.Equal((1, LogLine.Info), (line.Facility, line.Severity));
    }

    [Fact]
    public async Task A_wrong_passcode_is_asked_three_times_and_refused()
    {
        (DuoHost host, Authenticator phone) = await StartAsync("");
        await using DuoHost own = host;
        string wrong = phone.WrongPasscode();

        // The same one again would be the same question to the server, asked twice.
        (int exit, string seen) = await host.ShellAsync("alice", wrong, $"{wrong[1..]}1", $"{wrong[1..]}2");

        Assert.True((exit, seen.Split("Incorrect passcode. Please try again.").Length) == (1, 4), $"{exit} {seen}\n{host.Syslog}");
    }

    [Theory]
    [InlineData("groups = nobody-here", "[6] User alice bypassed Duo 2FA due to user's UNIX group\n", 0)]
    [InlineData("groups = !alice", "All configured groups are negated; no user can match", 0)]
    [InlineData("groups = alice", "Aborted Duo login for 'alice'", 1)] // bob's server would ask her
    [InlineData("send_gecos = yes", "[4] Empty GECOS field for 'alice'\n", 1)]
    [InlineData("cafile = nonexistent/ca.pem", "[3] Couldn't open Duo API handle for 'alice'", 1)]
    [InlineData("host = localhost:1", "Failsecure Duo login for 'alice': Couldn't connect to localhost:1: Failed to connect", 1)]
    [InlineData("host = localhost:1\nfailmode = safe", "Failsafe Duo login for 'alice': Couldn't connect to localhost:1: Failed to connect", 0)]
    [InlineData("noverify = 1\ncafile = /nonexistent", "[4] TLS certificate verification is disabled", 1)]
    public async Task What_the_file_says_holds(string line, string said, int status)
    {
        (DuoHost host, _) = await StartAsync(line);
        await using DuoHost own = host;
        await host.Server.RunAsync("user", "disable", "alice");

        Outcome login = await host.Sandbox.TryAsync("runuser", "-u", "alice", "--", "/usr/sbin/login_duo", "-d", "-c", File, "true");

        Assert.True(login.Errors.Contains(said, StringComparison.Ordinal), login.ToString());
        Assert.True(login.ExitCode == status, login.ToString());
        Assert.StartsWith($"[6] Loading config file {File}\n", login.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_name_and_another_place_may_be_given()
    {
        (DuoHost host, _) = await StartAsync("");
        await using DuoHost own = host;
        await host.Server.RunAsync("user", "add", "somebody", "--bypass");

        Outcome login = await host.Sandbox.TryAsync("runuser", "-u", "alice", "--",
            "/usr/sbin/login_duo", "-d", "-c", File, "-f", "somebody", "-h", "192.0.2.7", "echo", "run");

        Assert.Equal((0, "run\n"), (login.ExitCode, login.Output));
        Assert.Contains("[4] Skipped Duo login for 'somebody' from 192.0.2.7: ", login.Errors, StringComparison.Ordinal);
        Assert.EndsWith(" somebody shell 192.0.2.7", Assert.Single(await host.Server.AuditAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_without_a_name_refuses_because_it_might_be_one_that_is_asked()
    {
        (DuoHost host, _) = await StartAsync("groups = nobody-here\nfailmode = safe");
        await using DuoHost own = host;
        await host.Sandbox.RunAsync("sed", "-i", "/^alice:/d", "/etc/group");

        Outcome login = await host.Sandbox.TryAsync("runuser", "-u", "alice", "--", "/usr/sbin/login_duo", "-d", "-c", File, "true");

        Assert.True(login.ExitCode == 1, login.ToString());
        Assert.Contains("[3] Couldn't get groups for 'alice': group ", login.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SSH_CONNECTION=badhost 1 192.0.2.9 22", "192.0.2.9")]
    [InlineData("SSH_CONNECTION=badhost 1 server 22", "198.51.100.4")] // the way to the rest of the world
    [InlineData("SSH_CONNECTION=2001:db8::7 1 ::1 22", "2001:db8::7")]
    public async Task A_client_that_is_no_number_becomes_this_host_where_the_file_says_so_and_that_is_logged(
        string connection, string reported)
    {
        const string routes = "ip addr add 198.51.100.4/32 dev lo; ip route add 192.0.2.0/24 dev lo src 198.51.100.4";
        (DuoHost host, _) = await StartAsync("fallback_local_ip = yes");
        await using DuoHost own = host;
        await host.Server.RunAsync("user", "add", "somebody", "--bypass");
        await host.Sandbox.RunAsync("sh", "-ec", routes);

        Outcome login = await host.Sandbox.TryAsync("runuser", "-u", "alice", "--", "env", connection,
            "/usr/sbin/login_duo", "-d", "-c", File, "-f", "somebody", "true");

        Assert.True(login.ExitCode == 0, login.ToString());
        Assert.Contains($"[4] Skipped Duo login for 'somebody' from {reported}: ", login.Errors, StringComparison.Ordinal);
        Assert.Equal(
            connection.Contains("badhost", StringComparison.Ordinal),
            login.Errors.Contains("[4] fallback_local_ip is replacing the remote client address", StringComparison.Ordinal));
        Assert.EndsWith($" somebody shell {reported}", Assert.Single(await host.Server.AuditAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_file_of_somebody_else_is_no_way_in()
    {
        (DuoHost host, _) = await StartAsync("");
        await using DuoHost own = host;
        await host.Sandbox.RunAsync("chmod", "755", "/home/alice");
        await host.AddAccountAsync("bob");

        Outcome login = await host.Sandbox.TryAsync("runuser", "-u", "bob", "--", "/usr/sbin/login_duo", "-d", "-c", File, "true");

        Assert.Equal(1, login.ExitCode);
        Assert.EndsWith($"Couldn't open {File}: Permission denied\n", login.Errors, StringComparison.Ordinal);
    }

    /// <param name="lines">Of the file, behind what "application add" prints.</param>
    private static async Task<(DuoHost Host, Authenticator Phone)> StartAsync(string lines)
    {
        DuoHost host = await DuoHost.StartAsync(Ssh, [], []);
        host.Sandbox.Copy(Built.Login, LoginHost.Program);
        await host.Sandbox.RunAsync("ln", "-sf", "sallyport-login", "/usr/sbin/login_duo");
        Authenticator phone = await host.EnrolAsync("alice");
        host.Sandbox.Write(File, $"{host.Section.TrimEnd()}\n{lines}\n", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await host.Sandbox.RunAsync("chown", "alice", File);
        return (host, phone);
    }
}
