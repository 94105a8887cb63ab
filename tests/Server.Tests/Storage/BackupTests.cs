using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Maintenance;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Storage;

public sealed class BackupTests
{
    [Theory]
    [InlineData(DatabaseKind.Sqlite, DatabaseKind.Sqlite)]
    [InlineData(DatabaseKind.Sqlite, DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.Postgres, DatabaseKind.Sqlite)]
    [InlineData(DatabaseKind.Postgres, DatabaseKind.Postgres)]
    public async Task A_backup_of_either_fills_either_and_what_may_have_been_used_is_void(
        DatabaseKind from, DatabaseKind to)
    {
        await using TestDatabase old = await FilledAsync(from);
        string file = Path.Combine(old.Settings.DataFolder, "backup");
        BackupResult written = await old.Get<Backup>().RunAsync(file, TestDatabase.Stop);
        await using TestDatabase restored = await TestDatabase.EmptyAsync(to);
        CopyKeys(old, restored);

        RestoreResult read = await restored.Get<Restore>().RunAsync(file, TestDatabase.Stop);

        Assert.Equal(written.Rows, read.Rows);
        await restored.Get<Database>().OpenAsync(TestDatabase.Stop);
        Assert.Equal([], (await restored.Get<Check>().RunAsync(TestDatabase.Stop)).Problems);
        UserDetails user = (await restored.Get<ShowUser>().RunAsync("al", TestDatabase.Stop))!;
        Assert.Equal(("alice\u00e9", 0, null), (user.User.Name, user.BypassCodes, user.User.InvitedUntil));
        Assert.Equal(["al"], user.Aliases);
        Assert.Equal(
            await old.Get<ListApplications>().RunAsync(TestDatabase.Stop),
            await restored.Get<ListApplications>().RunAsync(TestDatabase.Stop));
        Device totp = await restored.ReadAsync(db => db.Devices.SingleAsync(d => d.Kind == DeviceKind.Totp));
        Device hotp = await restored.ReadAsync(db => db.Devices.SingleAsync(d => d.Kind == DeviceKind.Hotp));
        Assert.Equal((restored.Clock.GetUtcNow().ToUnixTimeSeconds() / 30) + 1, totp.LastUsedStep);
        Assert.Equal((5, true, 1), (hotp.Counter, hotp.OutOfStep, read.TokensOutOfStep));
        Assert.Equal(
            Encoding.ASCII.GetBytes("12345678901234567890"),
            restored.Get<Secrets>().Unprotect(SecretKind.Otp, hotp.Id.Value, hotp.ProtectedSecret));
        Device phone = await restored.ReadAsync(db => db.Devices.SingleAsync(d => d.Kind == DeviceKind.Phone));
        Assert.Equal(
            (await old.ReadAsync(db => db.Devices.SingleAsync(d => d.Kind == DeviceKind.Phone))).PublicKey, phone.PublicKey);
        Assert.True(phone.IsTerminal);
        Assert.Equal(0, await restored.ReadAsync(db => db.Activations.CountAsync()));
        Assert.Equal(0, await restored.ReadAsync(db => db.PendingPushes.CountAsync()));
        Assert.Equal(0, await restored.ReadAsync(db => db.Authentications.CountAsync()));
        Assert.Equal("signed", (await restored.ReadAsync(db => db.Approvals.SingleAsync())).Jws);
        Assert.Equal(
            1, await restored.ReadAsync(db => db.Set<Audit.AuditEvent>().CountAsync(e => e.Action == "user_add")));
        Assert.Equal(
            1, await restored.ReadAsync(db => db.Set<Audit.AuditEvent>().CountAsync(e => e.Action == "restore")));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Only_an_empty_database_is_filled(DatabaseKind kind)
    {
        await using TestDatabase old = await FilledAsync(kind);
        string file = Path.Combine(old.Settings.DataFolder, "backup");
        await old.Get<Backup>().RunAsync(file, TestDatabase.Stop);

        StorageException refused = await Assert.ThrowsAsync<StorageException>(
            () => old.Get<Restore>().RunAsync(file, TestDatabase.Stop));

        Assert.Contains("not empty", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, await old.ReadAsync(db => db.BypassCodes.CountAsync(TestDatabase.Stop)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Without_the_keys_that_belong_to_it_nothing_is_restored(DatabaseKind kind)
    {
        await using TestDatabase old = await FilledAsync(DatabaseKind.Sqlite);
        string file = Path.Combine(old.Settings.DataFolder, "backup");
        await old.Get<Backup>().RunAsync(file, TestDatabase.Stop);
        await using TestDatabase without = await TestDatabase.EmptyAsync(kind);
        await using TestDatabase stranger = await TestDatabase.CreateAsync(DatabaseKind.Sqlite, ownKeys: true);

        await Assert.ThrowsAsync<StorageException>(() => without.Get<Restore>().RunAsync(file, TestDatabase.Stop));
        CopyKeys(stranger, without);
        StorageException refused = await Assert.ThrowsAsync<StorageException>(
            () => without.Get<Restore>().RunAsync(file, TestDatabase.Stop));

        Assert.Contains("does not open the key ring", refused.Message, StringComparison.Ordinal);
        Assert.Equal(SchemaState.Fresh, await without.Get<Database>().StateAsync(TestDatabase.Stop));
    }

    [Fact]
    public async Task A_backup_that_lost_or_changed_anything_is_refused()
    {
        await using TestDatabase old = await FilledAsync(DatabaseKind.Sqlite);
        string file = Path.Combine(old.Settings.DataFolder, "backup");
        await old.Get<Backup>().RunAsync(file, TestDatabase.Stop);
        string whole = await File.ReadAllTextAsync(file, TestDatabase.Stop);
        string[] lines = whole.Split('\n');
        await using TestDatabase restored = await TestDatabase.EmptyAsync(DatabaseKind.Sqlite);
        CopyKeys(old, restored);

        string[] broken = [
            "", "{}\n", "not json\n", whole[..^10],
            string.Join('\n', lines[..^2]), string.Join('\n', lines[..5]) + "\n",
            whole.Replace("staff", "admin", StringComparison.Ordinal),
            whole.Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal)];
        foreach (string text in broken)
        {
            await File.WriteAllTextAsync(file, text, TestDatabase.Stop);
            await Assert.ThrowsAsync<InvalidDataException>(
                () => restored.Get<Restore>().RunAsync(file, TestDatabase.Stop));
        }

        Assert.Equal(SchemaState.Fresh, await restored.Get<Database>().StateAsync(TestDatabase.Stop));
    }

    [Fact]
    public async Task A_backup_is_its_owners_alone_never_over_a_file_and_without_the_key_files()
    {
        await using TestDatabase old = await FilledAsync(DatabaseKind.Sqlite);
        string file = Path.Combine(old.Settings.DataFolder, "backup");
        await old.Get<Backup>().RunAsync(file, TestDatabase.Stop);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        await Assert.ThrowsAsync<IOException>(() => old.Get<Backup>().RunAsync(file, TestDatabase.Stop));
        string text = await File.ReadAllTextAsync(file, TestDatabase.Stop);
        Assert.DoesNotContain("PRIVATE KEY", text, StringComparison.Ordinal);
        string key = (await File.ReadAllTextAsync(old.Get<KeyFiles>().BypassKeyFile, TestDatabase.Stop)).Trim();
        Assert.DoesNotContain(key, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_somebody_left_at_the_place_of_the_unfinished_file_gets_no_backup(bool isLink)
    {
        await using TestDatabase old = await FilledAsync(DatabaseKind.Sqlite);
        string file = Path.Combine(old.Settings.DataFolder, "backup");
        string foreign = Path.Combine(old.Settings.DataFolder, "foreign");
        await File.WriteAllTextAsync(isLink ? foreign : file + ".unfinished", "before", TestDatabase.Stop);
        if (isLink)
        {
            File.CreateSymbolicLink(file + ".unfinished", foreign);
        }

        IOException refused = await Assert.ThrowsAsync<IOException>(
            () => old.Get<Backup>().RunAsync(file, TestDatabase.Stop));

        Assert.Contains($"'{file}.unfinished' is there", refused.Message, StringComparison.Ordinal);
        Assert.Equal("before", await File.ReadAllTextAsync(file + ".unfinished", TestDatabase.Stop));
        Assert.False(File.Exists(file));
        File.Delete(file + ".unfinished");
        await old.Get<Backup>().RunAsync(file, TestDatabase.Stop);
        Assert.False(File.Exists(file + ".unfinished"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_check_names_each_secret_that_does_not_open_and_each_rule_that_is_gone(DatabaseKind kind)
    {
        await using TestDatabase database = await FilledAsync(kind);
        CheckResult well = await database.Get<Check>().RunAsync(TestDatabase.Stop);
        Assert.Empty(well.Problems);
        Assert.Equal(3, well.Secrets);

        await SchemaTests.WriteAsync(
            database,
            "UPDATE devices SET \"ProtectedSecret\" = "
            + "(SELECT \"ProtectedSecret\" FROM devices WHERE \"Kind\" = 1) WHERE \"Serial\" IS NOT NULL");
        await SchemaTests.WriteAsync(
            database,
            "DROP TRIGGER audit_events_not_changed" + (kind is DatabaseKind.Postgres ? " ON audit_events" : ""));
        CheckResult ill = await database.Get<Check>().RunAsync(TestDatabase.Stop);

        await SchemaTests.WriteAsync(
            database,
            "DROP TRIGGER approvals_not_changed" + (kind is DatabaseKind.Postgres ? " ON approvals" : ""));
        Assert.Contains(
            (await database.Get<Check>().RunAsync(TestDatabase.Stop)).Problems,
            p => p.Contains("approvals_not_changed", StringComparison.Ordinal));
        Assert.Equal(2, ill.Problems.Count);
        Assert.Contains(ill.Problems, p => p.Contains("The secret of device DH", StringComparison.Ordinal));
        Assert.Contains(ill.Problems, p => p.Contains("audit_events_not_changed", StringComparison.Ordinal));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_check_says_what_keeps_the_server_from_starting(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.EmptyAsync(kind);
        Assert.Contains(
            "sallyport-server init",
            Assert.Single((await database.Get<Check>().RunAsync(TestDatabase.Stop)).Problems),
            StringComparison.Ordinal);

        await database.Get<Database>().InitAsync(TestDatabase.Stop);
        File.Delete(database.Get<KeyFiles>().RingFile);
        await using TestDatabase again = database.Again();
        Assert.Contains(
            "ring.pem is missing",
            Assert.Single((await again.Get<Check>().RunAsync(TestDatabase.Stop)).Problems),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_check_names_a_database_file_that_others_can_read()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        File.SetUnixFileMode(
            database.Settings.SqliteFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        Assert.Contains(
            $"chmod go= {database.Settings.SqliteFile}",
            Assert.Single((await database.Get<Check>().RunAsync(TestDatabase.Stop)).Problems),
            StringComparison.Ordinal);
    }

    private static async Task<TestDatabase> FilledAsync(DatabaseKind kind)
    {
        TestDatabase database = await TestDatabase.CreateAsync(kind);
        await database.Get<AddApplication>().RunAsync(new("bastion"), TestDatabase.Stop);
        await database.Get<AddUser>().RunAsync(
            new("alice\u00e9") { Aliases = ["al"], Groups = ["staff"] }, TestDatabase.Stop);
        await database.Get<AddTotpDevice>().RunAsync(new("al"), TestDatabase.Stop);
        await database.Get<AddHotpDevice>().RunAsync(
            new("SN1", "3132333435363738393031323334353637383930") { Counter = 5, User = "al" }, TestDatabase.Stop);
        await database.Get<AddBypassCode>().RunAsync(new("al"), TestDatabase.Stop);
        await database.Get<InviteUser>().RunAsync(new("al"), TestDatabase.Stop);
        await AddPhoneAsync(database);
        await database.Get<AddActivation>().RunAsync(new("al"), TestDatabase.Stop);
        await database.Get<Transactions>().RunAsync(AddPushAsync, TestDatabase.Stop);
        return database;
    }

    internal static Approval Signed(string transaction) => new()
    {
        TransactionId = transaction,
        At = DateTimeOffset.UnixEpoch,
        DeviceKey = "DP",
        PublicKey = [],
        Jws = "signed",
    };

    /// <summary>One that was approved, and one that waits.</summary>
    private static async Task<bool> AddPushAsync(ServerDbContext db, CancellationToken stop)
    {
        Device phone = await db.Devices.SingleAsync(d => d.Kind == DeviceKind.Phone, stop);
        Application application = await db.Applications.SingleAsync(stop);
        string id = TransactionIds.New();
        db.Approvals.Add(Signed(TransactionIds.New()));
        db.Authentications.Add(new Authentication
        {
            TransactionId = id,
            ApplicationId = application.Id,
            UserId = phone.UserId,
            State = AuthenticationState.Waiting,
            Status = "pushed",
            StatusMessage = "",
            IsAsync = true,
            RequestMac = [],
            CreatedAt = DateTimeOffset.UnixEpoch,
            ExpiresAt = DateTimeOffset.UnixEpoch,
        });
        db.PendingPushes.Add(new PendingPush
        {
            TransactionId = id,
            ApplicationId = application.Id,
            UserId = phone.UserId!.Value,
            DeviceId = phone.Id,
            DeviceKey = phone.Key,
            ApplicationName = application.Name,
            ApplicationKey = application.IntegrationKey,
            UserName = "",
            UserKey = "",
            SentName = "",
            Host = null,
            Address = null,
            ClientAddress = null,
            Info = null,
            Detail = null,
            Number = "12",
            ExpiresAt = DateTimeOffset.UnixEpoch,
        });
        return true;
    }

    private static async Task AddPhoneAsync(TestDatabase database)
    {
        var added = Assert.IsType<AddActivationResult.Added>(
            await database.Get<AddActivation>().RunAsync(new("al"), TestDatabase.Stop));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;
        ActivatePhoneRequest request = new(added.Code.Expose(), "phone", true, PhoneKey.Of(point.X!, point.Y!)!, null);
        Assert.IsType<ActivatePhoneResult.Activated>(
            await database.Get<ActivatePhone>().RunAsync(request, TestDatabase.Stop));
    }

    private static void CopyKeys(TestDatabase from, TestDatabase to) =>
        TestDatabase.CopyFolder(from.Get<KeyFiles>().Folder, to.Get<KeyFiles>().Folder);
}
