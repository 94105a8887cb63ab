using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Server;

/// <summary>
/// What breaks while somebody stands at the prompt. He is refused, what was written stays written, and the next login is
/// as if nothing had been.
/// </summary>
public sealed class Given_a_server_that_breaks_in_mid_login
{
    private const int Refused = 1;
    private const int InHisShell = 7;
    private const string Once = "success valid_passcode duo_mobile_passcode alice shell 127.0.0.1";

    [Fact]
    public async Task With_postgres_killed_he_is_refused_and_gets_in_when_it_is_back()
    {
        Postgres postgres = null!;
        await using DuoHost host = await DuoHost.LoginDuoAsync(
            sandbox => (postgres = new Postgres(sandbox)).CreateAsync(), "--postgres", Postgres.Connection);
        Authenticator phone = await host.EnrolAsync("alice");
        Assert.Equal(InHisShell, (await host.ShellAsync("alice", phone.Passcode())).Exit);

        (int exit, string seen) = await AtThePromptAsync(host, postgres.KillAsync, phone);
        (int readiness, int health) = (await host.Server.AnswersAsync("/readyz"), await host.Server.AnswersAsync("/healthz"));
        await postgres.StartAsync();
        (int after, string last) = await host.ShellAsync("alice", phone.Passcode(+1));

        Assert.True(exit == Refused, seen);
        Assert.Equal((503, 200), (readiness, health));
        Assert.True(after == InHisShell, last);
        Assert.Equal(["success valid_passcode", "success valid_passcode"], await postgres.ReasonsAsync());
    }

    [Fact]
    public async Task With_the_disk_full_he_is_refused_and_gets_in_when_there_is_room()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync(sandbox => sandbox.RunAsync("sh", "-c",
            $"mkdir -p {DuoServer.Data} && mount -t tmpfs -o size=32m,mode=700 tmpfs {DuoServer.Data}"));
        Authenticator phone = await host.EnrolAsync("alice");
        Assert.Equal(InHisShell, (await host.ShellAsync("alice", phone.Passcode())).Exit);
        string filler = $"{DuoServer.Data}/filler";

        (int exit, string seen) = await AtThePromptAsync(
            host, () => host.Sandbox.TryAsync("dd", "if=/dev/zero", $"of={filler}", "bs=4k"), phone);
        string[] meanwhile = await host.Server.AuditAsync();
        await host.Sandbox.RunAsync("rm", filler);
        (int after, string last) = await host.ShellAsync("alice", phone.Passcode(+1));

        Assert.True(exit == Refused, seen);
        Assert.Equal([Once], meanwhile);
        Assert.True(after == InHisShell, last);
        Assert.Equal([Once, Once], await host.Server.AuditAsync());
    }

    [Fact]
    public async Task Facts_0_8_killed_behind_its_prompt_it_refuses_even_with_failmode_safe()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        await host.WriteAsync(host.Section.Replace("failmode = secure", "failmode = safe", StringComparison.Ordinal));

        (int exit, string seen) = await AtThePromptAsync(host, () => host.Server.EndAsync("KILL"), phone);

        Assert.True(exit == Refused, seen);
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
        Assert.Equal(Refused, exit);
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
