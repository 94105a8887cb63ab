using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Server;

/// <summary>
/// What fails before anybody is asked. failmode says what such a login comes to, so it is tried with both; for facts 0.8
/// and 1.7 of Duo's clients only what the administrator wrote there decides, never the server.
/// </summary>
public sealed partial class Given_a_host_whose_login_duo_cannot_ask
{
    [Theory]
    [InlineData("secure", 1)]
    [InlineData("safe", 0)]
    public async Task Facts_0_8_1_7_3_10_with_the_server_down_failmode_decides(string failMode, int exit)
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        await host.EnrolAsync("alice");
        await host.WriteAsync(FailMode(host, failMode));
        await host.Server.EndAsync();

        Login login = await host.CommandAsync("alice", "id -un");

        Assert.Equal((exit, exit == 0 ? "alice" : ""), (login.ExitCode, login.Output));
        await host.Syslog.LineAsync(exit == 0 ? "Failsafe Duo login for 'alice'" : "Failsecure Duo login for 'alice'");
        Assert.Empty(await host.Server.AuditAsync());
    }

    [Fact]
    public async Task The_section_that_is_printed_says_secure()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();

        Assert.Contains("\nfailmode = secure\n", host.Section, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secure", 1)]
    [InlineData("safe", 0)]
    public async Task Facts_1_5_a_wrong_secret_key_is_401_so_failmode_decides(string failMode, int exit)
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        await host.EnrolAsync("alice");
        await host.WriteAsync(SecretKey().Replace(FailMode(host, failMode), "skey = " + new string('a', 40)));

        Login login = await host.CommandAsync("alice", "id -un");

        Assert.Equal(exit, login.ExitCode);
        await host.Syslog.LineAsync("Invalid ikey or skey");
        Assert.DoesNotContain(await host.Server.AuditAsync(), row => row.StartsWith("success", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Facts_0_8_after_too_many_of_them_it_is_429_which_is_refused_even_with_failmode_safe()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        await host.EnrolAsync("alice");
        await host.WriteAsync(SecretKey().Replace(FailMode(host, "safe"), "skey = " + new string('a', 40)));
        await host.Sandbox.RunAsync(
            "curl", "-s", "--output", "/dev/null", "--cacert", DuoHost.CaFile, $"https://{DuoServer.Host}/[1-70]");

        Login login = await host.CommandAsync("alice", "id -un");

        Assert.Equal((1, ""), (login.ExitCode, login.Output));
        await host.Syslog.LineAsync("HTTP 429");
    }

    [Theory]
    [InlineData("secure", 1)]
    [InlineData("safe", 0)]
    public async Task Facts_0_1_undated_signatures_are_401_unless_legacy_clients_are_taken(string failMode, int exit)
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        await host.EnrolAsync("alice");
        string strict = await host.Server.RunAsync("application", "add", "strict");
        await host.WriteAsync(strict.Replace("failmode = secure", $"failmode = {failMode}", StringComparison.Ordinal));

        Login login = await host.CommandAsync("alice", "id -un");

        Assert.Equal(exit, login.ExitCode);
        await host.Syslog.LineAsync("Invalid ikey or skey");
    }

    [Theory]
    [InlineData("secure", 1)]
    [InlineData("safe", 0)]
    public async Task Facts_0_6_another_ca_is_no_server_so_failmode_decides(string failMode, int exit)
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        await host.EnrolAsync("alice");
        await host.WriteAsync(FailMode(host, failMode));
        await host.Sandbox.RunAsync("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-subj", "/CN=Somebody else", "-keyout", "/dev/null", "-out", DuoHost.CaFile);

        Login login = await host.CommandAsync("alice", "id -un");

        Assert.Equal(exit, login.ExitCode);
        await host.Syslog.LineAsync("certificate verify failed");
        Assert.Empty(await host.Server.AuditAsync());
    }

    [Fact]
    public async Task Facts_1_8_a_ca_that_the_privilege_separation_user_cannot_read_denies_even_with_safe()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        await host.EnrolAsync("alice");
        await host.WriteAsync(FailMode(host, "safe"));
        await host.Sandbox.RunAsync("chmod", "600", DuoHost.CaFile);

        Login login = await host.CommandAsync("alice", "id -un");

        Assert.Equal((1, ""), (login.ExitCode, login.Output));
        await host.Syslog.LineAsync("Couldn't open Duo API handle");
    }

    [Fact]
    public async Task Facts_0_6_the_name_in_the_certificate_is_compared_capitals_and_all()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        await host.EnrolAsync("alice");
        await host.WriteAsync(host.Section.Replace(DuoServer.Host, "Duo.example.org", StringComparison.Ordinal));

        Login login = await host.CommandAsync("alice", "id -un");

        Assert.Equal((1, ""), (login.ExitCode, login.Output));
        await host.Syslog.LineAsync("Failsecure Duo login for 'alice'");
    }

    private static string FailMode(DuoHost host, string mode) =>
        host.Section.Replace("failmode = secure", $"failmode = {mode}", StringComparison.Ordinal);

    [GeneratedRegex("^skey = .*$", RegexOptions.Multiline)]
    private static partial Regex SecretKey();
}
