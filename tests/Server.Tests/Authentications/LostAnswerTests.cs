using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Authentications;

/// <summary>A request that is sent again, signed anew, gets what the first earned, and no more than that.</summary>
public sealed class LostAnswerTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task However_often_it_is_lost_the_time_runs_from_the_first(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string passcode = alice.Passcode();
        await OpenAsync(server, passcode);
        server.Clock.Advance(TimeSpan.FromSeconds(20));
        await OpenAsync(server, passcode);
        server.Clock.Advance(TimeSpan.FromSeconds(20));

        await OpenAsync(server, passcode);

        Assert.Equal(
            [
                "success valid_passcode duo_mobile_passcode",
                "success valid_passcode duo_mobile_passcode",
                "denied invalid_passcode duo_mobile_passcode",
            ],
            await server.AuditAsync());
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task It_ends_no_row_of_failures(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string passcode = alice.Passcode();
        await OpenAsync(server, passcode);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("deny", await server.Host.LogInAsync("alice", alice.WrongPasscode()));
        }

        string again = await OpenAsync(server, passcode);

        Assert.Equal("allow", await ResultAsync(server, again));
        User user = await server.ReadAsync(db => db.Users.SingleAsync(TestServer.Stop));
        Assert.Equal(3, user.Failures);
        Assert.Equal(3, await server.ReadAsync(db => db.Set<Server.Authentications.Throttle>()
            .Where(t => t.SubjectId == user.Id.Value).Select(t => t.Failures).SingleAsync(TestServer.Stop)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_device_that_was_removed_earns_nothing(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string passcode = alice.Passcode();
        await OpenAsync(server, passcode);
        string device = await server.ReadAsync(db => db.Devices.Select(d => d.Key).SingleAsync(TestServer.Stop));
        Assert.IsType<AddTotpDeviceResult.Added>(
            await server.Get<AddTotpDevice>().RunAsync(new("alice"), TestServer.Stop));
        Assert.True(await server.Get<RemoveDevice>().RunAsync(device, TestServer.Stop));

        Assert.Equal("deny", await ResultAsync(server, await OpenAsync(server, passcode)));
    }

    [Theory]
    [InlineData("passcode", "deny")]
    [InlineData("bypass", "allow")]
    public async Task A_factor_that_is_taken_no_more_earns_nothing(string taken, string result)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.EnrolAsync("alice");
        var added = Assert.IsType<AddBypassCodeResult.Added>(
            await server.Get<AddBypassCode>().RunAsync(new("alice") { Count = 2 }, TestServer.Stop));
        string code = added.Codes.Expose()[0];
        await OpenAsync(server, code);

        await server.ChangeApplicationAsync(application => application.AllowedFactors = taken);

        Assert.Equal(result, await ResultAsync(server, await OpenAsync(server, code)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task What_no_passcode_earned_is_nobodys(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.EnrolAsync("alice");
        await server.ChangeUserAsync("alice", user => user.Status = UserStatus.Bypass);
        await OpenAsync(server, "000000");

        await server.ChangeUserAsync("alice", user => user.Status = UserStatus.Active);

        Assert.Equal("deny", await ResultAsync(server, await OpenAsync(server, "000000")));
    }

    private static async Task<string> OpenAsync(TestServer server, string typed)
    {
        server.Clock.Advance(TimeSpan.FromMilliseconds(1001));
        TestRequest request = server.Host.Auth("alice", typed);
        TestAnswer answer = await server.Host.SendAsync(request with
        {
            Parameters = [.. request.Parameters.Select(p => p.Name == "async" ? ("async", "1") : p)],
        });
        return answer.Text("txid")!;
    }

    private static async Task<string?> ResultAsync(TestServer server, string txid) =>
        (await server.Host.SendAsync(new("GET", "/auth/v2/auth_status", ("txid", txid)))).Text("result");
}
