namespace Sallyport.EndToEnd.Vectors;

/// <summary>Module and agent in the place of pam_google_authenticator.so: the same but for what we mend.</summary>
public sealed class Given_sallyport_in_its_place : IClassFixture<Given_sallyport_in_its_place.Running>
{
    private readonly Running _running;
    private readonly Replay _replay;

    public Given_sallyport_in_its_place(Running running)
    {
        _running = running;
        _replay = new Replay(
            running.Sandbox, FrozenAgent.Module, [$"socket={running.Agent.Socket}"], running.Agent.ClockFile);
    }

    public static TheoryData<string> Scenarios => [.. Scenario.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void It_does_what_is_recorded_or_documented(string name)
    {
        Scenario scenario = Scenario.Named(name);

        IReadOnlyList<string> differences = _replay.Differences(
            scenario, scenario.Results("sallyport", "recorded"), o => o.WithDebugLinesAsOne());
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    [Fact]
    public void Its_log_lines_name_the_service_and_the_address()
    {
        string[] lines = [.. _replay.Run(Scenario.Named("grace basic")).SelectMany(r => r.Seen.Syslog)];

        string[] endings =
        [
            "Accepted google_authenticator for ada from 10.0.0.1",
            "within grace period: \"ada\" from 10.0.0.1",
            "Invalid verification code for ada from 10.0.0.1",
            "Invalid verification code for ada from 10.0.0.2",
            "Invalid verification code for ada",
        ];
        Assert.Equal(endings, lines.Select(l => l[(l.IndexOf("]: ", StringComparison.Ordinal) + 3)..]));
        Assert.All(lines, l => Assert.Contains(" under-test(pam_google_auth)[", l));
    }

    public sealed class Running : IDisposable
    {
        public Running()
        {
            Sandbox = new Sandbox();
            Agent = new FrozenAgent(Sandbox);
        }

        public Sandbox Sandbox { get; }

        public FrozenAgent Agent { get; }

        public void Dispose()
        {
            Agent.Dispose();
            Sandbox.Dispose();
        }
    }
}
