using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Server;

/// <summary>
/// What breaks while somebody stands at the prompt. He is refused, what was written stays written, and the next login is
/// as if nothing had been. failmode is safe: facts 0.8 of Duo's clients, it is not asked any more behind the prompt.
/// </summary>
public sealed class Given_a_server_that_breaks_in_mid_login
{
    private const int InHisShell = 7;
    private const string Once = "success valid_passcode duo_mobile_passcode alice shell 127.0.0.1";

    public static TheoryData<string, int> Programs => new()
    {
        { "login_duo", 1 },
        { "pam_duo", 255 }, // ssh's own: nobody was let in
    };

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Facts_0_8_with_postgres_killed_he_is_refused_until_it_is_back(string program, int refused)
    {
        Postgres postgres = null!;
        await using DuoHost host = await DuoHost.WithAsync(
            program, sandbox => (postgres = new Postgres(sandbox)).CreateAsync(), "--postgres", Postgres.Connection);
        await host.FailSafeAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        Assert.Equal(InHisShell, (await host.ShellAsync("alice", phone.Passcode())).Exit);

        (int exit, string seen) = await AtThePromptAsync(host, postgres.KillAsync, phone);
        (int readiness, int health) = (await host.Server.AnswersAsync("/readyz"), await host.Server.AnswersAsync("/healthz"));
        await postgres.StartAsync();
        (int after, string last) = await host.ShellAsync("alice", phone.Passcode(+1));

        Assert.True(exit == refused, seen);
        Assert.Equal((503, 200), (readiness, health));
        Assert.True(after == InHisShell, last);
        Assert.Equal(["success valid_passcode", "success valid_passcode"], await postgres.ReasonsAsync());
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Facts_0_8_with_the_disk_full_he_is_refused_until_there_is_room(string program, int refused)
    {
        await using DuoHost host = await DuoHost.WithAsync(program, sandbox => sandbox.RunAsync("sh", "-c",
            $"mkdir -p {DuoServer.Data} && mount -t tmpfs -o size=32m,mode=700 tmpfs {DuoServer.Data}"));
        await host.FailSafeAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        Assert.Equal(InHisShell, (await host.ShellAsync("alice", phone.Passcode())).Exit);
        string filler = $"{DuoServer.Data}/filler";

        (int exit, string seen) = await AtThePromptAsync(
            host, () => host.Sandbox.TryAsync("dd", "if=/dev/zero", $"of={filler}", "bs=4k"), phone);
        string[] meanwhile = await host.Server.AuditAsync();
        await host.Sandbox.RunAsync("rm", filler);
        (int after, string last) = await host.ShellAsync("alice", phone.Passcode(+1));

        Assert.True(exit == refused, seen);
        Assert.Equal([Once], meanwhile);
        Assert.True(after == InHisShell, last);
        Assert.Equal([Once, Once], await host.Server.AuditAsync());
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Facts_0_8_killed_behind_its_prompt_it_refuses_even_with_failmode_safe(string program, int refused)
    {
        await using DuoHost host = await DuoHost.WithAsync(program, _ => Task.CompletedTask);
        Authenticator phone = await host.EnrolAsync("alice");
        await host.FailSafeAsync();

        (int exit, string seen) = await AtThePromptAsync(host, () => host.Server.EndAsync("KILL"), phone);

        Assert.True(exit == refused, seen);
        Assert.Empty(await host.Server.AuditAsync());
    }

    /// <summary>A name of 257 bytes, out of the account's comment, is a parameter that cannot be taken: 400.</summary>
    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Facts_0_8_what_is_400_is_refused_even_with_failmode_safe(string program, int refused)
    {
        await using DuoHost host = await DuoHost.WithAsync(program, _ => Task.CompletedTask);
        await host.EnrolAsync("alice");
        await host.FailSafeAsync();
        await host.AppendAsync("send_gecos = yes");
        await host.Sandbox.RunAsync("usermod", "--comment", new string('a', 257), "alice");

        Login login = await host.CommandAsync("alice", "id -un");

        Assert.Equal((refused, ""), (login.ExitCode, login.Output));
        await host.Syslog.LineAsync("HTTP 400");
        Assert.Empty(await host.Server.AuditAsync());
    }

    [Fact]
    public async Task Facts_1_2_killed_and_started_again_it_takes_the_passcode_that_was_typed_behind_its_old_prompt()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        Assert.Equal(InHisShell, (await host.ShellAsync("alice", phone.Passcode())).Exit);

        (int exit, string seen) = await AtThePromptAsync(host, RestartAsync, phone);

        Assert.True(exit == InHisShell, seen);
        Assert.Equal([Once, Once], await host.Server.AuditAsync());

        async Task RestartAsync()
        {
            await host.Server.EndAsync("KILL");
            await host.Server.StartAsync();
        }
    }

    [Fact]
    public async Task Told_to_end_it_ends_well_and_a_passcode_from_before_stays_used()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        string used = phone.Passcode();
        Assert.Equal(InHisShell, (await host.ShellAsync("alice", used)).Exit);

        Outcome ended = await host.Server.EndAsync();
        await host.Server.StartAsync();
        (int exit, _) = await host.ShellAsync("alice", used, used, used);

        Assert.True(ended.ExitCode == 0, $"{ended}");
        Assert.Equal(1, exit);
    }

    // He reads the code off his phone when he types it: the next one, because that of now may be used, and a slow
    // machine must not make it an old one.
    private static async Task<(int Exit, string Seen)> AtThePromptAsync(
        DuoHost host, Func<Task> breaks, Authenticator phone)
    {
        using Terminal terminal = host.OpenShell("alice");
        await terminal.AskedAsync("Passcode: ");
        await breaks();
        await terminal.TypeAsync(phone.Passcode(+1));
        await terminal.TypeAsync("exit 7");
        return (await terminal.EndAsync(), terminal.Seen);
    }
}
