using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Authentications;

public sealed class SweepTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task No_act_removes_more_than_a_piece_and_what_counts_stays(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await AddAsync(server, (2 * Sweep.Piece) + 1, server.Now - TimeSpan.FromHours(25));
        await AddAsync(server, 3, server.Now);
        Sweep sweep = server.Get<IEnumerable<IHostedService>>().OfType<Sweep>().Single();
        foreach (int left in (int[])[Sweep.Piece + 4, 4, 3])
        {
            Assert.Equal(left > 3, await sweep.RunOnceAsync(TestServer.Stop));
            Assert.Equal((left, left), await CountAsync(server));
        }
    }

    [Fact]
    public async Task It_goes_on_by_itself_until_all_is_removed()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await AddAsync(server, (2 * Sweep.Piece) + 1, server.Now - TimeSpan.FromHours(25));
        server.Clock.Advance(TimeSpan.FromSeconds(10));
        while (await CountAsync(server) != (0, 0))
        {
            server.Clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(20, TestServer.Stop);
        }
    }

    private static Task AddAsync(TestServer server, int rows, DateTimeOffset at) => server.ChangeAsync(async db =>
    {
        IntegrationId application = await db.Applications.Select(a => a.Id).SingleAsync(TestServer.Stop);
        for (int i = 0; i < rows; i++)
        {
            db.Authentications.Add(new Authentication
            {
                TransactionId = Guid.CreateVersion7(at).ToString(),
                ApplicationId = application,
                Status = "deny",
                StatusMessage = "",
                IsAsync = true,
                RequestMac = [],
                CreatedAt = at,
                ExpiresAt = at + TimeSpan.FromMinutes(15),
            });
            db.Throttles.Add(new Throttle
            {
                SubjectId = Guid.CreateVersion7(at),
                Source = "203.0.113.5",
                Failures = 1,
                Since = at,
            });
        }
    });

    private static Task<(int Transactions, int Throttles)> CountAsync(TestServer server) => server.ReadAsync(
        async db => (
            await db.Authentications.CountAsync(TestServer.Stop), await db.Throttles.CountAsync(TestServer.Stop)));
}
