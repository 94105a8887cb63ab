using Microsoft.Extensions.DependencyInjection;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Hosting;

public sealed class PortalPageTests
{
    [Fact]
    public async Task The_link_that_the_invited_are_shown_leads_to_words_for_a_person()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        await using HostedServer server = await HostedServer.StartAsync(
            replace: services => services.AddSingleton(new Administrator("ada")));
        var added = (AddApplicationResult.Added)await server.Services.GetRequiredService<AddApplication>()
            .RunAsync(new("bastion"), stop);
        await server.Services.GetRequiredService<AddUser>().RunAsync(new("bob"), stop);
        await server.Services.GetRequiredService<InviteUser>().RunAsync(new("bob"), stop);
        using HostedClient host = new(server, "127.0.0.1", added.IntegrationKey, added.SecretKey.Expose());
        Uri link = new(await host.TextAsync(new("POST", "/auth/v2/preauth", ("username", "bob")), "enroll_portal_url"));

        string page = await server.GetAsync(link.PathAndQuery);
        string head = page[..page.IndexOf("\r\n\r\n", StringComparison.Ordinal)];

        Assert.Equal(("https", "auth.example.com", "/portal"), (link.Scheme, link.Host, link.AbsolutePath));
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: text/plain; charset=utf-8", head, StringComparison.Ordinal);
        Assert.Contains("\r\nX-Content-Type-Options: nosniff", head, StringComparison.Ordinal);
        Assert.Contains("Ask your administrator", page, StringComparison.Ordinal);
        Assert.DoesNotContain("bob", page, StringComparison.Ordinal);
        Assert.DoesNotContain("FAIL", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "/portal", "HTTP/1.1 4")]
    [InlineData("GET", "/portal/admin", "HTTP/1.1 404 ")]
    public async Task It_takes_nothing(string method, string path, string status)
    {
        await using HostedServer server = await HostedServer.StartAsync();

        string answer = await server.AskAsync(
            $"{method} {path} HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");

        Assert.StartsWith(status, answer, StringComparison.Ordinal);
    }
}
