using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Authentications;

public sealed class LockOutTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task One_source_waits_after_five_and_does_not_lock_her_out_elsewhere(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        TestHost stranger = server.Host with { Address = "198.51.100.66" };
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal("deny", await stranger.LogInAsync("alice", alice.WrongPasscode()));
        }

        TestAnswer throttled = await stranger.AuthAsync("alice", alice.Passcode());
        Assert.Equal("deny", throttled.Text("result"));
        Assert.Equal("Too many wrong passcodes. Try again in 15 minutes.", throttled.Text("status_msg"));
        Assert.Equal("denied frequent_attempts not_available", (await server.AuditAsync())[^1]);
        Assert.Equal("allow", await server.Host.LogInAsync("alice", alice.Passcode()));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_source_that_comes_back_waits_twice_as_long_and_counts_no_more_against_her(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        async Task FailAsync()
        {
            for (int i = 0; i < 5; i++)
            {
                await server.Host.LogInAsync("alice", alice.WrongPasscode());
            }
        }

        await FailAsync();
        server.Clock.Advance(TimeSpan.FromMinutes(15));
        await FailAsync();
        TestAnswer throttled = await server.Host.AuthAsync("alice", alice.Passcode());

        Assert.Equal("Too many wrong passcodes. Try again in 30 minutes.", throttled.Text("status_msg"));
        Assert.Equal(5, await server.ReadAsync(db => db.Users.Select(u => u.Failures).SingleAsync(TestServer.Stop)));
        server.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal("allow", await server.Host.LogInAsync("alice", alice.Passcode()));
        Assert.Equal(0, await server.ReadAsync(db => db.Throttles.CountAsync(
            t => t.Failures > 5 && t.BlockedUntil > server.Now, TestServer.Stop)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Who_is_disabled_is_not_locked_out_by_it_his_source_waits(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        await server.Get<DisableUser>().RunAsync("alice", TestServer.Stop);
        for (int i = 0; i < 24; i++)
        {
            TestHost source = server.Host with { Address = $"198.51.100.{i / 2}" };
            Assert.Equal("deny", await source.LogInAsync("alice", alice.WrongPasscode()));
        }

        await server.Get<EnableUser>().RunAsync("alice", TestServer.Stop);

        User user = await server.ReadAsync(db => db.Users.SingleAsync(TestServer.Stop));
        Guid application = (await server.ReadAsync(db => db.Applications.SingleAsync(TestServer.Stop))).Id.Value;
        Assert.Equal((0, null), (user.Failures, user.LockedUntil));
        Assert.Equal(12, await server.ReadAsync(db => db.Throttles.CountAsync(
            t => t.SubjectId != user.Id.Value && t.SubjectId != application && t.Failures == 2, TestServer.Stop)));
        Assert.Equal("allow", await server.Host.LogInAsync("alice", alice.Passcode()));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_source_that_asks_for_who_is_disabled_waits_as_for_an_unknown_name(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        await server.Get<DisableUser>().RunAsync("alice", TestServer.Stop);
        foreach (string name in (string[])["alice", "mallory"])
        {
            TestHost source = server.Host with { Address = name == "alice" ? "198.51.100.1" : "198.51.100.2" };
            for (int i = 0; i < 5; i++)
            {
                Assert.Equal("deny", await source.LogInAsync(name, "000000"));
            }

            TestAnswer waits = await source.AuthAsync(name, "000000");
            Assert.Equal(
                ("deny", "deny", "Too many wrong passcodes. Try again in 15 minutes."),
                (waits.Text("result"), waits.Text("status"), waits.Text("status_msg")));
        }

        await server.Get<EnableUser>().RunAsync("alice", TestServer.Stop);
        TestHost his = server.Host with { Address = "198.51.100.1" };
        Assert.Equal("deny", await his.LogInAsync("alice", alice.Passcode()));
        await server.Get<UnlockUser>().RunAsync("alice", TestServer.Stop);
        Assert.Equal("allow", await his.LogInAsync("alice", alice.Passcode()));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Ten_in_a_row_from_two_sources_lock_him_out_for_a_quarter_of_an_hour(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser bob = await server.EnrolAsync("bob");
        for (int i = 0; i < 10; i++)
        {
            TestHost source = server.Host with { Address = i < 5 ? "198.51.100.1" : "198.51.100.2" };
            await source.LogInAsync("bob", bob.WrongPasscode());
        }

        TestAnswer preauth = await server.Host.PreauthAsync("bob");
        TestAnswer auth = await server.Host.AuthAsync("bob", bob.Passcode());

        Assert.Equal(("deny", "Your account is locked out."), (preauth.Text("result"), preauth.Text("status_msg")));
        Assert.Equal(("deny", "locked_out"), (auth.Text("result"), auth.Text("status")));
        Assert.Equal("denied locked_out not_available", (await server.AuditAsync())[^1]);
        server.Clock.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal("allow", await server.Host.LogInAsync("bob", bob.Passcode()));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Wrong_ones_at_once_are_no_more_than_five_guesses(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");

        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => server.Host.SendAsync(
            server.Host.Auth("alice", alice.WrongPasscode(), ("pushinfo", $"{i}")))));

        List<string> audit = await server.AuditAsync();
        Assert.Equal(5, audit.Count(e => e.StartsWith("denied invalid_passcode", StringComparison.Ordinal)));
        Assert.Equal(11, audit.Count(e => e.StartsWith("denied frequent_attempts", StringComparison.Ordinal)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_source_that_tries_many_names_waits_for_all_of_them(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(
            kind, replace: s => Replace(s, new AuthenticationLimits { ApplicationFailures = 6 }));
        TestUser alice = await server.EnrolAsync("alice");
        for (int i = 0; i < 6; i++)
        {
            Assert.Equal("deny", await server.Host.LogInAsync($"nobody{i}", "123456"));
        }

        Assert.Equal("deny", await server.Host.LogInAsync("alice", alice.Passcode()));
        TestHost elsewhere = server.Host with { Address = "198.51.100.7" };
        Assert.Equal("allow", await elsewhere.LogInAsync("alice", alice.Passcode()));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_success_begins_the_count_anew(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 4; i++)
            {
                Assert.Equal("deny", await server.Host.LogInAsync("alice", alice.WrongPasscode()));
            }

            Assert.Equal("allow", await server.Host.LogInAsync("alice", alice.Passcode()));
            server.Clock.Advance(TimeSpan.FromSeconds(60));
        }
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task An_alias_is_counted_as_the_user(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice", "al");
        for (int i = 0; i < 5; i++)
        {
            await server.Host.LogInAsync(i % 2 == 0 ? "alice" : "al", alice.WrongPasscode());
        }

        Assert.Equal("deny", await server.Host.LogInAsync("al", alice.Passcode()));
        Assert.Equal("deny", await server.Host.LogInAsync("alice", alice.Passcode()));
    }

    [Fact]
    public async Task What_counts_no_more_is_swept_away()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.EnrolAsync("alice");
        await server.Host.LogInAsync("alice", "push");
        server.Clock.Advance(TimeSpan.FromHours(25));

        await server.Get<IEnumerable<Microsoft.Extensions.Hosting.IHostedService>>().OfType<Sweep>().Single()
            .RunOnceAsync(TestServer.Stop);

        Assert.Equal(0, await server.ReadAsync(db => db.Throttles.CountAsync(TestServer.Stop)));
        Assert.Equal(0, await server.ReadAsync(db => db.Authentications.CountAsync(TestServer.Stop)));
    }

    private static void Replace(Microsoft.Extensions.DependencyInjection.IServiceCollection services, AuthenticationLimits limits) =>
        Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton(services, limits);
}
