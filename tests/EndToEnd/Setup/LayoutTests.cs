using System.Text.Json;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Setup;

/// <summary>setup on the files of a distribution as they come, against docs/reference/pam-layouts.md.</summary>
public sealed class Given_a_stock_layout
{
    [Theory]
    [InlineData("debian12", "Debian 12")]
    [InlineData("debian13", "Debian 13")]
    [InlineData("amazon2023", "Amazon Linux 2023")]
    public async Task Setup_leaves_the_files_of_the_page_and_logins_need_both_steps(string layout, string heading)
    {
        await using SetupHost host = await SetupHost.StartAsync(layout);

        await host.SetUpAsync();

        foreach ((string path, string content) in LayoutPage.Files(heading))
        {
            Assert.Equal($"{path}\n{content}", $"{path}\n{host.Sandbox.Read(path)}");
        }

        await AssertBothStepsAsync(host);
        using var doctor = JsonDocument.Parse((await host.Sandbox.TryAsync("sallyport", "doctor", "--json")).Output);
        string[] found = [.. doctor.RootElement.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("id").GetString()!)];
        Assert.DoesNotContain("sshd-not-reloaded", found);
    }

    [Fact]
    public async Task Google_authenticators_line_keeps_its_arguments_but_nullok()
    {
        await using SetupHost host = await SetupHost.StartAsync(change: h => h.Sandbox.Write(
            SetupHost.Pam, h.Sandbox.Read(SetupHost.Pam).Replace(
                "@include common-auth", "auth required pam_google_authenticator.so nullok no_increment_hotp", StringComparison.Ordinal)));

        await host.SetUpAsync();

        Assert.Contains(
            "\nauth       required     pam_sallyport.so no_increment_hotp\n", host.Sandbox.Read(SetupHost.Include), StringComparison.Ordinal);
        await AssertBothStepsAsync(host);
    }

    [Fact]
    public async Task Where_sshd_config_reads_no_drop_ins_the_Include_is_put_first()
    {
        await using SetupHost host = await SetupHost.StartAsync(change: h => h.Sandbox.Write(
            SetupHost.Config, "PermitRootLogin no\n" + h.Sandbox.Read(SetupHost.Config).Replace("\nInclude", "\n#Include", StringComparison.Ordinal)));
        string before = host.Sandbox.Read(SetupHost.Config);

        string shown = await host.SetUpAsync();

        Assert.Contains("does not begin with an Include", shown, StringComparison.Ordinal);
        Assert.EndsWith("\nInclude /etc/ssh/sshd_config.d/*.conf\n" + before, host.Sandbox.Read(SetupHost.Config), StringComparison.Ordinal);
        await AssertBothStepsAsync(host);
    }

    /// <summary>The private sshd has other ports: in copies, and not where a link of the host's leads.</summary>
    [Theory]
    [InlineData("/srv/site/ssh.conf")]
    [InlineData("../../../srv/site/ssh.conf")]
    public async Task A_file_that_a_link_leads_to_is_left_as_it_is(string target)
    {
        const string Site = "Port 22\nPort 2222\nListenAddress 0.0.0.0\nX11Forwarding no\n";
        await using SetupHost host = await SetupHost.StartAsync(change: h => h.Sandbox.Write("/srv/site/ssh.conf", Site));
        await host.Sandbox.RunAsync("ln", "-s", target, "/etc/ssh/sshd_config.d/50-site.conf");
        await host.Sandbox.RunAsync("sh", "-c", "kill -HUP $(cat /run/sshd.pid); while ! ssh-keyscan -p 22 127.0.0.1 >/dev/null 2>&1; do sleep 0.1; done");

        await host.SetUpAsync();

        Assert.Equal(Site, host.Sandbox.Read("/srv/site/ssh.conf"));
        Assert.Equal(target, (await host.Sandbox.RunAsync("readlink", "/etc/ssh/sshd_config.d/50-site.conf")).Trim());
        await AssertBothStepsAsync(host);
    }

    [Fact]
    public async Task What_lets_nobody_past_and_keeps_nobody_out_is_told_and_does_not_stop_it()
    {
        await using SetupHost host = await SetupHost.StartAsync(
            change: h => h.Sandbox.Write("/etc/ssh/sshd_config.d/90-mine.conf", "PermitTunnel yes\n"));

        string shown = await host.SetUpAsync();

        Assert.Contains("Note: permit-tunnel (/etc/ssh/sshd_config.d/90-mine.conf:1)", shown, StringComparison.Ordinal);
        await AssertBothStepsAsync(host);
    }

    [Fact]
    public async Task An_exempt_account_comes_in_by_its_key_alone_and_others_do_not()
    {
        await using SetupHost host = await SetupHost.StartAsync();

        await host.SetUpAsync("--exempt=bob:2099-01-01:backup at night");

        Assert.Equal("bob", (await host.Client.RunAsync(Away.Ssh("-o", "BatchMode=yes", $"bob@{Away.Host}", "id -un"))).Output);
        Assert.Equal(255, (await host.Client.RunAsync(Away.Ssh("-o", "BatchMode=yes", $"alice@{Away.Host}", "id -un"))).ExitCode);
        Assert.DoesNotContain("sallyport-probe-", host.Sandbox.Read(SetupHost.DropIn), StringComparison.Ordinal);
        Assert.DoesNotContain("sallyport-probe-", host.Sandbox.Read(SetupHost.Policy), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_again_it_changes_its_own_files_and_each_undo_goes_back_by_one()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> stock = host.Snapshot();
        await host.SetUpAsync("--exempt=bob:2099-01-01:backup at night");
        Dictionary<string, string> first = host.Snapshot();
        Assert.Equal(0, (await host.SshAsync("alice", "sudo sallyport setup confirm", host.Phone.Passcode())).ExitCode);

        await host.SetUpAsync("--exempt=bob:2099-01-01:backup by day");

        Assert.Equal(first[SetupHost.Pam], host.Snapshot()[SetupHost.Pam]);
        Assert.Contains("reason = backup by day", host.Sandbox.Read(SetupHost.Policy), StringComparison.Ordinal);
        Assert.Equal(0, (await host.SetupAsync("undo")).ExitCode);
        Assert.Equal(first, host.Snapshot());
        Assert.Contains("setup: confirmed", (await host.SetupAsync("status")).Output, StringComparison.Ordinal);

        Assert.Equal(0, (await host.SetupAsync("undo")).ExitCode);
        Assert.Equal(stock, host.Snapshot());
        host.AssertNothingIsLeft();
    }

    [Fact]
    public async Task The_session_line_has_the_account_and_its_end_and_run_again_the_new_ones()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> stock = host.Snapshot();
        Outcome plan = await host.SetupAsync("plan", "--json", SetupHost.BreakGlass);
        Assert.Contains(@"session    required     pam_sallyport.so break_glass=ops:2099-12-31\n", plan.Output, StringComparison.Ordinal);
        await host.SetUpAsync();
        Assert.Equal(0, (await host.SshAsync("alice", "sudo sallyport setup confirm", host.Phone.Passcode())).ExitCode);

        Outcome later = await host.SetupAsync("--break-glass=ops:2199-12-31:another year");

        Assert.True(later.ExitCode == 0, later.ToString());
        Assert.EndsWith("\nsession    required     pam_sallyport.so break_glass=ops:2199-12-31\n",
            host.Sandbox.Read(SetupHost.Include), StringComparison.Ordinal);
        Assert.Equal(0, (await host.SetupAsync("undo")).ExitCode);
        Assert.EndsWith(" break_glass=ops:2099-12-31\n", host.Sandbox.Read(SetupHost.Include), StringComparison.Ordinal);
        Assert.Equal(0, (await host.SetupAsync("undo")).ExitCode);
        Assert.Equal(stock, host.Snapshot());
        host.AssertNothingIsLeft();
    }

    private static async Task AssertBothStepsAsync(SetupHost host)
    {
        await host.Phone.EarlyInStepAsync();
        Login wrong = await host.LoginAsync("alice", host.Phone.WrongPasscode());
        Assert.Equal((255, ""), (wrong.ExitCode, wrong.Output));
        Assert.Equal(255, (await host.Client.RunAsync(Away.Ssh("-o", "BatchMode=yes", $"alice@{Away.Host}", "id -un"))).ExitCode);
        Assert.Equal(255, (await host.LoginAsync("bob", "000000")).ExitCode);

        Login right = await host.LoginAsync("alice", host.Phone.Passcode());
        Assert.True(right is { ExitCode: 0, Output: "alice" }, $"{right}\n{host.Syslog}");
        Login glass = await host.Client.RunAsync(Away.Ssh("-o", "BatchMode=yes", $"ops@{Away.Host}", "id -un"));
        Assert.True(glass is { ExitCode: 0, Output: "ops" }, $"{glass}\n{host.Syslog}");
        Assert.Contains(host.Syslog.Lines, line => line.Severity == 1 && line.Text.Contains("ops", StringComparison.Ordinal));

        await host.Agent.KillAsync();
        glass = await host.Client.RunAsync(["ssh", "-o", "BatchMode=yes", "ops@127.0.0.1", "id -un"]);
        Assert.True(glass is { ExitCode: 0, Output: "ops" }, $"{glass}\n{host.Syslog}");
        await host.Syslog.LineAsync("BREAK-GLASS account ops is used while the agent does not answer, from 127.0.0.1");
    }
}
