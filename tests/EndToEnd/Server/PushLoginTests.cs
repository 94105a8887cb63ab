using System.Diagnostics;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Server;

/// <summary>Debian's login_duo and pam_duo, unmodified, whose logins wait for a phone; and what goes wrong meanwhile.</summary>
public sealed class Given_a_login_that_waits_for_a_phone
{
    private const string Option = "Passcode or option (1-1): ";
    private const string Here = "/root/letter";
    private const string There = "/home/alice/letter";
    private static readonly string[] TerminalDevices = ["--terminal-devices", "yes"];

    public static TheoryData<string> Transfers => new()
    {
        $"scp {Here} alice@server:{There}",
        $"scp -O {Here} alice@server:{There}",
        $"echo 'put {Here} {There}' | sftp -b - alice@server",
        $"rsync {Here} alice@server:{There}",
    };

    [Theory]
    [MemberData(nameof(Transfers))]
    public async Task Facts_0_9_what_carries_a_file_carries_it_once_it_is_approved(string command)
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync(TerminalDevices);
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);
        host.Sandbox.Write(Here, "Dear Bob");

        Task<Login> transfer = host.Client.RunAsync(["sh", "-c", command]);
        await phone.WaitingAsync();
        Assert.False(host.Sandbox.Exists(There));
        await phone.RunAsync("approve");

        Assert.True((await transfer).ExitCode == 0, $"{await transfer}\n{host.Syslog}");
        Assert.Equal("Dear Bob", host.Sandbox.Read(There));
    }

    [Theory]
    [InlineData("scp")]
    [InlineData("sftp")]
    public async Task Facts_0_9_what_is_denied_carries_nothing(string program)
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync(TerminalDevices);
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);
        host.Sandbox.Write(Here, "Dear Bob");
        string command = program == "scp"
            ? $"scp {Here} alice@server:{There}"
            : $"echo 'put {Here} {There}' | sftp -b - alice@server";

        Task<Login> transfer = host.Client.RunAsync(["sh", "-c", command]);
        await phone.WaitingAsync();
        await phone.RunAsync("deny");

        Assert.NotEqual(0, (await transfer).ExitCode);
        Assert.False(host.Sandbox.Exists(There));
    }

    [Theory]
    [InlineData("approve", 0, "success user_approved duo_push")]
    [InlineData("deny", 255, "denied user_mistake duo_push")]
    [InlineData("--not-me", 255, "fraud user_marked_fraud duo_push")]
    [InlineData("", 255, "denied no_response duo_push")]
    public async Task Pam_duo_waits_as_well(string word, int exit, string audited)
    {
        await using DuoHost host = await DuoHost.PamDuoAsync(TerminalDevices);
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);

        Task<Login> login = host.CommandAsync("alice", "id -un", "1");
        await phone.WaitingAsync();
        if (word != "")
        {
            await phone.RunAsync(word == "--not-me" ? ["deny", word] : [word]);
        }

        Login done = await login;
        Assert.True(done.ExitCode == exit, $"{done}\n{host.Syslog}");
        Assert.EndsWith(Option, done.Prompts[0], StringComparison.Ordinal);
        Assert.StartsWith(audited, (await host.Server.AuditAsync())[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pam_duo_that_could_not_show_a_number_is_told_so_and_pushes_nothing()
    {
        await using DuoHost host = await DuoHost.PamDuoAsync([.. TerminalDevices, "--number-matching", "always"]);
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);
        using Terminal shell = host.OpenShell("alice");

        Assert.Equal(255, await shell.EndAsync());
        Assert.Contains("your client cannot show it", shell.Seen, StringComparison.Ordinal);
        Assert.Equal("", await phone.RunAsync("list"));
        Assert.StartsWith(
            "denied verification_code_missing", (await host.Server.AuditAsync())[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Facts_0_2_a_phone_that_is_offline_denies_before_a_minute_and_the_client_is_told_once()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync(TerminalDevices);
        await TerminalPhone.ActivateAsync(host);
        using Terminal shell = host.OpenShell("alice");
        await shell.AnswerAsync(Option, "1");
        long begun = Stopwatch.GetTimestamp();

        await shell.AskedAsync(Option);

        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 40, 60);
        Assert.Single(shell.Seen.Split("Pushed a login request")[1..]);
        Assert.Contains("Login timed out.", shell.Seen, StringComparison.Ordinal);
        Assert.StartsWith("denied no_response duo_push", (await host.Server.AuditAsync())[0], StringComparison.Ordinal);
    }

    /// <summary>
    /// Where there is one server, login_duo finds nothing at its address and gives up at once. Nothing is lost: it is the
    /// same login that he begins again, and the approval is his, once.
    /// </summary>
    [Theory]
    [InlineData("TERM")]
    [InlineData("KILL")]
    public async Task A_server_that_is_restarted_meanwhile_finishes_what_it_began(string signal)
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync(TerminalDevices);
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);
        Task<Login> login = host.CommandAsync("alice", "id -un");
        string id = (await phone.WaitingAsync()).Split('\t')[0];
        long begun = Stopwatch.GetTimestamp();

        await host.Server.EndAsync(signal);
        Login refused = await login;
        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 0, 6);
        await host.Server.StartAsync();
        await phone.RunAsync("approve", id);
        Login again = await host.CommandAsync("alice", "id -un");
        Task<Login> third = host.CommandAsync("alice", "id -un");
        string another = (await phone.WaitingAsync()).Split('\t')[0];
        await phone.RunAsync("deny", another);

        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.True(again.ExitCode == 0, $"{again}\n{host.Syslog}");
        Assert.Equal("alice", again.Output);
        Assert.NotEqual(id, another);
        Assert.Equal((1, ""), ((await third).ExitCode, (await third).Output));
        Assert.Equal(2, (await host.Server.AuditAsync()).Length);
    }

    [Fact]
    public async Task Pam_duo_that_loses_its_server_is_refused_and_begins_the_same_login_again()
    {
        await using DuoHost host = await DuoHost.PamDuoAsync(TerminalDevices);
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);
        Task<Login> login = host.CommandAsync("alice", "id -un", "1");
        string id = (await phone.WaitingAsync()).Split('\t')[0];

        await host.Server.EndAsync("KILL");
        Login refused = await login;
        await host.Server.StartAsync();
        await phone.RunAsync("approve", id);
        Login again = await host.CommandAsync("alice", "id -un", "1");

        Assert.Equal((255, ""), (refused.ExitCode, refused.Output));
        Assert.True(again.ExitCode == 0, $"{again}\n{host.Syslog}");
        Assert.Equal("alice", again.Output);
        Assert.StartsWith("success user_approved", Assert.Single(await host.Server.AuditAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_nodes_share_a_database_and_the_one_finishes_for_the_other()
    {
        Postgres? postgres = null;
        await using DuoHost host = await DuoHost.StartAsync(
            DuoHost.LoginDuo,
            ["--legacy-clients", .. TerminalDevices],
            ["--postgres", Postgres.Connection],
            sandbox => (postgres = new Postgres(sandbox)).CreateAsync());
        TerminalPhone phone = await TerminalPhone.ActivateAsync(host);

        // It waits at the one, and is approved at the other.
        await host.Server.StartSecondAsync();
        Task<Login> login = host.CommandAsync("alice", "id -un");
        string id = (await phone.WaitingAsync()).Split('\t')[0];
        host.Server.Name(DuoServer.Second); // where the phone looks from now on
        await phone.RunAsync("approve", id);
        Assert.Equal("alice", (await login).Output);

        // The other is killed while it waits there: the client asks again, and the one lets it in. Addresses are tried
        // from the first on, and a killed process's listener can outlive its connections: so it is the second that dies.
        await host.Server.EndAsync();
        host.Server.Name(DuoServer.First, DuoServer.Second);
        login = host.CommandAsync("alice", "id -un");
        id = (await phone.WaitingAsync()).Split('\t')[0];
        await host.Server.StartAsync();
        await host.Server.KillSecondAsync();
        await phone.RunAsync("approve", id);

        Login done = await login;
        Assert.True(done.ExitCode == 0, $"{done}\n{host.Syslog}");
        Assert.Equal(["success user_approved", "success user_approved"], await postgres!.ReasonsAsync());
    }
}
