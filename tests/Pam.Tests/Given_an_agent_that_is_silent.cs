using System.Diagnostics;

namespace Sallyport.Pam.Tests;

public sealed class Given_an_agent_that_is_silent
{
    [Theory]
    [InlineData("auth")]
    [InlineData("account")]
    [InlineData("session")]
    public async Task When_it_is_silent_it_is_refused_after_the_limit(string op)
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.UntilClosedAsync();
        });
        long start = Stopwatch.GetTimestamp();

        ShimCall call = await Shim.AskImpatientlyAsync(agent, op);

        call.AssertRefused(op, "silent");
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromSeconds(1.5));
    }

    [Fact]
    public async Task When_it_dribbles_without_ever_ending_a_frame_that_is_silence()
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            foreach (byte one in Frame.Log(6, new string('x', 40)))
            {
                await peer.SendAsync([one]);
                await Task.Delay(100);
            }

            await peer.SendAsync(Frame.Allow);
        });

        ShimCall call = await Shim.AskImpatientlyAsync(agent, "auth", "-i");

        call.AssertRefused("auth", "silent");
    }

    [Fact]
    public async Task When_it_sends_frames_the_limit_starts_anew_and_an_open_prompt_does_not_count()
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            for (int i = 0; i < 3; i++)
            {
                await Task.Delay(700);
                await peer.SendAsync(Frame.Log(7, "still here"));
            }

            await peer.SendAsync(Frame.Prompt);
            await peer.ReceiveAsync('A');
            await Task.Delay(300);
            await peer.SendAsync(Frame.Allow);
        });

        ShimCall call = await Shim.AskImpatientlyAsync(agent, "auth", "-w", "2000");

        Assert.Equal(PamCode.Success, call.Code);
    }
}
