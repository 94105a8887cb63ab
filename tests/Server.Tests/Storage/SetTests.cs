using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Authentications;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Storage;

/// <summary>What is changed after it was added, and what the audit has of it.</summary>
public sealed class SetTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task An_application_is_changed_where_something_was_said_and_audited_as_it_was_and_is(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        var added = (AddApplicationResult.Added)await database.Get<AddApplication>().RunAsync(
            new("bastion") { LegacyClients = true, AllowedGroups = ["staff"], AllowedFactors = ["passcode"] },
            TestDatabase.Stop);
        await database.Get<AddApplication>().RunAsync(new("other"), TestDatabase.Stop);
        SetApplication set = database.Get<SetApplication>();

        Assert.IsType<SetApplicationResult.Changed>(await set.RunAsync(
            new("bastion") { Name = "web", AllowedFactors = [], TrustedNetworks = ["192.0.2.0/24"] },
            TestDatabase.Stop));

        ApplicationRow row = (await database.Get<ShowApplication>().RunAsync(added.IntegrationKey, TestDatabase.Stop))!;
        Assert.Equal(
            ("web", true, "staff", "", "192.0.2.0/24"),
            (row.Name, row.LegacyClients, row.AllowedGroups, row.AllowedFactors, row.TrustedNetworks));
        AuditEvent happened = await database.ReadAsync(
            db => db.AuditEvents.SingleAsync(e => e.Action == AuditActions.ApplicationSet, TestDatabase.Stop));
        Assert.Equal(("web", added.IntegrationKey, "ada"),
            (happened.ApplicationName, happened.ApplicationKey, happened.Administrator));
        Assert.Equal(
            "was name: bastion; legacy clients: yes; enrol until: never; usernames: exact; groups: staff; "
            + "factors: passcode; trusted networks: none; number: never; terminal devices: no; "
            + "is name: web; legacy clients: yes; enrol until: never; usernames: exact; groups: staff; "
            + "factors: all; trusted networks: 192.0.2.0/24; number: never; terminal devices: no",
            happened.Detail);

        Assert.IsType<SetApplicationResult.NameTaken>(
            await set.RunAsync(new("web") { Name = "other" }, TestDatabase.Stop));
        Assert.IsType<SetApplicationResult.UnknownApplication>(
            await set.RunAsync(new("bastion") { LegacyClients = false }, TestDatabase.Stop));
        foreach (SetApplicationRequest wrong in new SetApplicationRequest[]
        {
            new("web"),
            new("web") { Name = "" },
            new("web") { Name = "DIABCDEFGHIJKLMNOPQR" },
            new("web") { AllowedGroups = ["two words"] },
            new("web") { AllowedFactors = ["telepathy"] },
            new("web") { TrustedNetworks = ["0.0.0.0/1"] },
        })
        {
            Assert.IsType<SetApplicationResult.Invalid>(await set.RunAsync(wrong, TestDatabase.Stop));
        }

        Assert.Equal(row, await database.Get<ShowApplication>().RunAsync("web", TestDatabase.Stop));
        Assert.Equal(3, await database.ReadAsync(db => db.AuditEvents.CountAsync(TestDatabase.Stop)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_user_is_changed_where_something_was_said_and_audited_as_he_was_and_is(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await database.Get<AddUser>().RunAsync(
            new("alice") { Aliases = ["al"], Groups = ["staff"] }, TestDatabase.Stop);
        await database.Get<AddUser>().RunAsync(new("bob"), TestDatabase.Stop);
        SetUser set = database.Get<SetUser>();

        Assert.IsType<SetUserResult.Changed>(await set.RunAsync(
            new("al") { NewAliases = ["ally"], OldAliases = ["al"], Bypass = true }, TestDatabase.Stop));

        UserDetails alice = (await database.Get<ShowUser>().RunAsync("ally", TestDatabase.Stop))!;
        Assert.Equal(
            (UserStatus.Bypass, "staff", "ally"), (alice.User.Status, alice.User.Groups, alice.Aliases.Single()));
        Assert.Equal(
            "was status Active; aliases: al; groups: staff; is status Bypass; aliases: ally; groups: staff",
            await database.ReadAsync(db => db.AuditEvents.Where(e => e.Action == AuditActions.UserSet)
                .Select(e => e.Detail).SingleAsync(TestDatabase.Stop)));

        Assert.IsType<SetUserResult.UnknownUser>(await set.RunAsync(new("al") { Groups = [] }, TestDatabase.Stop));
        foreach (string taken in (string[])["bob", "alice", "ally"])
        {
            Assert.IsType<SetUserResult.NameTaken>(
                await set.RunAsync(new("alice") { NewAliases = [taken] }, TestDatabase.Stop));
        }

        foreach (SetUserRequest wrong in new SetUserRequest[]
        {
            new("alice"),
            new("alice") { OldAliases = ["alice"] }, // his own name is none
            new("alice") { OldAliases = ["bob"] },
            new("alice") { NewAliases = [""] },
            new("alice") { NewAliases = ["a"], OldAliases = ["a"] },
            new("alice") { Groups = ["two words"] },
        })
        {
            Assert.IsType<SetUserResult.Invalid>(await set.RunAsync(wrong, TestDatabase.Stop));
        }

        Assert.Equal(3, await database.ReadAsync(db => db.AuditEvents.CountAsync(TestDatabase.Stop)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Who_is_disabled_stays_so_whatever_is_set_at_the_same_time(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await database.Get<AddUser>().RunAsync(new("alice"), TestDatabase.Stop);

        Task[] all =
        [
            .. Enumerable.Range(0, 8).Select(i => Task.Run(() =>
                database.Get<SetUser>().RunAsync(new("alice") { Bypass = i % 2 == 0 }, TestDatabase.Stop))),
            Task.Run(() => database.Get<DisableUser>().RunAsync("alice", TestDatabase.Stop)),
        ];
        await Task.WhenAll(all);

        UserDetails alice = (await database.Get<ShowUser>().RunAsync("alice", TestDatabase.Stop))!;
        Assert.Equal(UserStatus.Disabled, alice.User.Status);
        Assert.IsType<SetUserResult.UserDisabled>(
            await database.Get<SetUser>().RunAsync(new("alice") { Bypass = false }, TestDatabase.Stop));
        Assert.IsType<SetUserResult.Changed>(
            await database.Get<SetUser>().RunAsync(new("alice") { Groups = ["staff"] }, TestDatabase.Stop));
    }
}
