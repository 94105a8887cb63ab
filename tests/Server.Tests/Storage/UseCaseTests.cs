using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Storage;

public sealed class UseCaseTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task No_name_means_two_users(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        AddUser add = database.Get<AddUser>();
        await add.RunAsync(new("alice") { Aliases = ["al"] }, TestDatabase.Stop);

        AddUserRequest[] taken = [
            new("alice"), new("al"), new("bob") { Aliases = ["alice"] }, new("bob") { Aliases = ["al"] },
            new("bob") { Aliases = ["bob"] }];
        foreach (AddUserRequest request in taken)
        {
            Assert.IsType<AddUserResult.NameTaken>(await add.RunAsync(request, TestDatabase.Stop));
        }

        // The database itself refuses it, whoever writes.
        await Assert.ThrowsAsync<DbUpdateException>(() => database.Get<Transactions>().RunAsync(
            (db, _) => Task.FromResult(db.Users.Add(new User
            {
                Id = new(Guid.CreateVersion7(DateTimeOffset.UnixEpoch)),
                Key = PublicKeys.New("DU"),
                Name = "al",
                CreatedAt = DateTimeOffset.UnixEpoch,
            }).Entity.Name),
            TestDatabase.Stop));
        Assert.IsType<AddUserResult.Added>(await add.RunAsync(new("Alice"), TestDatabase.Stop));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Of_many_who_want_a_name_at_once_as_user_or_as_alias_one_gets_it(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);

        AddUserResult[] results = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() =>
            database.Get<AddUser>().RunAsync(
                i % 2 == 0 ? new("ada") : new($"user{i}") { Aliases = ["ada"] }, TestDatabase.Stop))));

        Assert.Single(results.OfType<AddUserResult.Added>());
        Assert.Equal(15, results.OfType<AddUserResult.NameTaken>().Count());
        Assert.Equal(1, await database.ReadAsync(db => db.Users.CountAsync(TestDatabase.Stop)));
        Assert.Equal(1, await database.ReadAsync(db => db.AuditEvents.CountAsync(TestDatabase.Stop)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("a\u009bb")]
    [InlineData("a\0")]
    [InlineData("\ud800")]
    [InlineData("a\u202eb")] // turns the direction
    [InlineData("a\u200bb")] // has no width
    [InlineData("a\u200db")]
    [InlineData("\ufeffa")]
    [InlineData("a\U000e0041")]
    [InlineData("a\u2028b")]
    [InlineData("a\u0378")] // unassigned
    [InlineData("e\u0301")] // NFD of é
    [InlineData("\u212b")] // looks like Å, and is it in NFC
    [InlineData("\u1112\u1161\u11ab")] // NFD of 한
    [InlineData("q\u0315\u0320")] // the marks in the other order would look the same
    public async Task What_is_no_name_is_refused(string name)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);

        foreach (AddUserRequest request in new AddUserRequest[]
            { new(name), new("bob") { Aliases = [name] }, new("bob") { Groups = [name] }, new(new string('é', 129)) })
        {
            Assert.IsType<AddUserResult.Invalid>(await database.Get<AddUser>().RunAsync(request, TestDatabase.Stop));
        }

        Assert.IsType<AddApplicationResult.Invalid>(
            await database.Get<AddApplication>().RunAsync(new(name), TestDatabase.Stop));
        foreach (string good in (string[])[new string('é', 128), "Zoë Müller", "Алексей", "李小龍", "한글", "q\u0320"])
        {
            Assert.IsType<AddUserResult.Added>(await database.Get<AddUser>().RunAsync(new(good), TestDatabase.Stop));
        }
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_user_is_disabled_enabled_unlocked_and_removed_with_all_that_is_his(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await database.Get<AddUser>().RunAsync(
            new("alice") { Aliases = ["al"], Groups = ["staff"] }, TestDatabase.Stop);
        await database.Get<AddTotpDevice>().RunAsync(new("alice"), TestDatabase.Stop);
        await database.Get<AddBypassCode>().RunAsync(new("alice"), TestDatabase.Stop);
        await SchemaTests.WriteAsync(database, "UPDATE users SET \"Failures\" = 9, \"LockedUntil\" = 99");

        Assert.True(await database.Get<DisableUser>().RunAsync("al", TestDatabase.Stop));
        UserDetails disabled = (await database.Get<ShowUser>().RunAsync("alice", TestDatabase.Stop))!;
        Assert.Equal((UserStatus.Disabled, 0, 9), (disabled.User.Status, disabled.BypassCodes, disabled.Failures));
        Assert.IsType<InviteUserResult.UserDisabled>(
            await database.Get<InviteUser>().RunAsync(new("alice"), TestDatabase.Stop));

        Assert.True(await database.Get<UnlockUser>().RunAsync("alice", TestDatabase.Stop));
        UserDetails unlocked = (await database.Get<ShowUser>().RunAsync("alice", TestDatabase.Stop))!;
        Assert.Equal(
            (UserStatus.Disabled, null, 0), (unlocked.User.Status, unlocked.User.LockedUntil, unlocked.Failures));

        Assert.True(await database.Get<EnableUser>().RunAsync("alice", TestDatabase.Stop));
        Assert.IsType<InviteUserResult.Invited>(
            await database.Get<InviteUser>().RunAsync(new("al"), TestDatabase.Stop));
        UserRow row = Assert.Single(await database.Get<ListUsers>().RunAsync("", 10, TestDatabase.Stop));
        Assert.Equal((UserStatus.Active, "staff"), (row.Status, row.Groups));
        Assert.Empty(await database.Get<ListUsers>().RunAsync("alice", 10, TestDatabase.Stop));

        Assert.True(await database.Get<RemoveUser>().RunAsync("alice", TestDatabase.Stop));
        Assert.Equal(0, await database.ReadAsync(db => db.Devices.CountAsync(TestDatabase.Stop)));
        Assert.Equal(0, await database.ReadAsync(db => db.Aliases.CountAsync(TestDatabase.Stop)));
        Assert.False(await database.Get<RemoveUser>().RunAsync("alice", TestDatabase.Stop));
        AuditEvent[] events = await database.ReadAsync(db => db.AuditEvents.ToArrayAsync(TestDatabase.Stop));
        Assert.Equal(8, events.Length);
        Assert.All(events, e => Assert.Equal(("ada", "alice"), (e.Administrator, e.UserName)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task New_bypass_codes_stand_in_place_of_the_old_unless_these_are_kept(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await database.Get<AddUser>().RunAsync(new("alice"), TestDatabase.Stop);
        AddBypassCode add = database.Get<AddBypassCode>();

        await add.RunAsync(new("alice") { Count = 3 }, TestDatabase.Stop);
        await add.RunAsync(new("alice"), TestDatabase.Stop);
        await add.RunAsync(new("alice") { KeepExisting = true, Uses = 5, ValidFor = null }, TestDatabase.Stop);

        BypassCode[] codes =
            await database.ReadAsync(db => db.BypassCodes.OrderBy(c => c.RemainingUses).ToArrayAsync());
        Assert.Equal([1, 5], codes.Select(c => c.RemainingUses));
        Assert.Equal([database.Clock.GetUtcNow().AddHours(24), null], codes.Select(c => c.ExpiresAt));
        Assert.IsType<AddBypassCodeResult.UnknownUser>(await add.RunAsync(new("bob"), TestDatabase.Stop));
        Assert.IsType<AddBypassCodeResult.Invalid>(await add.RunAsync(new("alice") { Uses = 0 }, TestDatabase.Stop));
        Assert.IsType<AddBypassCodeResult.Invalid>(await add.RunAsync(new("alice") { Count = 11 }, TestDatabase.Stop));
        Assert.IsType<AddBypassCodeResult.Invalid>(
            await add.RunAsync(new("alice") { ValidFor = TimeSpan.Zero }, TestDatabase.Stop));
    }

    [Theory]
    [InlineData("1234567890123456", "1234567890123456")]
    [InlineData(" 1234 5678-9012 3456 ", "1234567890123456")]
    [InlineData("123456789012345", null)]
    [InlineData("12345678901234567", null)]
    [InlineData("123456789012345x", null)]
    [InlineData("１２３４５６７８９０１２３４５６", null)] // digits, not ASCII
    [InlineData("", null)]
    [InlineData(null, null)]
    public void A_bypass_code_is_sixteen_digits_however_they_are_parted(string? typed, string? digits)
    {
        Assert.Equal(digits is not null, BypassCodeText.TryParse(typed, out string found));
        Assert.Equal(digits ?? "", found);
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_rotated_secret_key_is_another_and_the_one_before_lasts_as_long_as_said(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        var added = Assert.IsType<AddApplicationResult.Added>(
            await database.Get<AddApplication>().RunAsync(new("bastion"), TestDatabase.Stop));
        RotateSecretKey rotate = database.Get<RotateSecretKey>();

        var graceful = Assert.IsType<RotateSecretKeyResult.Rotated>(await rotate.RunAsync(
            new(added.IntegrationKey) { Grace = TimeSpan.FromHours(1) }, TestDatabase.Stop));
        Application stored = await database.ReadAsync(db => db.Applications.SingleAsync(TestDatabase.Stop));
        Assert.Equal(graceful.SecretKey.Expose(), Open(stored.ProtectedSecretKey));
        Assert.Equal(added.SecretKey.Expose(), Open(stored.PreviousProtectedSecretKey!));
        Assert.Equal(database.Clock.GetUtcNow().AddHours(1), stored.PreviousSecretKeyUntil);

        Assert.IsType<RotateSecretKeyResult.Rotated>(await rotate.RunAsync(new("bastion"), TestDatabase.Stop));
        stored = await database.ReadAsync(db => db.Applications.SingleAsync(TestDatabase.Stop));
        Assert.Null(stored.PreviousProtectedSecretKey);
        Assert.Null(stored.PreviousSecretKeyUntil);

        Assert.IsType<RotateSecretKeyResult.UnknownApplication>(await rotate.RunAsync(new("other"), TestDatabase.Stop));
        Assert.IsType<RotateSecretKeyResult.Invalid>(await rotate.RunAsync(
            new("bastion") { Grace = TimeSpan.FromDays(31) }, TestDatabase.Stop));

        string Open(byte[] ciphertext) => Encoding.ASCII.GetString(
            database.Get<Secrets>().Unprotect(SecretKind.SecretKey, stored.Id.Value, ciphertext));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Applications_are_listed_shown_and_removed(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        AddApplication add = database.Get<AddApplication>();
        await add.RunAsync(
            new("bastion") { LegacyClients = true, AllowedGroups = ["staff"], TrustedNetworks = ["192.0.2.0/24"] },
            TestDatabase.Stop);

        Assert.IsType<AddApplicationResult.NameTaken>(await add.RunAsync(new("bastion"), TestDatabase.Stop));
        foreach (AddApplicationRequest wrong in new AddApplicationRequest[]
        {
            new("a") { TrustedNetworks = ["trusted.example.org"] },
            new("a") { TrustedNetworks = ["192.0.2.1/24"] },
            new("a") { TrustedNetworks = ["0.0.0.0/0"] },
            new("a") { TrustedNetworks = ["::/0"] },
            new("a") { TrustedNetworks = ["192.0.2.0/24", "0.0.0.0/1", "128.0.0.0/1"] },
            new("a") { TrustedNetworks = ["10.0.0.0/7"] },
            new("a") { TrustedNetworks = ["2000::/3"] },
            new("a") { TrustedNetworks = ["2000::/15"] },
            new("a") { AllowedFactors = ["telepathy"] },
            new("a") { AllowedGroups = ["two words"] },
            new("DIABCDEFGHIJKLMNOPQR"),
        })
        {
            Assert.IsType<AddApplicationResult.Invalid>(await add.RunAsync(wrong, TestDatabase.Stop));
        }

        ApplicationRow row = Assert.Single(await database.Get<ListApplications>().RunAsync(TestDatabase.Stop));
        Assert.Equal(row, await database.Get<ShowApplication>().RunAsync(row.IntegrationKey, TestDatabase.Stop));
        Assert.True(row.LegacyClients);
        Assert.Equal(
            "legacy clients: yes; enrol until: never; usernames: exact; groups: staff; factors: all; "
            + "trusted networks: 192.0.2.0/24; number: never; terminal devices: no",
            await database.ReadAsync(db => db.AuditEvents.Select(e => e.Detail).SingleAsync(TestDatabase.Stop)));
        Assert.IsType<AddApplicationResult.Added>(await add.RunAsync(
            new("wide") { TrustedNetworks = ["10.0.0.0/8", "2001::/16"] }, TestDatabase.Stop));
        Assert.True(await database.Get<RemoveApplication>().RunAsync("bastion", TestDatabase.Stop));
        Assert.Null(await database.Get<ShowApplication>().RunAsync("bastion", TestDatabase.Stop));
        Assert.False(await database.Get<RemoveApplication>().RunAsync("bastion", TestDatabase.Stop));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_hardware_token_goes_from_nobody_to_one_and_not_to_another(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await database.Get<AddUser>().RunAsync(new("alice"), TestDatabase.Stop);
        await database.Get<AddUser>().RunAsync(new("bob"), TestDatabase.Stop);
        AddHotpDevice add = database.Get<AddHotpDevice>();
        AssignDevice assign = database.Get<AssignDevice>();
        const string Secret = "3132333435363738393031323334353637383930"; // RFC 4226 appendix D

        var added = Assert.IsType<AddHotpDeviceResult.Added>(
            await add.RunAsync(new("SN1", Secret) { Counter = 5 }, TestDatabase.Stop));
        Assert.Matches("^DH[A-Z0-9]{18}$", added.DeviceKey);
        Assert.IsType<AddHotpDeviceResult.SerialTaken>(await add.RunAsync(new("SN1", Secret), TestDatabase.Stop));
        Assert.IsType<AddHotpDeviceResult.UnknownUser>(
            await add.RunAsync(new("SN2", Secret) { User = "eve" }, TestDatabase.Stop));
        foreach (AddHotpDeviceRequest wrong in new AddHotpDeviceRequest[]
        {
            new("SN3", "31323"),
            new("SN3", "zz" + Secret),
            new("SN3", "313233343536373839"),
            new("SN3", string.Concat(Enumerable.Repeat("31", 65))),
            new("", Secret),
            new("SN3", Secret) { Digits = 9 },
            new("SN3", Secret) { Counter = -1 },
        })
        {
            Assert.IsType<AddHotpDeviceResult.Invalid>(await add.RunAsync(wrong, TestDatabase.Stop));
        }

        Assert.Single((await database.Get<ListDevices>().RunAsync(null, TestDatabase.Stop))!);
        Assert.Null(await database.Get<ListDevices>().RunAsync("nobody", TestDatabase.Stop));
        Assert.Equal(AssignDeviceResult.Assigned, await assign.RunAsync("SN1", "alice", TestDatabase.Stop));
        Assert.Equal(
            AssignDeviceResult.SomebodyHasIt, await assign.RunAsync(added.DeviceKey, "bob", TestDatabase.Stop));
        Assert.Equal(AssignDeviceResult.Assigned, await assign.RunAsync("SN1", null, TestDatabase.Stop));
        Assert.Equal(AssignDeviceResult.Assigned, await assign.RunAsync("SN1", "bob", TestDatabase.Stop));
        Assert.Equal(
            "SN1", Assert.Single((await database.Get<ListDevices>().RunAsync("bob", TestDatabase.Stop))!).Serial);
        Assert.Equal(
            ["device_assign alice", "device_assign bob", "device_unassign alice"],
            await database.ReadAsync(db => db.AuditEvents
                .Where(e => e.DeviceKey == added.DeviceKey && e.Action != AuditActions.DeviceAdd)
                .OrderBy(e => e.Action).ThenBy(e => e.UserName)
                .Select(e => e.Action + " " + e.UserName).ToArrayAsync(TestDatabase.Stop)));
        Assert.Equal(AssignDeviceResult.UnknownUser, await assign.RunAsync("SN1", "eve", TestDatabase.Stop));
        Assert.Equal(AssignDeviceResult.UnknownDevice, await assign.RunAsync("SN9", "bob", TestDatabase.Stop));
        Assert.True(await database.Get<RemoveDevice>().RunAsync("SN1", TestDatabase.Stop));
        Assert.False(await database.Get<RemoveDevice>().RunAsync("SN1", TestDatabase.Stop));
    }

    [Theory]
    [InlineData("JBSW Y3DP EHPK 3PXP", true)]
    [InlineData("otpauth://totp/alice?secret=JBSWY3DPEHPK3PXP&digits=8&period=60&algorithm=SHA256", true)]
    [InlineData("otpauth://hotp/alice?secret=JBSWY3DPEHPK3PXP&counter=1", false)]
    [InlineData("JBSWY3DP", false)] // 40 bits
    [InlineData("", false)]
    [InlineData("not base32 !", false)]
    public async Task An_authenticator_takes_a_secret_that_is_there(string secret, bool taken)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await database.Get<AddUser>().RunAsync(new("alice"), TestDatabase.Stop);

        AddTotpDeviceResult result =
            await database.Get<AddTotpDevice>().RunAsync(new("alice") { Secret = secret }, TestDatabase.Stop);

        Assert.Equal(taken, result is AddTotpDeviceResult.Added);
        if (secret.Contains("SHA256", StringComparison.Ordinal))
        {
            Device device = await database.ReadAsync(db => db.Devices.SingleAsync(TestDatabase.Stop));
            Assert.Equal((8, 60, Protocol.OtpAlgorithm.Sha256), (device.Digits, device.Period, device.Algorithm));
        }
    }
}
