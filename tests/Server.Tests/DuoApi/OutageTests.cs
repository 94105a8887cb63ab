using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;
using Sallyport.Server.Tests.Hosting;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.DuoApi;

public sealed class OutageTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Facts_7_8_with_PostgreSQL_away_each_call_is_503_in_the_envelope_and_nobody_is_let_in()
    {
        using PostgresOutage database = await PostgresOutage.CreateAsync();
        await using HostedServer server = await HostedServer.StartAsync(
            settings => settings with { Postgres = database.Connection },
            replace: services => services.AddSingleton(new Administrator("ada")));
        var added = (AddApplicationResult.Added)await server.Services.GetRequiredService<AddApplication>()
            .RunAsync(new("bastion"), Stop);
        await server.Services.GetRequiredService<AddUser>()
            .RunAsync(new("alice") { Status = UserStatus.Bypass }, Stop);
        using HostedClient host = new(server, "127.0.0.1", added.IntegrationKey, added.SecretKey.Expose());
        Assert.Equal("allow", (await host.SendAsync(Preauth("web1"))).Result);

        await database.LeaveAsync();
        List<HostedAnswer> answers = [];
        for (int i = 0; i < 4; i++) // the connections that were lost, and then those that are refused
        {
            answers.Add(await host.SendAsync(Preauth($"lost{i}")));
            answers.Add(await host.SendAsync(Auth($"lost{i}")));
        }

        database.Return();
        HostedAnswer after = await host.SendAsync(Preauth("web2"));

        Assert.All(answers, answer => Assert.Equal(
            (503, "FAIL", 50301, null), (answer.Status, answer.Stat, answer.Code, answer.Result)));
        Assert.Equal((200, "allow"), (after.Status, after.Result));
    }

    [Fact]
    public void Facts_7_8_what_EF_Core_puts_around_a_lost_connection_is_an_outage_and_a_fault_is_none()
    {
        var lost = new NpgsqlException("Exception while reading from stream", new IOException());
        var wrapped = new InvalidOperationException("likely due to a transient failure", lost);

        Assert.True(Outage.Is(lost));
        Assert.True(Outage.Is(wrapped));
        Assert.True(Outage.Is(new InvalidOperationException("again", wrapped)));
        Assert.True(Outage.Is(new DbUpdateException("update", lost)));
        Assert.True(Outage.Is(new TimeoutException()));
        Assert.False(Outage.Is(new InvalidOperationException("Sequence contains no elements")));
        Assert.False(Outage.Is(new InvalidOperationException("", new ArgumentException(""))));
        Assert.False(Outage.Is(new ArgumentException("", lost)));
    }

    private static TestRequest Preauth(string host) =>
        new("POST", "/auth/v2/preauth", ("username", "alice"), ("hostname", host));

    private static TestRequest Auth(string host) => new(
        "POST", "/auth/v2/auth", ("username", "alice"), ("factor", "prompt"), ("prompt", "123456"), ("hostname", host));
}
