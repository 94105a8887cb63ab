using System.Diagnostics;
using System.Net.Sockets;
using Sallyport.Host.Messages;

namespace Sallyport.Host.Tests.Agent;

/// <summary>An agent that hangs: its queue is full, and connecting to it would wait for a place without an end.</summary>
public sealed class Given_an_agent_that_takes_nobody
{
    [Fact]
    public void Nobody_waits_for_it_longer_than_two_seconds()
    {
        string folder = Directory.CreateTempSubdirectory("sallyport-queue-").FullName;
        UnixDomainSocketEndPoint place = new(Path.Combine(folder, "agent.sock"));
        using Socket agent = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        agent.Bind(place);
        agent.Listen(0);
        using Socket first = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        first.Connect(place);
        long begun = Stopwatch.GetTimestamp();

        Assert.Null(AgentCall.Connect(Path.Combine(folder, "agent.sock")));

        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1.9, 2 + 2);
        Directory.Delete(folder, recursive: true);
    }
}
