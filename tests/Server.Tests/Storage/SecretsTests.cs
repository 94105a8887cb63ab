using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Storage;

public sealed class SecretsTests
{
    private static readonly Guid _row = new("018f0000-0000-7000-8000-000000000001");
    private static readonly Guid _other = new("018f0000-0000-7000-8000-000000000002");

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_ciphertext_opens_in_its_own_row_as_its_own_kind_only(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        Secrets secrets = database.Get<Secrets>();
        byte[] ciphertext = secrets.Protect(SecretKind.Otp, _row, "12345678901234567890"u8.ToArray());
        byte[] changed = [.. ciphertext];
        changed[^1] ^= 1;

        Assert.Equal("12345678901234567890"u8.ToArray(), secrets.Unprotect(SecretKind.Otp, _row, ciphertext));
        Assert.ThrowsAny<CryptographicException>(() => secrets.Unprotect(SecretKind.Otp, _other, ciphertext));
        Assert.ThrowsAny<CryptographicException>(() => secrets.Unprotect(SecretKind.SecretKey, _row, ciphertext));
        Assert.ThrowsAny<CryptographicException>(() => secrets.Unprotect(SecretKind.Otp, _row, changed));
        Assert.Throws<ArgumentOutOfRangeException>(() => secrets.Protect(SecretKind.None, _row, [1]));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task The_database_alone_holds_no_secret_in_clear(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await database.Get<AddUser>().RunAsync(new("alice"), TestDatabase.Stop);
        var device =
            (AddTotpDeviceResult.Added)await database.Get<AddTotpDevice>().RunAsync(new("alice"), TestDatabase.Stop);
        var codes =
            (AddBypassCodeResult.Added)await database.Get<AddBypassCode>().RunAsync(new("alice"), TestDatabase.Stop);

        string ring = (await database.ReadAsync(db => db.KeyRing.SingleAsync(TestDatabase.Stop))).Xml;
        byte[] ciphertext = (await database.ReadAsync(db => db.Devices.SingleAsync(TestDatabase.Stop))).ProtectedSecret;
        BypassCode code = await database.ReadAsync(db => db.BypassCodes.SingleAsync(TestDatabase.Stop));

        Assert.DoesNotContain("masterKey", ring, StringComparison.Ordinal);
        Assert.Contains("EncryptedKey", ring, StringComparison.Ordinal);
        Assert.Equal(-1, ciphertext.AsSpan().IndexOf(device.Uri.Secret.Expose()));
        string digits = codes.Codes.Expose()[0].Replace(" ", "", StringComparison.Ordinal);
        Assert.NotEqual(SHA256.HashData(Encoding.ASCII.GetBytes(digits)), code.Mac);
        Assert.Equal(database.Get<BypassKey>().OfBypassCode(code.UserId.Value, digits), code.Mac);
        Assert.NotEqual(database.Get<BypassKey>().OfBypassCode(_other, digits), code.Mac);
    }

    [Theory]
    [InlineData(DatabaseKind.Sqlite, "ring.pem")]
    [InlineData(DatabaseKind.Sqlite, "bypass.key")]
    [InlineData(DatabaseKind.Postgres, "ring.pem")]
    [InlineData(DatabaseKind.Postgres, "bypass.key")]
    public async Task Without_a_key_file_the_server_does_not_start_and_makes_no_other(DatabaseKind kind, string file)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        string lost = Path.Combine(database.Settings.DataFolder, "keys", file);
        File.Delete(lost);

        await using TestDatabase again = database.Again();
        foreach (Func<CancellationToken, Task> act in new Func<CancellationToken, Task>[]
            { again.Get<Database>().OpenAsync, again.Get<Database>().InitAsync })
        {
            StorageException refused = await Assert.ThrowsAsync<StorageException>(() => act(TestDatabase.Stop));
            Assert.Contains("Put back the folder", refused.Message, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(lost));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Another_installations_certificate_does_not_open_this_one(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await using TestDatabase stranger = await TestDatabase.CreateAsync(DatabaseKind.Sqlite, ownKeys: true);
        File.Copy(
            stranger.Get<KeyFiles>().RingFile, database.Get<KeyFiles>().RingFile, overwrite: true);

        await using TestDatabase again = database.Again();
        StorageException refused = await Assert.ThrowsAsync<StorageException>(
            () => again.Get<Database>().OpenAsync(TestDatabase.Stop));
        Assert.Contains("does not open the key ring", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("keys")]
    [InlineData("keys/ring.pem")]
    [InlineData("keys/bypass.key")]
    public async Task Keys_that_others_can_read_are_refused(string path)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        string file = Path.Combine(database.Settings.DataFolder, path);
        File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.GroupRead);

        await using TestDatabase again = database.Again();
        StorageException refused = await Assert.ThrowsAsync<StorageException>(
            () => again.Get<Database>().OpenAsync(TestDatabase.Stop));
        Assert.Contains($"chmod go= {file}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_made_is_its_owners_alone()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite, ownKeys: true);

        string[] open = [.. Directory.EnumerateFiles(database.Settings.DataFolder, "*", SearchOption.AllDirectories)
            .Where(file => File.GetUnixFileMode(file) != (UnixFileMode.UserRead | UnixFileMode.UserWrite))];

        Assert.Empty(open);
    }

    [Fact]
    public async Task A_key_file_that_is_none_is_refused()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        KeyFiles files = database.Get<KeyFiles>();

        await File.WriteAllTextAsync(files.RingFile, "-----BEGIN", TestDatabase.Stop);
        await File.WriteAllTextAsync(files.BypassKeyFile, "AAAA", TestDatabase.Stop);

        Assert.Throws<StorageException>(() => files.ReadCertificate());
        Assert.Throws<StorageException>(() => files.ReadBypassKey());
    }
}
