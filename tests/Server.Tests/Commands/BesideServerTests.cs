using System.Net;
using Sallyport.Server.Hosting;
using Sallyport.Server.Tests.Hosting;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Commands;

/// <summary>Commands beside a server that runs on the same folder: it does at once what they say.</summary>
public sealed class BesideServerTests
{
    private const string Rfc4226 = "3132333435363738393031323334353637383930";

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task An_application_and_a_user_that_are_added_can_log_in_and_disabled_he_cannot(DatabaseKind kind)
    {
        await using Installation installation = await Installation.SetUpAsync(kind);
        await using HostedServer server = await ServeAsync(installation);
        Said added = (await installation.RunAsync("application", "add", "bastion")).Done();
        HostOfApplication host = new(server, added.Value("ikey"), added.Value("skey"));
        (await installation.RunAsync("user", "add", "alice")).Done();
        string token = installation.FileOf("token", Rfc4226);
        (await installation.RunAsync("device", "add-hotp", "1", "--secret-file", token, "--user", "alice")).Done();

        Assert.Equal("auth", await host.PreauthAsync("alice"));
        Assert.Equal("allow", await host.PromptAsync("alice", "755224")); // RFC 4226 appendix D, counter 0
        (await installation.RunAsync("user", "disable", "alice")).Done();

        Assert.Equal("deny", await host.PromptAsync("alice", "287082"));
        (await installation.RunAsync("user", "enable", "alice")).Done();
        Assert.Equal("allow", await host.PromptAsync("alice", "287082"));
        (await installation.RunAsync("application", "remove", "bastion")).Done();
        await Task.Delay(TimeSpan.FromSeconds(1.1), TestContext.Current.CancellationToken); // for so long it is remembered
        Assert.Null(await host.PromptAsync("alice", "359152"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_bypass_code_is_typed_as_it_is_printed_or_as_digits_alone(DatabaseKind kind)
    {
        await using Installation installation = await Installation.SetUpAsync(kind);
        await using HostedServer server = await ServeAsync(installation);
        Said added = (await installation.RunAsync("application", "add", "bastion")).Done();
        HostOfApplication host = new(server, added.Value("ikey"), added.Value("skey"));
        (await installation.RunAsync("user", "add", "alice")).Done();
        Said codes = (await installation.RunAsync("bypass-code", "add", "alice", "--count", "4")).Done();
        string[] printed = codes.Output.Split('\n')[..4];

        Assert.All(printed, code => Assert.Matches("^[0-9]{4}( [0-9]{4}){3}$", code));
        Assert.Equal("allow", await host.PromptAsync("alice", printed[0]));
        Assert.Equal("deny", await host.PromptAsync("alice", printed[0]));
        Assert.Equal("allow", await host.PasscodeAsync("alice", printed[1]));
        Assert.Equal("allow", await host.PasscodeAsync("alice", printed[2].Replace(" ", "", StringComparison.Ordinal)));
        Assert.Equal("allow", await host.PromptAsync("alice", printed[3].Replace(' ', '-')));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Unlock_lets_the_user_in_at_once_also_from_where_the_wrong_passcodes_came(DatabaseKind kind)
    {
        await using Installation installation = await Installation.SetUpAsync(kind);
        await using HostedServer server = await ServeAsync(installation);
        Said added = (await installation.RunAsync("application", "add", "bastion")).Done();
        HostOfApplication host = new(server, added.Value("ikey"), added.Value("skey"));
        (await installation.RunAsync("user", "add", "alice")).Done();
        string token = installation.FileOf("token", Rfc4226);
        (await installation.RunAsync("device", "add-hotp", "1", "--secret-file", token, "--user", "alice")).Done();
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal("deny", await host.PromptAsync("alice", "000000"));
        }

        Assert.Equal("deny", await host.PromptAsync("alice", "755224"));
        (await installation.RunAsync("user", "unlock", "alice")).Done();

        Assert.Equal("allow", await host.PromptAsync("alice", "755224"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_date_until_which_unknown_users_may_enrol_opens_enrolment(DatabaseKind kind)
    {
        await using Installation installation = await Installation.SetUpAsync(kind);
        await using HostedServer server = await ServeAsync(installation);
        Said open = (await installation.RunAsync("application", "add", "open", "--enrol-until", "2099-12-31")).Done();
        Said past = (await installation.RunAsync("application", "add", "past", "--enrol-until", "2020-12-31")).Done();
        Said shut = (await installation.RunAsync("application", "add", "shut")).Done();

        Assert.Equal("enroll", await PreauthAsync(open));
        Assert.Equal("deny", await PreauthAsync(past));
        Assert.Equal("deny", await PreauthAsync(shut));
        Task<string?> PreauthAsync(Said added) =>
            new HostOfApplication(server, added.Value("ikey"), added.Value("skey")).PreauthAsync("nobody");
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_backup_made_meanwhile_fills_another_folder_and_check_says_that_all_is_well(DatabaseKind kind)
    {
        await using Installation installation = await Installation.SetUpAsync(kind);
        await using HostedServer server = await ServeAsync(installation);
        (await installation.RunAsync("user", "add", "alice")).Done();
        (await installation.RunAsync("device", "add-totp", "alice")).Done();
        string file = Path.Combine(installation.Folder, "backup.json");
        (await installation.RunAsync("backup", file)).Done();
        await using Installation other = await Installation.EmptyAsync(kind);

        (await other.RunAsync(["restore", file, "--public-host", "auth.example.com", .. other.Database])).Done();

        Assert.Contains("alice", (await other.RunAsync("user", "list")).Done().Output, StringComparison.Ordinal);
        Assert.Equal("All is well; 1 secrets were opened.\n", (await other.RunAsync("check")).Done().Output);
    }

    private static Task<HostedServer> ServeAsync(Installation installation)
    {
        ServerSettings kept = ServerSettings.Parse(installation.Folder, SettingsFile.Read(installation.Folder));
        return HostedServer.StartAsync(_ => kept with { Listen = [new IPEndPoint(IPAddress.Loopback, 0)] }, borrowed: true);
    }
}
