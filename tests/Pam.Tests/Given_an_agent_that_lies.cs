namespace Sallyport.Pam.Tests;

public sealed class Given_an_agent_that_lies
{
    private static readonly string[] Ops = ["auth", "account", "session"];

    /// <summary>What it says after the hello, before it hangs up, and a word of the refusal.</summary>
    private static readonly Dictionary<string, (byte[] Bytes, string Reason)> Lies = new()
    {
        ["nothing"] = ([], "closed"),
        ["one byte of a header"] = ([(byte)'V'], "closed"),
        ["four bytes of a header"] = ([(byte)'V', 0, 0, 0], "closed"),
        ["a header and no payload"] = (Frame.Announcing('V', 1), "closed"),
        ["a payload cut short"] = (Frame.Announcing('L', 10, 6, (byte)'x'), "closed"),
        ["a frame one byte too long"] = (Frame.Of('L', new byte[Frame.MaxPayload + 1]), "65537 bytes"),
        ["a length with the sign bit"] = (Frame.Announcing('L', 0x80000000, 6), "2147483648 bytes"),
        ["the greatest length"] = (Frame.Announcing('V', uint.MaxValue, 1), "4294967295 bytes"),
        ["a little-endian verdict"] = ([(byte)'V', 1, 0, 0, 0, 1], "16777216 bytes"),
        ["an unknown type"] = ([.. Frame.Of('Z'), .. Frame.Allow], "type 0x5a"),
        ["type 0"] = ([.. Frame.Of('\0'), .. Frame.Allow], "type 0x00"),
        ["type 255"] = ([.. Frame.Of('\u00ff'), .. Frame.Allow], "type 0xff"),
        ["a small v"] = (Frame.Of('v', 1), "type 0x76"),
        ["a hello"] = ([.. Frame.Of('H', "version=1\0op=auth\0user=ada\0"), .. Frame.Allow], "type 0x48"),
        ["an answer"] = ([.. Frame.Of('A', "123456"), .. Frame.Allow], "type 0x41"),
        ["a failed conversation"] = ([.. Frame.Of('X'), .. Frame.Allow], "type 0x58"),
        ["a bare byte 1"] = ([1], "closed"),
        ["a verdict of no bytes"] = (Frame.Of('V'), "verdict of 0 bytes"),
        ["a verdict of two bytes"] = (Frame.Of('V', 1, 1), "verdict of 2 bytes"),
        ["a verdict of 65536 bytes"] = (Frame.Of('V', [1, .. new byte[Frame.MaxPayload - 1]]), "verdict of 65536 bytes"),
        ["a byte after the verdict"] = ([.. Frame.Allow, 0], "did not end"),
        ["two verdicts"] = ([.. Frame.Allow, .. Frame.Allow], "did not end"),
        ["a log without a priority"] = ([.. Frame.Of('L'), .. Frame.Allow], "type 0x4c"),
        ["a log of priority 8"] = ([.. Frame.Log(8, "x"), .. Frame.Allow], "type 0x4c"),
        ["a log with a facility"] = ([.. Frame.Log(83, "x"), .. Frame.Allow], "type 0x4c"),
        ["a log with a NUL"] = ([.. Frame.Log(6, "a\0b"), .. Frame.Allow], "type 0x4c"),
        ["257 frames"] = ([.. Repeat(Frame.Log(7, ""), 256), .. Frame.Allow], "256 frames"),
    };

    /// <summary>In auth only: what is wrong with a text or a token.</summary>
    private static readonly Dictionary<string, (byte[] Bytes, string Reason)> LiesInAuth = new()
    {
        ["a hidden prompt with a NUL"] = ([.. Frame.Of('P', "Code\0: "), .. Frame.Allow], "type 0x50"),
        ["a visible prompt with a NUL"] = ([.. Frame.Of('Q', "\0"), .. Frame.Allow], "type 0x51"),
        ["an info with a NUL"] = ([.. Frame.Of('I', "a\0"), .. Frame.Allow], "type 0x49"),
        ["an error with a NUL"] = ([.. Frame.Of('E', "\0a"), .. Frame.Allow], "type 0x45"),
        ["a token with a NUL"] = ([.. Frame.Of('T', "pass\0word"), .. Frame.Allow], "type 0x54"),
    };

    public static TheoryData<string, string> EveryLieInEveryOp()
    {
        var all = new TheoryData<string, string>();
        foreach (string op in Ops)
        {
            foreach (string lie in Lies.Keys)
            {
                all.Add(op, lie);
            }
        }

        foreach (string lie in LiesInAuth.Keys)
        {
            all.Add("auth", lie);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(EveryLieInEveryOp))]
    public async Task It_is_refused_and_the_reason_logged(string op, string lie)
    {
        (byte[] bytes, string reason) = Lies.TryGetValue(lie, out var found) ? found : LiesInAuth[lie];
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(bytes);
        });

        ShimCall call = await Shim.AskAsync(agent, op);

        call.AssertRefused(op, reason);
        Assert.Null(call.Token);
    }

    [Theory]
    [InlineData("account", 'P')]
    [InlineData("account", 'Q')]
    [InlineData("account", 'I')]
    [InlineData("account", 'E')]
    [InlineData("account", 'T')]
    [InlineData("session", 'P')]
    [InlineData("session", 'Q')]
    [InlineData("session", 'I')]
    [InlineData("session", 'E')]
    [InlineData("session", 'T')]
    public async Task When_it_talks_where_nobody_can_be_asked_it_is_refused_unheard(string op, char type)
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Of(type, "text"), Frame.Verdict(op == "account" ? 2 : 1));
        });

        ShimCall call = await Shim.AskAsync(agent, op);

        call.AssertRefused(op, $"type 0x{(int)type:x2}");
        Assert.Empty(call.Shown);
        Assert.Null(call.Token);
    }

    [Fact]
    public async Task When_the_token_cannot_be_set_its_allow_is_refused()
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Of('T', "password"), Frame.Allow);
        });

        ShimCall call = await Shim.AskAsync(agent, "auth", "-T", "-k", "before");

        call.AssertRefused("auth", "PAM_AUTHTOK");
        Assert.Equal("before", call.Token);
    }

    [Fact]
    public async Task When_more_comes_than_was_read_with_the_verdict_it_is_found_all_the_same()
    {
        // The verdict ends where the shim's buffer ends, so the byte behind it is still in the kernel. An errno that says
        // "nothing there" from some earlier call (-E) must not be believed.
        byte[] log = Frame.Log(7, new string('x', 5 + Frame.MaxPayload - Frame.Allow.Length - 6));
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Prompt);
            await Task.Delay(200);
            await peer.SendAsync(log, Frame.Allow, [0]);
            await peer.ReceiveAsync('A');
            await peer.UntilClosedAsync();
        });

        ShimCall call = await Shim.AskAsync(agent, "auth", "-w", "600", "-E");

        call.AssertRefused("auth", "did not end");
    }

    [Fact]
    public async Task When_it_answers_what_it_was_not_asked_yet_the_answer_counts_only_as_such()
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.SendAsync(Frame.Allow, Frame.Prompt);
            await peer.UntilClosedAsync();
        });

        ShimCall call = await Shim.AskAsync(agent, "auth");

        call.AssertRefused("auth", "did not end");
        Assert.Empty(call.Shown);
    }

    private static byte[] Repeat(byte[] frame, int times) =>
        [.. Enumerable.Repeat(frame, times).SelectMany(bytes => bytes)];
}
