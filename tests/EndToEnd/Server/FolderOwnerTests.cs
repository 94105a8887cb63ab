using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Server;

/// <summary>Commands on a data folder that is not the caller's own: root becomes its owner, and nobody else gets in.</summary>
public sealed class Given_a_folder_of_the_servers_account
{
    private const string Other = "/srv/other";

    [Fact]
    public async Task What_root_does_leaves_no_file_of_roots_there_and_the_server_starts_as_its_account()
    {
        await using Sandbox sandbox = await StartAsync(account: true);
        string[][] commands =
        [
            ["init", "--public-host", $"{DuoServer.Host}:8443", "--listen", "127.0.0.1:8443"],
            ["user", "add", "alice"],
            ["device", "add-totp", "alice"],
            ["application", "add", "web"],
            ["backup", "/tmp/backup"],
            ["check"],
            ["migrate"],
        ];
        foreach (string[] command in commands)
        {
            await sandbox.RunAsync(["sallyport-server", .. command]);
            Assert.Equal((string.Join(' ', command), ""), (string.Join(' ', command), await OfOthersAsync(sandbox)));
        }

        await sandbox.RunAsync("install", "-d", "-m", "700", "-o", "sallyport", "-g", "sallyport", Other);
        await sandbox.RunAsync("cp", "-a", $"{DuoServer.Data}/keys", Other);
        await sandbox.RunAsync(
            "sallyport-server", "restore", "/tmp/backup", "--public-host", DuoServer.Host, "--data", Other);
        Assert.Equal("", await OfOthersAsync(sandbox, Other));
        Assert.Equal("backup\n", await sandbox.RunAsync("ls", "-A", "/tmp"));

        using Command serving = sandbox.Start(["setpriv", .. AsServer, "sallyport-server"]);
        await Wait.UntilAsync(
            () => File.ReadAllText(sandbox.Outside("/proc/1/net/tcp")).Contains("0100007F:20FB", StringComparison.Ordinal),
            "the server listens", TestContext.Current.CancellationToken);
        Assert.Equal("ready\n", await sandbox.RunAsync(
            "curl", "-sS", "--cacert", $"{DuoServer.Data}/ca.pem", $"https://{DuoServer.Host}:8443/readyz"));
        await sandbox.RunAsync("sallyport-server", "user", "add", "bob"); // beside it
        Assert.Equal("", await OfOthersAsync(sandbox));
    }

    [Fact]
    public async Task Who_did_it_stays_the_person_and_the_environment_cannot_name_another()
    {
        await using Sandbox sandbox = await StartAsync(account: true);
        await sandbox.RunAsync("sallyport-server", "init", "--public-host", DuoServer.Host);
        using Command running = sandbox.Start(["sallyport-server", "user", "add", "alice"], new Dictionary<string, string>
        {
            ["SUDO_USER"] = "mallory", ["SUDO_UID"] = "1", ["USER"] = "mallory", ["LOGNAME"] = "mallory",
        });
        Assert.Equal(0, (await running.EndAsync(TestContext.Current.CancellationToken)).ExitCode);

        string person = await sandbox.RunAsync(
            "sh", "-c", "id -un \"$(cat /proc/self/loginuid)\" 2>/dev/null || id -un");
        Assert.Equal(person, await AdministratorAsync(sandbox, "alice"));

        // As pam_loginuid does it at a login; where the kernel keeps no such thing, root it stays.
        await sandbox.RunAsync("useradd", "carla");
        await sandbox.RunAsync(
            "sh", "-c", "id -u carla >/proc/self/loginuid 2>/dev/null; exec sallyport-server user add bob");
        bool kept = (await sandbox.TryAsync("sh", "-c", "id -u carla >/proc/self/loginuid")).ExitCode == 0;
        Assert.Equal(kept ? "carla\n" : person, await AdministratorAsync(sandbox, "bob"));
    }

    [Fact]
    public async Task Who_is_neither_root_nor_its_owner_is_refused_in_words()
    {
        await using Sandbox sandbox = await StartAsync(account: true);
        await sandbox.RunAsync("sallyport-server", "init", "--public-host", DuoServer.Host);

        foreach (string[] command in (string[][])[["user", "list"], ["check"], ["serve"], ["init"], ["ca"]])
        {
            Outcome refused = await sandbox.TryAsync(
                ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "sallyport-server", .. command]);
            Assert.Equal(
                (1, "", $"sallyport-server: {DuoServer.Data} belongs to sallyport: run this as root, or as sallyport\n"),
                (refused.ExitCode, refused.Output, refused.Errors));
        }
    }

    [Fact]
    public async Task A_folder_of_nobody_that_is_known_is_refused_in_words()
    {
        await using Sandbox sandbox = await StartAsync(account: true);
        await sandbox.RunAsync("install", "-d", "-m", "700", "-o", "54321", DuoServer.Data);

        Outcome refused = await sandbox.TryAsync("sallyport-server", "init", "--public-host", DuoServer.Host);

        Assert.Equal(1, refused.ExitCode);
        Assert.Equal($"sallyport-server: {DuoServer.Data} belongs to uid 54321, which is no account here; chown it to "
            + "the server's account\n", refused.Errors);
        Assert.Equal("", await sandbox.RunAsync("ls", "-A", DuoServer.Data));
    }

    [Fact]
    public async Task What_its_owner_cannot_write_is_said_with_his_name()
    {
        await using Sandbox sandbox = await StartAsync(account: true);
        await sandbox.RunAsync("sallyport-server", "init", "--public-host", DuoServer.Host);

        Outcome refused = await sandbox.TryAsync("sallyport-server", "backup", "/root/backup");

        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Matches("^sallyport-server: Access to the path '/root/backup[^']*' is denied. It is opened as sallyport, to "
            + "whom the data folder belongs.\n$", refused.Errors);
    }

    [Fact]
    public async Task Without_that_account_roots_folder_is_served_as_root_with_a_warning()
    {
        await using Sandbox sandbox = await StartAsync(account: false);
        await sandbox.RunAsync("sallyport-server", "init", "--public-host", DuoServer.Host);
        Assert.Equal("root 700\n", await sandbox.RunAsync("stat", "-c", "%U %a", DuoServer.Data));

        Outcome served = await sandbox.TryAsync("timeout", "5", "sallyport-server");

        Assert.Contains("warn: ", served.Output, StringComparison.Ordinal);
        Assert.Contains($"Running as root, who owns {DuoServer.Data}", served.Output, StringComparison.Ordinal);
    }

    private static string[] AsServer => ["--reuid=sallyport", "--regid=sallyport", "--clear-groups"];

    private static async Task<Sandbox> StartAsync(bool account)
    {
        Tools.MustBeThere("curl", "sqlite3", "setpriv");
        Sandbox sandbox = await Sandbox.StartAsync(TestContext.Current.CancellationToken);
        new DuoServer(sandbox, TestContext.Current.CancellationToken).Install();
        if (account)
        {
            await sandbox.RunAsync("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "sallyport");
        }

        return sandbox;
    }

    private static Task<string> OfOthersAsync(Sandbox sandbox, string folder = DuoServer.Data) =>
        sandbox.RunAsync("find", folder, "(", "!", "-user", "sallyport", "-o", "!", "-group", "sallyport", ")", "-ls");

    private static Task<string> AdministratorAsync(Sandbox sandbox, string user) => sandbox.RunAsync(
        "sqlite3", $"{DuoServer.Data}/sallyport.db",
        $"SELECT Administrator FROM audit_events WHERE Action = 'user_add' AND UserName = '{user}'");
}
