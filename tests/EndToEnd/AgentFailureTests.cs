using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

/// <summary>Whatever happens to the agent, nobody gets in by it.</summary>
public sealed class AgentFailureTests
{
    [Fact]
    public async Task Killed_while_it_asks_refuses_that_login_and_serves_the_next_one_when_it_is_back()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");
        OpenLogin open = alice.OpenSsh("id -un");
        await open.PromptedAsync();

        await world.Agent.KillAsync();
        open.Answer(alice.Phone.Passcode());
        Login interrupted = await open.EndAsync();
        await world.Agent.StartAsync();
        Login next = await alice.SshAsync("id -un", alice.Phone.Passcode());

        interrupted.MustBeRefused(world);
        await world.Syslog.LineAsync("pam_sallyport: auth refused: ");
        next.MustBeAllowed(world);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nullok")]
    public async Task Not_running_refuses_everybody(string options)
    {
        await using World world = await World.StartAsync();
        world.SetPam("sshd", world.Factor.Auth(options), "auth required pam_permit.so", World.AnyAccount);
        Account alice = await world.AddAccountAsync("alice");
        Account bob = await world.AddAccountAsync("bob");
        await alice.EnrolAsync("TOTP_AUTH");
        await world.Agent.KillAsync();

        (await alice.SshAsync("id -un", alice.Phone.Passcode())).MustBeRefused(world);
        (await bob.SshAsync("id -un")).MustBeRefused(world);
        await world.Syslog.LineAsync("cannot reach sallyport-agent at /run/sallyport/agent.sock");
    }

    [Fact]
    public async Task A_program_in_its_place_that_is_not_root_is_not_believed()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await world.AddAccountAsync("mallory");
        await alice.EnrolAsync("TOTP_AUTH");
        await world.Agent.KillAsync();

        // Whoever connects is told "allow" (the verdict frame V, length 1, value 1).
        await world.Sandbox.RunAsync("sh", "-c", """
            rm -f /run/sallyport/agent.sock
            chown mallory /run/sallyport
            runuser -u mallory -- perl -MSocket -e '
                socket(my $door, AF_UNIX, SOCK_STREAM, 0); bind($door, pack_sockaddr_un($ARGV[0])) or die $!;
                chmod(0666, $ARGV[0]); listen($door, 9);
                while (accept(my $caller, $door)) { syswrite($caller, "V\0\0\0\1\1"); sysread($caller, my $said, 9) }
            ' /run/sallyport/agent.sock > /dev/null 2>&1 &
            """);
        await world.Agent.ListensAsync();

        (await alice.SshAsync("id -un")).MustBeRefused(world);
        LogLine line = await world.Syslog.LineAsync("listens at /run/sallyport/agent.sock, not root");
        Assert.Equal((LogLine.AuthPriv, LogLine.Error), (line.Facility, line.Severity));
    }
}
