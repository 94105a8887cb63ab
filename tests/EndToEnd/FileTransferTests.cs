using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

/// <summary>Programs that ride on ssh: each asks once, and what arrives is what was sent.</summary>
public sealed class FileTransferTests
{
    private const string Here = "/root/letter";
    private const string There = "/home/alice/letter";

    public static TheoryData<string, string> Programs => new()
    {
        { "scp", $"scp {Here} alice@server:{There}" },
        { "scp in its old protocol", $"scp -O {Here} alice@server:{There}" },
        { "rsync", $"rsync --whole-file -e ssh {Here} alice@server:{There}" },
        { "ssh with a command", $"ssh alice@server 'cat > {There}' < {Here}" },

        // A batch turns questions off unless told otherwise.
        { "sftp", $"echo 'put {Here} {There}' | sftp -o BatchMode=no -b - alice@server" },
    };

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task One_passcode_carries_a_file(string program, string command)
    {
        Assert.NotEmpty(program);
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");
        await world.Sandbox.RunAsync("sh", "-c", $"head -c 200000 /dev/urandom > {Here}");

        Login transfer = await world.Client.RunAsync(["sh", "-c", command], alice.Phone.Passcode());

        transfer.MustBeAllowed(world);
        Assert.Single(transfer.Prompts);
        await world.Sandbox.RunAsync("cmp", Here, There);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_wrong_passcode_carries_nothing(string program, string command)
    {
        Assert.NotEmpty(program);
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");
        world.Sandbox.Write(Here, "Dear Bob");

        Login transfer = await world.Client.RunAsync(["sh", "-c", command], alice.Phone.WrongPasscode());

        Assert.NotEqual(0, transfer.ExitCode);
        await world.Syslog.LineAsync("Invalid verification code for alice");
        Assert.False(world.Sandbox.Exists(There));
    }

    [Fact]
    public async Task A_shared_connection_asks_once()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH", "DISALLOW_REUSE");

        // -E: the master lives on and would hold our standard error open.
        const string shared = "-E /root/master.log -o ControlMaster=auto -o ControlPath=/root/%n -o ControlPersist=60";
        Login first = await world.Client.RunAsync(
            ["sh", "-c", $"ssh {shared} alice@server id -un"], alice.Phone.Passcode());
        Login second = await world.Client.RunAsync(["sh", "-c", $"ssh {shared} alice@server id -un"]);

        first.MustBeAllowed(world);
        Assert.Single(first.Prompts);
        second.MustBeAllowed(world);
        Assert.Empty(second.Prompts);
    }

    [Fact]
    public async Task Batch_mode_cannot_answer_and_is_refused()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");

        Login login = await world.Client.RunAsync(["ssh", "-o", "BatchMode=yes", "alice@server", "id"]);

        login.MustBeRefused(world);
        Assert.Empty(login.Prompts);
    }
}
