using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <summary>The C library looks names up, in its own time; and a name may have more addresses than one.</summary>
public sealed class Given_the_name_of_a_server : IDisposable
{
    private static readonly IPAddress _other = IPAddress.Parse("127.0.0.2");

    private readonly ManualResetEventSlim _answers = new();
    private int _questions;

    public void Dispose() => _answers.Set();

    [Fact]
    public void A_resolver_that_is_silent_costs_no_more_than_the_time_there_is()
    {
        HostLookup lookup = new(Silent);

        Assert.InRange(Fails(lookup, 500, DuoHost.Stays, WireEnd.Silent), 400, 2000);
        Assert.InRange(Fails(lookup, 30_000, () => true, WireEnd.Gone), 0, 2000);
    }

    [Fact]
    public async Task Who_asks_for_a_name_that_is_being_asked_for_waits_for_that_answer()
    {
        HostLookup lookup = new(Silent);
        Task<IPAddress[]>[] all = [.. Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () => lookup.Find("duo.example.org", long.MaxValue, DuoHost.Stays, out WireEnd _),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        await Task.Delay(300, TestContext.Current.CancellationToken);
        _answers.Set();

        Assert.All(await Task.WhenAll(all), addresses => Assert.Equal([_other], addresses));
        Assert.Equal(1, _questions);

        // What it was told is not kept: a name may move.
        _ = lookup.Find("duo.example.org", long.MaxValue, DuoHost.Stays, out WireEnd _);
        Assert.Equal(2, _questions);
    }

    [Theory]
    [InlineData(SocketError.TryAgain, "Temporary failure in name resolution")]
    [InlineData(SocketError.HostNotFound, "Name or service not known")]
    [InlineData(SocketError.NoData, "Name or service not known")]
    public void A_name_without_an_address_is_no_server(SocketError error, string words)
    {
        HostLookup lookup = new(_ => throw new SocketException((int)error));

        IOException none = Assert.Throws<IOException>(
            () => lookup.Find("duo.example.org", long.MaxValue, DuoHost.Stays, out WireEnd _));

        Assert.Equal(words, none.Message);
    }

    [Fact]
    public void Where_it_was_last_is_asked_when_no_name_can_be_looked_up()
    {
        bool works = true;
        HostLookup lookup = new(_ => works ? [_other] : throw new SocketException((int)SocketError.TryAgain));
        _ = lookup.Find("duo.example.org", long.MaxValue, DuoHost.Stays, out WireEnd _);
        works = false;

        Assert.Equal([_other], lookup.Find("duo.example.org", long.MaxValue, DuoHost.Stays, out WireEnd _));
        Assert.Throws<IOException>(() => lookup.Find("other.example.org", long.MaxValue, DuoHost.Stays, out WireEnd _));
    }

    /// <summary>One is dead, one refuses, one says nothing in TLS: the next one serves, within the same time.</summary>
    [Theory]
    [InlineData("black hole")]
    [InlineData("refuses")]
    [InlineData("TLS silence")]
    public async Task The_next_address_serves_where_one_does_not(string how)
    {
        await using FakeDuoService service = new();
        using FakeBlackHole? hole = how == "black hole" ? new FakeBlackHole(_other, service.Port) : null;
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (how == "TLS silence")
        {
            silent.Bind(new IPEndPoint(_other, service.Port));
            silent.Listen();
        }

        using DuoHost host = new(service);
        long begun = Stopwatch.GetTimestamp();
        using DuoConnection connection = DuoConnection.Open(
            host.Settings,
            new HostLookup(_ => [_other, IPAddress.Loopback]),
            "sallyport-agent/0",
            TimeSpan.FromSeconds(2),
            DuoHost.Stays);

        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, TimeSpan.FromSeconds(4));
        Assert.Equal(1, service.Connections);
    }

    /// <summary>Whoever shows the wrong certificate at one address is not asked for another one.</summary>
    [Fact]
    public async Task A_wrong_certificate_is_the_end_of_it()
    {
        await using FakeDuoService service = new(new FakeCertificate("elsewhere.example.org"));
        using DuoHost host = new(service);

        DuoException failed = Assert.Throws<DuoException>(() => DuoConnection.Open(
            host.Settings,
            new HostLookup(_ => [IPAddress.Loopback, IPAddress.Loopback]),
            "sallyport-agent/0",
            TimeSpan.FromSeconds(2),
            DuoHost.Stays));

        Assert.Equal(DuoFailure.Refused, failed.Failure);
        Assert.Equal(1, service.Connections);
    }

    private IPAddress[] Silent(string name)
    {
        Interlocked.Increment(ref _questions);
        _answers.Wait();
        return [_other];
    }

    private static double Fails(HostLookup lookup, int patience, Func<bool> isGone, WireEnd expected)
    {
        long begun = Stopwatch.GetTimestamp();
        WireEnd end = WireEnd.None;
        Assert.Throws<IOException>(
            () => lookup.Find("duo.example.org", Environment.TickCount64 + patience, isGone, out end));
        Assert.Equal(expected, end);
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }
}
