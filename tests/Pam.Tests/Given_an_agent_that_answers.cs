namespace Sallyport.Pam.Tests;

public sealed class Given_an_agent_that_answers
{
    [Fact]
    public async Task When_it_prompts_the_answer_is_relayed_and_wiped_and_its_verdict_returned()
    {
        string answer = "";
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Prompt);
            answer = await peer.ReceiveAsync('A');
            await peer.SendAsync(Frame.Log(6, "Accepted google_authenticator for ada"), Frame.Allow);
        });

        ShimCall call = await Shim.AskAsync(agent, "auth", "-a", "0123456789");

        Assert.Equal(PamCode.Success, call.Code);
        Assert.Equal("0123456789", answer);
        Assert.Equal([new Shown(1, "Verification code: ")], call.Shown);
        Assert.Equal(
            [new LogLine(LogLine.AuthPriv | 6, "sshd(pam_google_auth)", "Accepted google_authenticator for ada")],
            call.Log);
        Assert.Equal(10, call.Wiped[0]);
        Assert.True(call.Wiped[1] >= Frame.Log(6, "Accepted google_authenticator for ada").Length);
        Assert.Null(call.Token);
    }

    [Fact]
    public async Task When_frames_come_together_they_are_taken_one_by_one()
    {
        var answers = new List<string>();
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(
                Frame.Of('I', "Number: 42"), Frame.Of('E', "Wait."), Frame.Of('Q', "Passcode or 1: "), Frame.Of('P', ""));
            answers.Add(await peer.ReceiveAsync('A'));
            answers.Add(await peer.ReceiveAsync('A'));
            await peer.SendAsync(Frame.Allow);
        });

        ShimCall call = await Shim.AskAsync(agent, "auth", "-a", "");

        Assert.Equal(PamCode.Success, call.Code);
        Assert.Equal([new(4, "Number: 42"), new(3, "Wait."), new(2, "Passcode or 1: "), new(1, "")], call.Shown);
        Assert.Equal(["", ""], answers);
    }

    [Theory]
    [InlineData("auth")]
    [InlineData("auth", "-i")]
    public async Task When_its_bytes_come_one_by_one_nothing_is_lost(string op, params string[] options)
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.DribbleAsync(Frame.Prompt);
            await peer.ReceiveAsync('A');
            await peer.DribbleAsync(Frame.Log(6, "Accepted"), Frame.Allow);
        });

        ShimCall call = await Shim.AskAsync(agent, op, options);

        Assert.Equal(PamCode.Success, call.Code);
        Assert.Equal([new Shown(1, "Verification code: ")], call.Shown);
        Assert.Equal("Accepted", Assert.Single(call.Log).Text);
    }

    [Theory]
    [InlineData("error")]
    [InlineData("silent")]
    [InlineData("empty")]
    [InlineData("none")]
    public async Task When_the_application_does_not_answer_it_is_told_so_once(string failure)
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Of('I', "Number: 42"), Frame.Prompt);
            Assert.Equal("", await peer.ReceiveAsync('X'));
            await peer.SendAsync(Frame.Verdict(3));
            await peer.UntilClosedAsync();
        });

        ShimCall call = await Shim.AskAsync(agent, "auth", "-f", failure);

        Assert.Equal(PamCode.AuthenticationError, call.Code);
        Assert.Equal(failure == "none" ? 0 : 1, call.Shown.Count(shown => shown.Style == 1));
        Assert.Empty(call.Log);
    }

    [Theory]
    [InlineData(Frame.MaxPayload, 'A')]
    [InlineData(Frame.MaxPayload + 1, 'X')]
    public async Task When_the_answer_is_longer_than_a_frame_it_is_a_failed_conversation(int length, char sent)
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Prompt);
            Assert.Equal(sent == 'A' ? length : 0, (await peer.ReceiveAsync(sent)).Length);
            await peer.SendAsync(Frame.Verdict(3));
        });

        ShimCall call = await Shim.AskAsync(agent, "auth", "-a", new string('7', length));

        Assert.Equal(PamCode.AuthenticationError, call.Code);
        Assert.Equal(length, call.Wiped[0]);
    }

    [Fact]
    public async Task When_a_prompt_fills_a_frame_it_is_shown_whole()
    {
        string qr = string.Concat(Enumerable.Repeat("\u00e2\u0096\u0088\n", Frame.MaxPayload / 4));
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Of('P', qr));
            await peer.ReceiveAsync('A');
            await peer.SendAsync(Frame.Allow);
        });

        ShimCall call = await Shim.AskAsync(agent, "auth");

        Assert.Equal(PamCode.Success, call.Code);
        Assert.Equal(qr, Assert.Single(call.Shown).Text);
    }

    [Fact]
    public async Task When_the_longest_frame_comes_in_two_parts_what_is_behind_it_is_left_for_later()
    {
        byte[] log = Frame.Log(7, new string('x', Frame.MaxPayload - 1));
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Prompt, log[..100]);
            await peer.ReceiveAsync('A');
            await peer.SendAsync(log[100..], Frame.Log(7, "behind it"), Frame.Allow);
        });

        ShimCall call = await Shim.AskAsync(agent, "auth");

        Assert.Equal(PamCode.Success, call.Code);
        Assert.Equal([Frame.MaxPayload - 1, "behind it".Length], call.Log.Select(line => line.Text.Length));
    }

    [Fact]
    public async Task When_it_logs_every_byte_and_priority_arrives_as_it_is()
    {
        byte[][] frames =
            [.. Enumerable.Range(0, 8).Select(priority => Frame.Log(priority, "%n%s%100000d\u00ff")), Frame.Log(7, "")];
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync([.. frames, Frame.Verdict(2)]);
        });

        ShimCall call = await Shim.AskAsync(agent, "account");

        Assert.Equal(PamCode.Ignore, call.Code);
        Assert.Equal([.. Enumerable.Range(0, 8), 7], call.Log.Select(line => line.Priority - LogLine.AuthPriv));
        Assert.Equal(8, call.Log.Count(line => line.Text == "%n%s%100000d\u00ff"));
        Assert.Equal("", call.Log[^1].Text);
    }

    [Fact]
    public async Task When_it_sends_a_token_the_next_module_finds_it()
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Of('T', "pass word\u00ff"), Frame.Allow);
        });

        ShimCall call = await Shim.AskAsync(agent, "auth", "-k", "before");

        Assert.Equal(PamCode.Success, call.Code);
        Assert.Equal("pass word\u00ff", call.Token);
    }

    [Fact]
    public async Task When_it_sends_256_frames_the_last_may_be_the_verdict()
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync([.. Enumerable.Repeat(Frame.Log(7, "again"), 255), Frame.Allow]);
        });

        ShimCall call = await Shim.AskAsync(agent, "auth");

        Assert.Equal(PamCode.Success, call.Code);
        Assert.Equal(255, call.Log.Count);
    }

    [Fact]
    public async Task When_setcred_or_close_session_is_called_it_is_not_asked()
    {
        await using var agent = new LyingAgent(peer => peer.UntilClosedAsync());

        IReadOnlyList<ShimCall> calls = await Shim.RunAsync("setcred,close", $"socket={agent.SocketPath}");

        Assert.Equal([PamCode.Success, PamCode.Success], calls.Select(call => call.Code));
        Assert.Equal(0, agent.Connections);
    }
}
