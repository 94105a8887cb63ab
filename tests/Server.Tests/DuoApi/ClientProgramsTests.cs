using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.DuoApi;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.DuoApi;

/// <summary>Who may sign names himself as many hosts as he likes, but silences nobody and fills no log.</summary>
public sealed class ClientProgramsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_hosts_of_one_application_fill_no_log_and_silence_no_other()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.AddHostAsync(new("other"));
        List<Application> both = await server.ReadAsync(db => db.Applications.OrderBy(a => a.Name).ToListAsync(Stop));
        (Application loud, Application other) = (both[0], both[1]);

        for (int i = 0; i < 10_500; i++)
        {
            Describe(server, loud, $"web{i}");
        }

        Assert.Equal(ClientPrograms.MostSeen, Lines(server, $"A host of {loud.Name} lets people in"));
        Assert.Equal(1, Lines(server, $"{loud.Name} has named more than {ClientPrograms.MostSeen} hosts"));

        Describe(server, other, "db1", "login_duo/2.2.3");
        Describe(server, loud, "web0", "login_duo/2.2.3");
        Assert.Equal(1, Lines(server, $"A host of {other.Name} lets people in"));
        Assert.Equal(1, Lines(server, $"{other.Name} uses login_duo/2.2.3"));
        Assert.Equal(1, Lines(server, $"{loud.Name} uses login_duo/2.2.3"));
    }

    [Fact]
    public async Task A_host_is_named_once_a_day()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        Application application = await server.ReadAsync(db => db.Applications.SingleAsync(Stop));
        Describe(server, application, "web1");
        Describe(server, application, "web1");
        Assert.Equal(1, Lines(server, "web1"));

        server.Clock.Advance(ClientPrograms.Remembered);
        Describe(server, application, "web1");
        Describe(server, application, "web1");
        Assert.Equal(2, Lines(server, "web1"));
    }

    private static void Describe(
        TestServer server, Application application, string host, string program = "login_duo/2.2.4") =>
        server.Get<ClientPrograms>().Describe(application, program, "open", host, isDated: true);

    private static int Lines(TestServer server, string text) =>
        server.Log.Lines.Count(line => line.Contains(text, StringComparison.Ordinal));
}
