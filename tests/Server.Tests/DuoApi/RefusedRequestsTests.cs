using System.Net;
using Sallyport.Server.DuoApi;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.DuoApi;

/// <summary>Refusals are counted by what one sender has, and nobody makes the server forget them.</summary>
public sealed class RefusedRequestsTests
{
    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("203.0.113.5", "::ffff:203.0.113.5", true)]
    [InlineData("203.0.113.5", "203.0.113.6", false)]
    public async Task An_IPv6_network_is_one_source(string first, string next, bool isOne)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        Refuse(server, first, RefusedRequests.MostAnswered);

        Assert.Equal(
            isOne ? ApiError.TooManyRefused : ApiError.NotFound, Refuse(server, next));
    }

    [Fact]
    public async Task Who_comes_from_too_many_addresses_resets_nothing_and_is_counted_as_one()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        Refuse(server, "203.0.113.5", RefusedRequests.MostAnswered);
        int lines = server.Log.Lines.Count;
        for (int i = 0; i < RefusedRequests.MostSources + 200; i++)
        {
            Refuse(server, $"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}");
        }

        Assert.Equal(ApiError.TooManyRefused, Refuse(server, "203.0.113.5"));
        Assert.Equal(ApiError.TooManyRefused, Refuse(server, "198.51.100.1"));
        Assert.Equal(RefusedRequests.MostLines + 1 - 11, server.Log.Lines.Count - lines); // of the first there are 11
        Assert.Single(
            server.Log.Lines, line => line.StartsWith("Refused more requests from all sources;", StringComparison.Ordinal));

        server.Clock.Advance(RefusedRequests.Window);
        Assert.Equal(ApiError.NotFound, Refuse(server, "203.0.113.5"));
        Assert.Equal(ApiError.NotFound, Refuse(server, "198.51.100.1"));
        Assert.Equal(ApiError.NotFound, Refuse(server, "198.51.100.2"));
    }

    private static ApiError Refuse(TestServer server, string address, int times = 1)
    {
        ApiError last = ApiError.NotFound;
        for (int i = 0; i < times; i++)
        {
            last = server.Get<RefusedRequests>().Add(ApiError.NotFound, IPAddress.Parse(address), null);
        }

        return last;
    }
}
