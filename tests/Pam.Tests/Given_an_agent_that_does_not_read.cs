namespace Sallyport.Pam.Tests;

public sealed class Given_an_agent_that_does_not_read
{
    [Fact]
    public async Task When_it_reads_late_the_shim_waits_with_what_it_could_not_send()
    {
        // More than the kernel keeps for a socket, said after the limit that the last frame set.
        string answer = new('7', Frame.MaxPayload);
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.SendAsync([.. Enumerable.Repeat(Frame.Prompt, 4)]);
            await Task.Delay(TimeSpan.FromSeconds((4 * 1.6) + 0.4));
            await peer.ReceiveAsync('H');
            for (int i = 0; i < 4; i++)
            {
                Assert.Equal(answer, await peer.ReceiveAsync('A'));
            }

            await peer.SendAsync(Frame.Allow);
        });

        ShimCall call = await Shim.AskImpatientlyAsync(agent, "auth", "-w", "1600", "-a", answer);

        Assert.Equal(PamCode.Success, call.Code);
    }

    [Fact]
    public async Task When_it_never_reads_it_is_refused_after_the_limit()
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.SendAsync([.. Enumerable.Repeat(Frame.Prompt, 8)]);
            await Task.Delay(3000);
        });

        ShimCall call = await Shim.AskImpatientlyAsync(agent, "auth", "-a", new string('7', Frame.MaxPayload));

        call.AssertRefused("auth", "silent");
        Assert.InRange(call.Shown.Count, 2, 7);
    }
}
