using System.Diagnostics;

namespace Sallyport.Pam.Tests;

/// <summary>The one account that does without a verdict, and each thing that it does not do without. Today is 2027-01-01.</summary>
public sealed class Given_a_break_glass_account : IDisposable
{
    private const string Argument = "break_glass=ada:2027-12-31";
    private const string Key = "SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA\n";
    private const int AuthPrivAlert = (10 << 3) | 1;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task With_no_agent_it_gets_in_and_the_log_shouts()
    {
        ShimCall call = await WithoutAgentAsync("session", ["-e", "SSH_CONNECTION=192.0.2.7 40000 192.0.2.2 22"], Argument);

        Assert.Equal(PamCode.Success, call.Code);
        Assert.Collection(call.Log,
            reason => Assert.StartsWith("pam_sallyport: session without a verdict: cannot reach sallyport-agent at ", reason.Text, StringComparison.Ordinal),
            alert => Assert.Equal(
                new LogLine(AuthPrivAlert, "sshd(pam_google_auth)",
                    "BREAK-GLASS account ada is used while the agent does not answer, from 192.0.2.7"),
                alert));
    }

    [Theory]
    [InlineData("break_glass=ada:2026-12-31")] // past
    [InlineData("break_glass=ada:2027-01-01")] // until it, not on it
    [InlineData("break_glass=ada:2027-02-29")] // no such day
    [InlineData("break_glass=ada:2027-13-01")]
    [InlineData("break_glass=ada:2027-2-3")]
    [InlineData("break_glass=ada: 2027-12-31")]
    [InlineData("break_glass=ada:+2027-12-31")]
    [InlineData("break_glass=ada:2027-12-31 ")]
    [InlineData("break_glass=ada:2027-12-31:key")]
    [InlineData("break_glass=ada:12027-12-31")]
    [InlineData("break_glass=ada:20271231")]
    [InlineData("break_glass=ada:")]
    [InlineData("break_glass=ada")]
    [InlineData("break_glass=:2027-12-31")]
    [InlineData("break_glass=")]
    [InlineData("break_glass=adam:2027-12-31")]
    [InlineData("break_glass=ad:2027-12-31")]
    [InlineData("break_glass=Ada:2027-12-31")]
    [InlineData("break_glass=ada,bob:2027-12-31")]
    [InlineData("break-glass=ada:2027-12-31")]
    [InlineData("Break_glass=ada:2027-12-31")]
    [InlineData("break_glass")]
    [InlineData("nullok")]
    public async Task An_argument_that_is_not_exactly_for_it_today_opens_nothing(string argument) =>
        (await WithoutAgentAsync("session", [], argument)).AssertRefused("session", "cannot reach sallyport-agent");

    [Theory]
    [InlineData(Argument)]
    [InlineData("break_glass=bob:2027-12-31")]
    [InlineData("break_glass=")]
    public async Task The_argument_twice_opens_nothing(string second) =>
        (await WithoutAgentAsync("session", [], Argument, second)).AssertRefused("session", "cannot reach sallyport-agent");

    [Theory]
    [InlineData("sudo")]
    [InlineData("su")]
    [InlineData("login")]
    [InlineData("sshd-2")]
    [InlineData("-")]
    public async Task Another_service_is_refused(string service)
    {
        ShimCall call = await WithoutAgentAsync("session", ["-s", service], Argument);

        Assert.Equal(PamCode.PermissionDenied, call.Code);
        Assert.DoesNotContain(call.Log, line => line.Text.Contains("BREAK-GLASS", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH_AUTH_INFO_0=")]
    [InlineData("SSH_AUTH_INFO_0=password\n")]
    [InlineData("SSH_AUTH_INFO_0=keyboard-interactive/pam\npublickey ssh-ed25519 AAAA\n")]
    [InlineData("SSH_AUTH_INFO_0=publickey\n")]
    [InlineData("SSH_AUTH_INFO_1=publickey ssh-ed25519 AAAA\n")]
    public async Task Without_a_key_that_sshd_accepted_first_it_is_refused(string variable) =>
        Only(await Shim.RunAsync([.. variable.Length > 0 ? (string[])["-e", variable] : [], "session", Argument, $"socket={Gone}"]))
            .AssertRefused("session", "cannot reach sallyport-agent");

    [Theory]
    [InlineData("root")] // and who has its uid
    [InlineData("toor")]
    [InlineData("ghost")] // no account
    [InlineData("-")] // PAM_USER is not set
    public async Task Root_and_nobody_are_refused(string user)
    {
        ShimCall call = await WithoutAgentAsync("session", ["-u", user], $"break_glass={user}:2027-12-31");

        Assert.Equal(PamCode.PermissionDenied, call.Code);
        Assert.Single(call.Log);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1767225599")] // the last second of 2025
    public async Task A_clock_that_cannot_be_right_is_no_day_before_the_end(string seconds) =>
        (await WithoutAgentAsync("session", ["-c", seconds], Argument)).AssertRefused("session", "cannot reach sallyport-agent");

    [Theory]
    [InlineData("1767225600", PamCode.Success)] // 2026-01-01
    [InlineData("1830211199", PamCode.Success)] // the last second before the end
    [InlineData("1830211200", PamCode.PermissionDenied)]
    public async Task It_ends_when_its_day_begins(string seconds, int code) =>
        Assert.Equal(code, (await WithoutAgentAsync("session", ["-c", seconds], Argument)).Code);

    [Theory]
    [InlineData("auth")]
    [InlineData("account")]
    public async Task It_is_for_the_session_alone(string op) =>
        (await WithoutAgentAsync(op, [], Argument)).AssertRefused(op, "cannot reach sallyport-agent");

    [Theory]
    [InlineData(3)]
    [InlineData(2)]
    [InlineData(0)]
    [InlineData(255)]
    public async Task A_refusal_is_never_overridden(int verdict) =>
        Assert.Equal(PamCode.PermissionDenied, (await AnsweredAsync(Frame.Verdict(verdict))).Code);

    [Fact]
    public async Task Nor_is_what_no_agent_would_say()
    {
        (await AnsweredAsync(Frame.Of('Z', "nonsense"))).AssertRefused("session", "bad frame of type 0x5a");
        (await AnsweredAsync(Frame.Of('V', 4, 4))).AssertRefused("session", "verdict of 2 bytes");
        (await AnsweredAsync(Frame.Verdict(4), Frame.Verdict(3))).AssertRefused("session", "did not end with its verdict");
        (await AnsweredAsync(Frame.Announcing('L', 65537))).AssertRefused("session", "65537 bytes");
    }

    [Fact]
    public async Task An_agent_that_cannot_judge_does_not_keep_it_out()
    {
        ShimCall call = await AnsweredAsync(Frame.Log(2, "every login is refused: sallyport.conf:1: nonsense"), Frame.Verdict(4));

        Assert.Equal(PamCode.Success, call.Code);
        Assert.Equal(
            ["every login is refused: sallyport.conf:1: nonsense",
             "BREAK-GLASS account ada is used while the agent does not answer, from unknown"],
            call.Log.Select(line => line.Text));
    }

    [Fact]
    public async Task An_agent_that_hangs_up_does_not_keep_it_out()
    {
        Assert.Equal(PamCode.Success, (await AnsweredAsync()).Code);
        Assert.Equal(PamCode.Success, (await AnsweredAsync(Frame.Log(6, "half-way"))).Code);
        Assert.Equal(PamCode.Success, (await AnsweredAsync(Frame.Announcing('V', 1))).Code);
    }

    [Fact]
    public async Task An_agent_that_is_silent_keeps_it_out_for_five_seconds()
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.UntilClosedAsync();
        });
        long start = Stopwatch.GetTimestamp();

        ShimCall call = Only(await Shim.RunAsync("-e", Key, "session", Argument, $"socket={agent.SocketPath}"));

        Assert.Equal(PamCode.Success, call.Code);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 5, 30);
        Assert.Equal("pam_sallyport: session without a verdict: sallyport-agent was silent for 5 s; see its log", call.Log[0].Text);
    }

    [Fact]
    public async Task What_is_no_agent_of_roots_is_not_taken_for_silence()
    {
        string path = Path.Combine(_folder.FullName, "agent.sock");
        using Process impostor = Process.Start(
            new ProcessStartInfo(Native.Driver, ["serve", path, "65534"]) { RedirectStandardOutput = true })!;
        try
        {
            Assert.Equal("listening", await impostor.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

            Only(await Shim.RunAsync("-e", Key, "session", Argument, $"socket={path}")).AssertRefused("session", "uid 65534 listens");
        }
        finally
        {
            impostor.Kill();
        }
    }

    private string Gone => Path.Combine(_folder.FullName, "gone.sock");

    private async Task<ShimCall> WithoutAgentAsync(string op, string[] options, params string[] arguments) =>
        Only(await Shim.RunAsync(["-e", Key, .. options, op, .. arguments, $"socket={Gone}"]));

    private static async Task<ShimCall> AnsweredAsync(params byte[][] frames)
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(frames);
        });
        return Only(await Shim.RunAsync("-e", Key, "session", Argument, $"socket={agent.SocketPath}"));
    }

    private static ShimCall Only(IReadOnlyList<ShimCall> calls) => Assert.Single(calls);
}
