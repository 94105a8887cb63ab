using System.Diagnostics;

namespace Sallyport.Host.Tests.Agent;

public sealed class Given_it_is_told_to_stop : IDisposable
{
    private readonly AgentUnderTest _agent = new();

    public void Dispose() => _agent.Dispose();

    [Fact]
    public async Task When_a_login_is_open_it_is_finished_and_nobody_else_is_answered()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        using AgentClient open = _agent.Connect();
        Assert.Null(open.Hello("auth", "daemon").Verdict()); // is at the prompt
        Task drained = Task.Run(
            () => _agent.Server.Drain(TimeSpan.FromSeconds(60)), TestContext.Current.CancellationToken);
        await Task.Delay(500, TestContext.Current.CancellationToken);

        // In the queue of the socket, where the next agent finds it.
        using AgentClient late = _agent.Connect();
        late.Hello("auth", "daemon");
        Assert.False(late.HasAnswer(TimeSpan.FromMilliseconds(500)));
        Assert.False(drained.IsCompleted);

        Assert.Equal(AgentClient.Allow, open.Send('A', AgentUnderTest.Passcode).Verdict());
        await drained.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.False(late.HasAnswer(TimeSpan.FromMilliseconds(500)));
    }

    [Fact]
    public void When_no_login_is_open_it_stops_at_once()
    {
        long start = Stopwatch.GetTimestamp();

        _agent.Server.Drain(TimeSpan.FromSeconds(60));

        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 30);
        Assert.DoesNotContain("refused", _agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void When_a_login_stays_open_it_does_not_wait_for_ever()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        using AgentClient open = _agent.Connect();
        Assert.Null(open.Hello("auth", "daemon").Verdict());

        _agent.Server.Drain(TimeSpan.FromMilliseconds(300));

        Assert.False(open.HasAnswer(TimeSpan.Zero));
    }
}
