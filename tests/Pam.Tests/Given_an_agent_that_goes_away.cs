namespace Sallyport.Pam.Tests;

public sealed class Given_an_agent_that_goes_away
{
    [Theory]
    [InlineData("auth")]
    [InlineData("account")]
    [InlineData("session")]
    public async Task When_it_hangs_up_at_once_it_is_refused(string op)
    {
        await using var agent = new LyingAgent(_ => Task.CompletedTask);

        ShimCall call = await Shim.AskAsync(agent, op);

        call.AssertRefused(op, "sallyport-agent");
    }

    [Fact]
    public async Task When_it_hangs_up_while_the_user_types_the_broken_pipe_hurts_nobody()
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Prompt);
        });

        ShimCall call = await Shim.AskAsync(agent, "auth", "-w", "300");

        call.AssertRefused("auth", "cannot send to sallyport-agent: Broken pipe");
        Assert.Single(call.Shown);
        Assert.Equal(6, call.Wiped[0]);
    }

    [Fact]
    public async Task When_it_hangs_up_after_the_answer_it_is_refused()
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Prompt);
            await peer.ReceiveAsync('A');
            await peer.SendAsync(Frame.Log(6, "Accepted google_authenticator for ada"));
        });

        ShimCall call = await Shim.AskAsync(agent, "auth");

        call.AssertRefused("auth", "closed the connection without a verdict");
        Assert.Equal(2, call.Log.Count);
    }

    [Fact]
    public async Task When_it_hangs_up_after_the_token_it_is_refused()
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Of('T', "password"));
        });

        ShimCall call = await Shim.AskAsync(agent, "auth");

        call.AssertRefused("auth", "closed the connection without a verdict");
    }

    [Fact]
    public async Task When_it_allows_without_reading_the_answer_it_is_refused()
    {
        var judged = new TaskCompletionSource();
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Prompt);
            await peer.UntilThereIsSomethingToReadAsync();
            await peer.SendAsync(Frame.Allow);
            await judged.Task; // it does not hang up: what it has not read is all that it does wrong
        });

        ShimCall call = await Shim.AskAsync(agent, "auth");
        judged.SetResult();

        call.AssertRefused("auth", "gave a verdict without reading the answer");
    }
}
