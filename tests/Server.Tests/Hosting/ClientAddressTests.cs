using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Sallyport.Server.Tests.Hosting;

public sealed class ClientAddressTests
{
    [Fact]
    public async Task A_strangers_header_is_ignored() =>
        Assert.Equal("127.0.0.1", await AddressAsync([], "X-Forwarded-For: 203.0.113.9\r\n"));

    [Fact]
    public async Task Where_another_proxy_is_trusted_loopback_is_a_stranger() =>
        Assert.Equal("127.0.0.1", await AddressAsync(["192.0.2.1/32"], "X-Forwarded-For: 203.0.113.9\r\n"));

    [Fact]
    public async Task A_trusted_proxy_says_who_it_is() =>
        Assert.Equal("203.0.113.9", await AddressAsync(["127.0.0.1/32"], "X-Forwarded-For: 203.0.113.9\r\n"));

    [Fact]
    public async Task Of_a_chain_the_last_that_is_not_trusted_counts() =>
        Assert.Equal("203.0.113.9", await AddressAsync(
            ["127.0.0.1/32", "192.0.2.0/24"], "X-Forwarded-For: 198.51.100.66, 203.0.113.9, 192.0.2.5\r\n"));

    [Fact]
    public async Task What_is_no_address_changes_nothing() =>
        Assert.Equal("127.0.0.1", await AddressAsync(["127.0.0.1/32"], "X-Forwarded-For: ada\r\n"));

    private static async Task<string> AddressAsync(string[] trusted, string headers)
    {
        await using HostedServer server = await HostedServer.StartAsync(
            settings => settings with { TrustedProxies = [.. trusted.Select(text => IPNetwork.Parse(text))] },
            map: app => app.MapGet("/who", (HttpContext context) => Results.Text($"{context.Connection.RemoteIpAddress}")));
        string answer = await server.GetAsync("/who", headers);
        return answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
    }
}
