namespace Sallyport.Pam.Tests;

public sealed class Given_the_real_libpam
{
    private const string Secret = "correct-horse-battery";

    [Fact]
    public async Task A_whole_login_goes_through_the_module()
    {
        var hellos = new List<string>();
        await using var agent = new LyingAgent(async peer =>
        {
            hellos.Add(await peer.ReceiveAsync('H'));
            if (peer.Number == 0)
            {
                await peer.SendAsync(Frame.Prompt);
                Assert.Equal(Secret, await peer.ReceiveAsync('A'));
                await peer.SendAsync(Frame.Of('T', Secret), Frame.Log(6, "Accepted google_authenticator for root"));
            }

            await peer.SendAsync(Frame.Verdict(peer.Number == 1 ? 2 : 1));
        });

        string[] said = await LogInAsync(agent, "nullok", "authtok_prompt=Your code: ");

        Assert.Equal(
            ["conv 1 Verification code: ", "rc auth 0", "rc setcred 0", "rc account 0", "rc session 0", "rc close 0",
             "rc chauthtok 6"],
            said.Where(line => !line.StartsWith("syslog", StringComparison.Ordinal)));
        Assert.Matches(
            @"^syslog <86>.{15} sallyport-test\(pam_google_auth\)\[[0-9]+\]: Accepted google_authenticator for root$",
            Assert.Single(said, line => line.Contains("pam_google_auth", StringComparison.Ordinal)));
        const string Items = "user=root\0service=sallyport-test\0uid=0\0ssh_connection=192.0.2.1 40000 192.0.2.2 22\0";
        const string Arguments = "arg=nullok\0arg=authtok_prompt=Your code: \0";
        Assert.Equal(
            [$"version=1\0op=auth\0{Items}{Arguments}",
             $"version=1\0op=account\0{Items}authenticated=yes\0{Arguments}",
             $"version=1\0op=session\0{Items}authenticated=yes\0{Arguments}"],
            hellos);
    }

    [Fact]
    public async Task When_the_agent_denies_every_phase_is_refused()
    {
        await using var agent = new LyingAgent(async peer =>
        {
            string hello = await peer.ReceiveAsync('H');
            Assert.DoesNotContain("authenticated=", hello, StringComparison.Ordinal);
            await peer.SendAsync(Frame.Verdict(3));
        });

        string[] said = await LogInAsync(agent, "nullok");

        Assert.Contains("rc auth 7", said);
        Assert.Contains("rc account 6", said);
        Assert.Contains("rc session 6", said);
    }

    /// <summary>The module's answers, and also that none of them leaves the secret on the stack.</summary>
    private static async Task<string[]> LogInAsync(LyingAgent agent, params string[] arguments)
    {
        Native.Output output = await Native.RunAsync(
            Native.LibPam, [Native.Module, Secret, Secret, .. arguments, $"socket={agent.SocketPath}"]);

        Assert.Equal("", output.Errors);
        Assert.Equal(0, output.ExitCode);
        Assert.DoesNotContain("stack ", output.Text, StringComparison.Ordinal);
        return output.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
