using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.InLogin;

/// <summary>Who is not asked, behind a real sshd with the session gate, and the machine that speaks no keyboard-interactive.</summary>
public sealed class ExemptionTests
{
    // As setup writes it: the key alone for the service, and the gate that asks the configuration.
    private const string Service = "Match User deploy\nAuthenticationMethods publickey\n";
    private const string Gate = "session required pam_sallyport.so";

    [Fact]
    public async Task A_service_gets_in_by_its_key_alone_and_each_time_it_is_logged()
    {
        await using StoreHost host = await StartAsync("[policy]\n[exempt deploy]\nreason = nightly copies\nuntil = 2999-01-01\n");

        Login batch = await SshAsync(host, "deploy@service", "-o", "BatchMode=yes", "-o", "KbdInteractiveAuthentication=no");

        batch.MustBeAllowed(host.World);
        Assert.Empty(batch.Prompts);
        await host.World.Syslog.LineAsync("deploy is exempt until 2999-01-01: nightly copies");
    }

    [Theory]
    [InlineData("[policy]\n")]
    [InlineData("[policy]\n[exempt deploy]\nreason = nightly copies\nuntil = 2020-01-01\n")]
    [InlineData("[policy]\n[exempt other]\nreason = nightly copies\nuntil = 2999-01-01\n")]
    [InlineData("[exempt deploy]\nreason = nightly copies\n")]
    public async Task Without_an_exemption_that_holds_the_key_alone_opens_no_session(string configuration)
    {
        await using StoreHost host = await StartAsync(configuration);

        Login batch = await SshAsync(host, "deploy@service", "-o", "BatchMode=yes");

        Assert.NotEqual(0, batch.ExitCode);
        Assert.DoesNotContain("deploy", batch.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_break_glass_account_gets_in_through_both_steps_and_the_log_shouts()
    {
        await using StoreHost host = await StartAsync("[policy]\n[break_glass deploy]\nreason = last way in\nuntil = 2999-01-01\n");

        Login login = await SshAsync(host, "deploy@server");

        login.MustBeAllowed(host.World);
        Assert.Empty(login.Prompts);
        await host.World.Syslog.LineAsync("BREAK-GLASS account deploy is used (last way in, until 2999-01-01)");
    }

    /// <summary>Where sshd asks for no key, an exemption is no way in.</summary>
    [Fact]
    public async Task Without_a_key_an_exemption_opens_nothing()
    {
        await using StoreHost host = await StartAsync("[policy]\n[exempt deploy]\nreason = nightly copies\nuntil = 2999-01-01\n");
        host.World.SetPam("sshd", SecondFactor.Sallyport.Auth(), "auth required pam_permit.so", World.AnyAccount, Gate);
        await host.World.StartHostAsync("keyless", "Match User deploy\nAuthenticationMethods keyboard-interactive\n");

        Login login = await SshAsync(host, "deploy@keyless", "-o", "PubkeyAuthentication=no");

        login.MustBeRefused(host.World);
        Assert.Single(login.Prompts);
    }

    private static async Task<StoreHost> StartAsync(string configuration)
    {
        StoreHost host = await StoreHost.StartAsync();
        await host.World.AddAccountAsync("deploy");
        host.World.SetPam("sshd", SecondFactor.Sallyport.Auth(), World.AnyAccount, Gate);
        await host.World.StartHostAsync("service", Service);
        host.World.Agent.Configure(configuration);
        return host;
    }

    private static Task<Login> SshAsync(StoreHost host, string target, params string[] options) =>
        host.World.Client.RunAsync(["ssh", .. options, target, "id -un"]);
}
