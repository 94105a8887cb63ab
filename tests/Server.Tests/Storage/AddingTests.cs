using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Storage;

public sealed class AddingTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task What_is_added_is_there_with_its_event_and_its_secret_encrypted(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);

        var application = Assert.IsType<AddApplicationResult.Added>(
            await database.Get<AddApplication>().RunAsync(new("bastion"), TestDatabase.Stop));
        var user = Assert.IsType<AddUserResult.Added>(
            await database.Get<AddUser>().RunAsync(new("alice") { Aliases = ["al"] }, TestDatabase.Stop));
        var device = Assert.IsType<AddTotpDeviceResult.Added>(
            await database.Get<AddTotpDevice>().RunAsync(new("al"), TestDatabase.Stop));
        var codes = Assert.IsType<AddBypassCodeResult.Added>(
            await database.Get<AddBypassCode>().RunAsync(new("alice") { Count = 2 }, TestDatabase.Stop));

        Assert.Matches("^DI[A-Z0-9]{18}$", application.IntegrationKey);
        Assert.Matches("^DU[A-Z0-9]{18}$", user.Key);
        Assert.Matches("^[0-9]{4}( [0-9]{4}){3}$", codes.Codes.Expose()[1]);
        Application stored = await database.ReadAsync(db => db.Applications.SingleAsync(TestDatabase.Stop));
        Assert.Equal(
            application.SecretKey.Expose(),
            Encoding.ASCII.GetString(database.Get<Secrets>().Unprotect(
                SecretKind.SecretKey, stored.Id.Value, stored.ProtectedSecretKey)));
        Device kept = await database.ReadAsync(db => db.Devices.SingleAsync(TestDatabase.Stop));
        Assert.Equal(
            device.Uri.Secret.Expose(),
            database.Get<Secrets>().Unprotect(SecretKind.Otp, kept.Id.Value, kept.ProtectedSecret));
        Assert.Equal(
            ["application_add", "bypass_create", "device_add", "user_add"],
            await database.ReadAsync(
                db => db.AuditEvents.Select(e => e.Action).Order().ToListAsync(TestDatabase.Stop)));
    }
}
