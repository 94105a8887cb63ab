using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Server;

/// <summary>What keeps the server from starting is one line that says what to do: no stack, exit status 1.</summary>
public sealed class Given_what_keeps_the_server_from_starting
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_port_that_cannot_be_had_is_named_with_what_to_do()
    {
        Tools.MustBeThere("socat");
        await using Sandbox sandbox = await StartAsync();
        await sandbox.RunAsync("sallyport-server", "init", "--public-host", DuoServer.Host);
        using Command taken = sandbox.Start(["socat", "TCP-LISTEN:9443,bind=127.0.0.1", "/dev/null"]);
        await Wait.UntilAsync(() => File.ReadAllText(sandbox.Outside("/proc/1/net/tcp")).Contains(":24E3", StringComparison.Ordinal),
            "the port is taken", Stop);

        await SaysAsync(
            sandbox, "cannot listen on 127.0.0.1:9443 (listen): another program does; ss -ltnp 'sport = :9443' names it",
            "--listen", "127.0.0.1:9443");
        await SaysAsync(
            sandbox, "cannot listen on 127.0.0.1:9443 (metrics): another program does; ss -ltnp 'sport = :9443' names it",
            "--listen", "127.0.0.1:8443", "--metrics", "127.0.0.1:9443");
        await SaysAsync(
            sandbox, "cannot listen on 127.0.0.1:443 (listen): ports below 1024 are root's. systemctl start "
            + "sallyport-server may listen there; or take a higher port");
        await SaysAsync(
            sandbox, "cannot listen on 203.0.113.9:8443 (listen): this machine has no such address; ip address shows those "
            + "that it has", "--listen", "203.0.113.9:8443");
        await SaysAsync(
            sandbox, "cannot listen on 127.0.0.1:8443 (metrics): it is set twice",
            "--listen", "127.0.0.1:8443", "--metrics", "127.0.0.1:8443");
        taken.Kill();
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_read_is_named()
    {
        await using Sandbox sandbox = await StartAsync();
        await sandbox.RunAsync("sallyport-server", "init", "--public-host", DuoServer.Host);
        await sandbox.RunAsync("install", "-D", "-m", "644", $"{DuoServer.Data}/certificate.pem", "/etc/duo.pem");
        await sandbox.RunAsync("install", "-D", "-m", "600", $"{DuoServer.Data}/certificate-key.pem", "/etc/duo-key.pem");

        await SaysAsync(
            sandbox, "/etc/duo.pem: Access to the path '/etc/duo-key.pem' is denied. It is opened as sallyport, to whom the "
            + "data folder belongs.", "--certificate", "/etc/duo.pem", "--certificate-key", "/etc/duo-key.pem");
        await SaysAsync(
            sandbox, "/etc/none.pem: Could not find file '/etc/none.pem'.",
            "--certificate", "/etc/none.pem", "--certificate-key", "/etc/duo-key.pem");
    }

    [Fact]
    public async Task A_database_that_is_away_is_said()
    {
        await using Sandbox sandbox = await StartAsync();

        await SaysAsync(
            sandbox, "Failed to connect to 127.0.0.1:1",
            "--public-host", DuoServer.Host, "--postgres", "Host=127.0.0.1;Port=1;Username=ada;Timeout=5");
    }

    [Fact]
    public async Task A_full_disk_at_init_is_said_and_init_works_when_there_is_room()
    {
        await using Sandbox sandbox = await StartAsync();
        await sandbox.RunAsync("mkdir", DuoServer.Data);
        foreach (string size in (string[])["4k", "40k", "200k"])
        {
            await sandbox.RunAsync(
                "mount", "-t", "tmpfs", "-o", $"size={size},mode=700,uid=sallyport,gid=sallyport", "none", DuoServer.Data);
            Outcome full = await sandbox.TryAsync("sallyport-server", "init", "--public-host", DuoServer.Host);
            Assert.Equal((size, 1, ""), (size, full.ExitCode, full.Output));
            Assert.Matches("^sallyport-server: [^\n]*(No space left on device|disk is full|disk I/O error)[^\n]*\n$", full.Errors);

            await sandbox.RunAsync("mount", "-o", "remount,size=50m", DuoServer.Data);
            await sandbox.RunAsync("sallyport-server", "init", "--public-host", DuoServer.Host);
            await sandbox.RunAsync("umount", DuoServer.Data);
        }
    }

    [Fact]
    public async Task A_command_that_is_told_to_stop_says_so()
    {
        await using Sandbox sandbox = await StartAsync();
        await sandbox.RunAsync("sallyport-server", "init", "--public-host", DuoServer.Host);
        using Command busy = sandbox.Start(["flock", $"{DuoServer.Data}/migrate.lock", "sleep", "60"]);
        await Wait.UntilAsync(
            () => File.ReadAllText("/proc/locks").Contains("FLOCK", StringComparison.Ordinal), "the lock is taken", Stop);

        Outcome stopped = await sandbox.TryAsync(
            "timeout", "--preserve-status", "--signal=TERM", "8", "sallyport-server", "migrate");

        busy.Kill();
        Assert.Equal(
            (1, "", "sallyport-server: interrupted; what was not yet done was not done\n"),
            (stopped.ExitCode, stopped.Output, stopped.Errors));
    }

    private static async Task<Sandbox> StartAsync()
    {
        Sandbox sandbox = await Sandbox.StartAsync(Stop);
        new DuoServer(sandbox, Stop).Install();
        await sandbox.RunAsync("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "sallyport");
        return sandbox;
    }

    private static async Task SaysAsync(Sandbox sandbox, string words, params string[] options)
    {
        Outcome served = await sandbox.TryAsync(["sallyport-server", "serve", .. options]);

        Assert.True(served.ExitCode == 1, served.ToString());
        Assert.DoesNotContain("   at ", served.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", served.Output, StringComparison.Ordinal);
        Assert.StartsWith($"sallyport-server: {words}", served.Errors, StringComparison.Ordinal);
        Assert.EndsWith("\n", served.Errors, StringComparison.Ordinal);
        Assert.Single(served.Errors.TrimEnd('\n').Split('\n'));
    }
}
