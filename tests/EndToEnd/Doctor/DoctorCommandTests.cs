using System.Diagnostics;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Doctor;

/// <summary>What else there is to find, and the command itself: who may run it, how much, and that it changes nothing.</summary>
public sealed class DoctorCommandTests
{
    private const string Program = "/usr/bin/sallyport";
    private const string Warden = "Match User warden\nAuthenticationMethods publickey";

    // What was done, the finding, its severity, and a part of where it is.
    public static TheoryData<string, string, string, string> Marks => new()
    {
        { "echo 'ChallengeResponseAuthentication yes' >> /etc/ssh/sshd_config", "legacy-names", "note", "/etc/ssh/sshd_config:" },
        { "echo 'PermitTunnel yes' >> /etc/ssh/sshd_config", "permit-tunnel", "warning", "/etc/ssh/sshd_config:" },
        { "echo 'PermitUserEnvironment yes' >> /etc/ssh/sshd_config", "user-environment", "warning", "/etc/ssh/sshd_config:" },
        { "echo 'LoginGraceTime 0' >> /etc/ssh/sshd_config", "login-grace-time", "warning", "/etc/ssh/sshd_config:" },
        { "chmod 0600 /run/sallyport/agent.sock", "socket-modes", "warning", "/run/sallyport/agent.sock" },
        { "chown alice /run/sallyport", "socket-modes", "error", "/run/sallyport/agent.sock" },
        { "mkdir -p -m 700 /var/lib/sallyport/invitations; echo x > /var/lib/sallyport/invitations/bob", "invitation-expired", "note", "/var/lib/sallyport/invitations" },
        { "printf '[totp]\nhome_files = no\n[policy]\nenrolment = allow until 2099-01-01\n' > /etc/sallyport/sallyport.conf", "enrolment-allow", "note", "/etc/sallyport/sallyport.conf:4" },
        { "echo '[policy]' > /etc/sallyport/sallyport.conf", "break-glass-missing", "warning", "/etc/sallyport/sallyport.conf" },
        { "true", "break-glass-missing", "note", "/etc/sallyport/sallyport.conf" },
        { "printf '[exempt nobody-here]\nreason = x\nuntil = 2099-01-01\n' > /etc/sallyport/sallyport.conf", "exempt-unknown", "warning", "/etc/sallyport/sallyport.conf:1" },
        { "printf '[exempt alice]\nreason = x\nuntil = %s\n' $(date -u -d '+3 days' +%F) > /etc/sallyport/sallyport.conf", "exempt-ending", "warning", "/etc/sallyport/sallyport.conf:1" },
        { "printf '[break_glass alice]\nreason = x\nuntil = %s\n' $(date -u -d '+30 days' +%F) > /etc/sallyport/sallyport.conf", "exempt-ending", "warning", "/etc/sallyport/sallyport.conf:1" },
        { "printf '[exempt alice]\nreason = x\nuntil = %s\n' $(date -u -d '+20 days' +%F) > /etc/sallyport/sallyport.conf", "exempt", "note", "/etc/sallyport/sallyport.conf:1" },
        { "printf '[exempt alice]\nreason = x\nuntil = 2099-01-01\n' > /etc/sallyport/sallyport.conf", "exempt", "note", "/etc/sallyport/sallyport.conf:1" },
        { "printf '[break_glass alice]\nreason = x\nuntil = 2099-01-01\n' > /etc/sallyport/sallyport.conf", "break-glass-unused", "warning", "/etc/sallyport/sallyport.conf:1" },
        { "printf '[break_glass alice]\nreason = x\nuntil = 2099-01-01\n' > /etc/sallyport/sallyport.conf; rm /etc/ssh/authorized_keys/alice", "break-glass-keys", "warning", "/etc/sallyport/sallyport.conf:1" },
        { "printf '[break_glass alice]\nreason = x\nuntil = 2099-01-01\n' > /etc/sallyport/sallyport.conf; chmod 0777 /etc/ssh/authorized_keys", "break-glass-keys", "warning", "/etc/ssh/authorized_keys" },
        { "echo '[policy]' > /etc/sallyport/sallyport.conf; sed -i 's/pam_sallyport.so/& nullok/' /etc/pam.d/sshd", "pam-nullok-dead", "note", "/etc/pam.d/sshd:1" },
        { "mkdir /home/alice/.ssh; touch /home/alice/.ssh/rc", "user-rc", "note", "/home/alice/.ssh/rc" },
        { "true", "sshd-generation", "note", "/usr/sbin/sshd" },
    };

    [Theory]
    [MemberData(nameof(Marks))]
    public async Task It_tells_what_is_found_how_bad_and_where(string done, string id, string severity, string where)
    {
        await using DoctorHost host = await DoctorHost.StartAsync(new() { Later = done });

        Diagnosis diagnosis = await host.DoctorAsync();

        Assert.True(diagnosis.Findings.Any(f => f.Id == id && f.Severity == severity
            && f.Where.StartsWith(where, StringComparison.Ordinal)), diagnosis.Text);
    }

    [Fact]
    public async Task It_changes_nothing()
    {
        const string state = "find /etc /var/lib/sallyport /home /run/sallyport -printf '%p %M %U %T@ %C@\\n' | sort";
        await using DoctorHost host = await DoctorHost.StartAsync(new() { Shell = "rm -rf /var/lib/sallyport/totp" });
        string before = await host.Sandbox.RunAsync("sh", "-c", state);

        await host.DoctorAsync();

        Assert.Equal(before, await host.Sandbox.RunAsync("sh", "-c", state));
    }

    [Fact]
    public async Task Nobody_but_root_gets_an_answer()
    {
        await using DoctorHost host = await DoctorHost.StartAsync(new());

        Outcome outcome = await host.Sandbox.TryAsync("runuser", "-u", "alice", "--", Program, "doctor");

        Assert.Equal((1, ""), (outcome.ExitCode, outcome.Output));
        Assert.Contains("only root", outcome.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--jsno")]
    [InlineData("alice")]
    public async Task A_wrong_command_line_is_told(string word)
    {
        await using DoctorHost host = await DoctorHost.StartAsync(new());

        Outcome outcome = await host.Sandbox.TryAsync(Program, "doctor", word);

        Assert.Equal((64, ""), (outcome.ExitCode, outcome.Output));
        Assert.Contains("usage: sallyport doctor", outcome.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_looks_at_the_accounts_that_are_named_and_at_no_others()
    {
        await using DoctorHost host = await DoctorHost.StartAsync(new() { People = ["warden"], Last = Warden });

        Assert.DoesNotContain("key-alone", (await host.DoctorAsync("--user", "alice")).Ids);
        Assert.Contains("key-alone", (await host.DoctorAsync("--user=alice", "--user=warden")).Ids);
        Assert.Equal(1, (await host.Sandbox.TryAsync(Program, "doctor", "--user=nobody-here")).ExitCode);
    }

    [Fact]
    public async Task Who_is_not_named_is_there_all_the_same()
    {
        await using DoctorHost host = await DoctorHost.StartAsync(new()
        {
            People = ["bob"],
            Shell = "groupadd mfa; usermod -aG mfa alice",
            Configuration = "[policy]\nask = mfa\n",
        });

        Diagnosis root = await host.DoctorAsync("--user=root");

        Assert.Contains(root.Findings, f => f is { Id: "root-key-only", Severity: "note" });
        Assert.DoesNotContain("ask-group-empty", root.Ids);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(-10, "warning")]
    [InlineData(45, "error")]
    public async Task It_asks_the_servers_of_this_host_for_the_time(int behind, string? severity)
    {
        await using DoctorHost host = await DoctorHost.StartAsync(new()
        {
            Shell = $"""
                mkdir -p /etc/chrony/sources.d
                echo 'server 127.0.0.1 iburst' >/etc/chrony/sources.d/mine.sources
                {TimeServer(behind)}
                """,
        });

        Diagnosis diagnosis = await host.DoctorAsync();

        Assert.Equal(severity, diagnosis.Findings.Where(f => f.Id == "clock-offset").Select(f => f.Severity).SingleOrDefault());
        Assert.DoesNotContain("clock-unmeasured", diagnosis.Ids);
        // It has answered once, and is gone.
        Assert.Equal("note", Unmeasured(await host.DoctorAsync()));
        Assert.Equal("warning", Unmeasured(await host.DoctorAsync("--time-server=127.0.0.1:124")));
    }

    /// <summary>No file names a server: it came with the program, or by DHCP.</summary>
    [Theory]
    [InlineData("mkdir -p /run/systemd/system /run/systemd/timesync", "timedatectl", "printf 'ServerName=time.example.org\\nServerAddress=127.0.0.1\\n'")]
    [InlineData("mkdir -p /run/systemd/system /run/systemd/timesync", "timedatectl", "printf 'ServerName=127.0.0.1\\nServerAddress=\\n'")]
    [InlineData("true", "chronyc", "printf '#,*,PHC0,0,0,377,8,0,0,0\\n^,?,127.0.0.1,2,6,377,8,0,0,0\\n'")]
    public async Task It_asks_whom_the_hosts_own_time_service_asks(string before, string program, string says)
    {
        await using DoctorHost host = await DoctorHost.StartAsync(new() { Shell = $"{before}\n{TimeServer(45)}" });
        Assert.Equal("note", Unmeasured(await host.DoctorAsync()));
        host.Sandbox.Write($"/usr/bin/{program}", $"#!/bin/sh\n{says}\n", (UnixFileMode)0x1ED /* 0755 */);

        Diagnosis diagnosis = await host.DoctorAsync();

        Assert.Contains(diagnosis.Findings, f => f is { Id: "clock-offset", Severity: "error" });
        Assert.Contains("says 127.0.0.1\"", diagnosis.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_time_service_that_never_answers_does_not_hold_it_up()
    {
        await using DoctorHost host = await DoctorHost.StartAsync(new());
        host.Sandbox.Write("/usr/bin/chronyc", "#!/bin/sh\nexec sleep 1000\n", (UnixFileMode)0x1ED /* 0755 */);

        Assert.Equal("note", Unmeasured(await host.DoctorAsync()));
    }

    private static string? Unmeasured(Diagnosis diagnosis) =>
        diagnosis.Findings.Where(f => f.Id == "clock-unmeasured").Select(f => f.Severity).SingleOrDefault();

    /// <summary>It answers once.</summary>
    private static string TimeServer(int behind) => $$"""
        perl -MIO::Socket::INET -e '
            $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 123, Proto => "udp") or die;
            if (fork) { exit }
            close(STDOUT); close(STDERR);
            $s->recv($q, 48);
            $t = time + 2208988800 + {{behind}};
            $s->send(pack("C4 N2 a4 N2 a8 N4", 0x24, 2, 0, 0, 0, 0, "TEST", 0, 0, substr($q, 40, 8), $t, 0, $t, 0))'
        """;

    [Fact]
    public async Task What_one_line_does_in_many_cases_is_one_finding()
    {
        await using DoctorHost host = await DoctorHost.StartAsync(new()
        {
            First = "AuthenticationMethods publickey",
            Last = string.Join('\n', Enumerable.Range(1, 20).Select(i => $"Match Address 10.0.0.{i}\nMaxSessions {i}")),
        });

        Diagnosis diagnosis = await host.DoctorAsync("--user=alice");

        Assert.Single(diagnosis.Ids, "key-alone");
        Assert.Contains("and 18 more such cases", diagnosis.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_reads_what_why_and_how_to_mend_it()
    {
        await using DoctorHost host = await DoctorHost.StartAsync(new() { Last = "Match User alice\nAuthenticationMethods publickey" });

        Outcome outcome = await host.Sandbox.TryAsync(Program, "doctor");

        Assert.Equal(1, outcome.ExitCode);
        string[] lines = outcome.Output.Split('\n');
        Assert.StartsWith("error key-alone (/etc/ssh/sshd_config:", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("  what: 'publickey' lets in alice without a code", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("  why:  ", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("  mend: ", lines[3], StringComparison.Ordinal);
        Assert.StartsWith("1 errors, ", lines[^2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mkfifo /home/alice/.ssh/authorized_keys")]
    [InlineData("ln -s /dev/zero /home/alice/.ssh/authorized_keys")]
    public async Task What_a_user_puts_in_the_place_of_his_keys_does_not_hold_it_up(string place)
    {
        await using DoctorHost host = await DoctorHost.StartAsync(new()
        {
            First = "AuthorizedKeysFile .ssh/authorized_keys",
            Shell = $"mkdir /home/alice/.ssh; touch /home/alice/.ssh/rc; {place}",
        });

        Assert.Contains("user-rc", (await host.DoctorAsync()).Ids);
    }

    [Fact]
    public async Task Neither_the_callers_environment_nor_a_process_that_calls_itself_sshd_changes_the_answer()
    {
        await using DoctorHost host = await DoctorHost.StartAsync(new());
        host.Sandbox.Write("/home/alice/sshd", "#!/bin/sh\necho usepam no\n", (UnixFileMode)0x1ED /* 0755 */);
        await host.Sandbox.RunAsync("sh", "-c",
            "echo 'AuthenticationMethods any' > /home/alice/conf; runuser -u alice -- bash -c 'exec -a \"sshd: /usr/sbin/sshd -f /home/alice/conf [listener] 0\" sleep 60' > /dev/null 2>&1 & ");

        Outcome outcome = await host.Sandbox.TryAsync("env", "PATH=/home/alice", Program, "doctor");

        Assert.True(outcome.ExitCode == 0, outcome.ToString());
    }

    [Fact]
    public async Task A_hundred_match_lines_and_ten_thousand_accounts_are_looked_at_in_seconds()
    {
        string matches = string.Join('\n', Enumerable.Range(0, 50).Select(i =>
            $"Match User p{i}*\nMaxSessions {i + 1}\nMatch Address 10.{i}.0.0/16\nMaxSessions {i + 2}"));
        await using DoctorHost host = await DoctorHost.StartAsync(new()
        {
            Last = $"{matches}\nMatch User p7777\nAuthenticationMethods publickey",
            Shell = """
                for i in $(seq 10000); do echo "p$i:x:$((20000 + i)):100::/home/p$i:/bin/bash"; done >> /etc/passwd
                """,
        });
        long start = Stopwatch.GetTimestamp();

        Diagnosis diagnosis = await host.DoctorAsync();

        TimeSpan took = Stopwatch.GetElapsedTime(start);

        Assert.InRange(took.TotalSeconds, 0, 30);
        Assert.Contains("p7777", diagnosis.Text, StringComparison.Ordinal);
        Assert.Contains("key-alone", diagnosis.Ids);
        Assert.Contains("sampled", diagnosis.Ids);
    }
}
