using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Data.Sqlite;
using Npgsql;
using Sallyport.Server.Hosting;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Commands;

/// <summary>What serve and check say of a folder or a database that is not as it should be.</summary>
public sealed class DamageTests
{
    private const string LastMigration = "SELECT MAX(\"MigrationId\") FROM \"__EFMigrationsHistory\"";

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_database_of_an_older_version_waits_for_migrate(DatabaseKind kind)
    {
        await using Installation installation = await Installation.SetUpAsync(kind);
        await WriteAsync(installation, $"""DELETE FROM "__EFMigrationsHistory" WHERE "MigrationId" = ({LastMigration})""");

        Said served = await installation.RunAsync("serve");
        Said check = await installation.RunAsync("check");

        Assert.Equal((1, "sallyport-server: The database is of an older version. Make a backup, then run: "
            + "sallyport-server migrate\n"), (served.Code, served.Error));
        Assert.Equal((1, "The database is of an older version. Make a backup, then run: sallyport-server migrate\n"),
            (check.Code, check.Output));
        Assert.Equal("sallyport-server: 1 problem\n", check.Error);
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_database_of_a_newer_version_is_neither_served_nor_migrated(DatabaseKind kind)
    {
        await using Installation installation = await Installation.SetUpAsync(kind);
        await WriteAsync(installation,
            """INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion") VALUES ('99990101000000_New', '99')""");

        foreach (string command in (string[])["serve", "migrate"])
        {
            Said said = await installation.RunAsync(command);
            Assert.Equal((1, ""), (said.Code, said.Output));
            Assert.StartsWith(
                "sallyport-server: The database is of a newer version of sallyport-server than this program. ",
                said.Error, StringComparison.Ordinal);
        }

        await CheckSaysAsync(installation, "The database is of a newer version of sallyport-server than this program.");
    }

    [Fact]
    public async Task A_database_that_is_away_is_said_in_words()
    {
        using PostgresOutage database = await PostgresOutage.CreateAsync();
        await using Installation installation = await Installation.EmptyAsync(DatabaseKind.Sqlite);
        (await installation.RunAsync("init", "--public-host", "auth.example.com", "--postgres", database.Connection)).Done();
        await database.LeaveAsync();

        foreach (string[] command in (string[][])[["check"], ["serve"], ["user", "list"], ["user", "add", "alice"]])
        {
            Said said = await installation.RunAsync(command);
            Assert.Equal((1, ""), (said.Code, said.Output));
            Assert.Matches("^sallyport-server: [^\n]+\n$", said.Error);
            Assert.DoesNotContain("   at ", said.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_in_words()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        await using Installation installation = await Installation.SetUpAsync(DatabaseKind.Sqlite);

        Said said = await installation.RunAsync("serve", "--listen", taken.LocalEndpoint.ToString()!);

        Assert.Equal(1, said.Code);
        Assert.Contains($"cannot listen on {taken.LocalEndpoint} (listen): another program does", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_finds_rows_that_point_nowhere_and_values_that_cannot_be()
    {
        await using Installation installation = await Installation.SetUpAsync(DatabaseKind.Sqlite);
        (await installation.RunAsync("user", "add", "alice")).Done();
        (await installation.RunAsync("device", "add-totp", "alice")).Done();
        await WriteAsync(installation, """
            PRAGMA foreign_keys = OFF;
            UPDATE devices SET "UserId" = '00000000-0000-0000-0000-000000000000';
            PRAGMA writable_schema = ON;
            UPDATE sqlite_master SET sql = replace(sql, '"LockedUntil" INTEGER NULL', '"LockedUntil" INTEGER NOT NULL')
              WHERE name = 'users';
            PRAGMA schema_version = 9999
            """);

        await CheckSaysAsync(
            installation, "integrity_check: NULL value in users.LockedUntil", "A row of devices points to one that is not there.");
    }

    [Fact]
    public async Task Check_finds_a_PostgreSQL_that_forgets_at_a_crash_and_serve_refuses_it()
    {
        await using Installation installation = await Installation.SetUpAsync(DatabaseKind.Postgres);
        string name = new NpgsqlConnectionStringBuilder(installation.Postgres).Database!;
        await WriteAsync(installation, $"ALTER DATABASE {name} SET synchronous_commit = off");
        NpgsqlConnection.ClearAllPools();

        await CheckSaysAsync(
            installation, "synchronous_commit is off: a used passcode can come back after a crash. Set it to on.");
        Said said = await installation.RunAsync("serve");
        Assert.Equal(1, said.Code);
        Assert.Contains("synchronous_commit = off", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_finds_a_certificate_that_is_not_valid_now_and_hosts_need_its_CA_too()
    {
        await using Installation installation = await Installation.SetUpAsync(DatabaseKind.Sqlite);
        var host = new PublicHost("auth.example.com", 443);
        DateTimeOffset then = TimeProvider.System.GetUtcNow().AddDays(-100);
        using var authority = PrivateCa.Create(host, then);
        using var leaf = PrivateCa.Issue(authority, host, then);
        using var key = System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(leaf)!;
        string settings = await File.ReadAllTextAsync(
            Path.Combine(installation.Folder, "server.conf"), TestContext.Current.CancellationToken);
        installation.FileOf("server.conf", settings
            + $"certificate = {installation.FileOf("given.pem", leaf.ExportCertificatePem())}\n"
            + $"certificate-key = {installation.FileOf("given-key.pem", key.ExportPkcs8PrivateKeyPem())}\n");

        await CheckSaysAsync(
            installation,
            $"{installation.Folder}/given.pem: it is not valid since {leaf.NotAfter.ToUniversalTime():u}: hosts refuse it");
        Assert.Equal(
            (1, "", "sallyport-server: the private CA is not in use: the certificate is "
                + $"{installation.Folder}/given.pem, and hosts need its CA's\n"), await CaAsync(installation));
        Assert.Equal(
            "/etc/ssl/certs/ca-certificates.crt",
            (await installation.RunAsync("application", "add", "bastion")).Done().Value("cafile"));
    }

    [Fact]
    public async Task What_ca_prints_is_the_file_and_never_a_key_in_its_place()
    {
        await using Installation installation = await Installation.SetUpAsync(DatabaseKind.Sqlite);
        string file = Path.Combine(installation.Folder, "ca.pem");
        Assert.Equal(
            (0, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), ""), await CaAsync(installation));

        File.Copy(Path.Combine(installation.Folder, "ca-key.pem"), file, overwrite: true);
        Said said = await installation.RunAsync("ca");

        Assert.Equal((1, ""), (said.Code, said.Output));
        Assert.DoesNotContain("KEY", said.Error, StringComparison.Ordinal);
        Assert.Matches("^sallyport-server: [^\n]+\n$", said.Error);
    }

    private static async Task<(int, string, string)> CaAsync(Installation installation)
    {
        Said said = await installation.RunAsync("ca");
        return (said.Code, said.Output, said.Error);
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_backup_of_another_schema_is_not_restored(DatabaseKind kind)
    {
        await using Installation installation = await Installation.SetUpAsync(kind);
        (await installation.RunAsync("user", "add", "alice")).Done();
        string file = Path.Combine(installation.Folder, "backup.json");
        (await installation.RunAsync("backup", file)).Done();
        string[] lines = (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Split('\n');
        lines[0] = System.Text.RegularExpressions.Regex.Replace(
            lines[0], "\"migration\":\"[^\"]*\"", "\"migration\":\"20251101000000_Before\"");
        string body = string.Join('\n', lines[..^2]) + "\n";
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        string last = System.Text.RegularExpressions.Regex.Replace(lines[^2], "[0-9a-f]{64}", hash);
        await using Installation other = await Installation.EmptyAsync(kind);
        string changed = other.FileOf("changed.json", body + last + "\n");

        Said said = await other.RunAsync(["restore", changed, "--public-host", "auth.example.com", .. other.Database]);

        Assert.Equal((1, ""), (said.Code, said.Output));
        Assert.Equal("sallyport-server: The backup is of the schema 20251101000000_Before. Restore it with the version of "
            + "sallyport-server that made it, then migrate.\n", said.Error);
        Assert.False(SettingsFile.Exists(other.Folder));
    }

    [Fact]
    public async Task What_somebody_wrote_into_the_database_is_not_obeyed_by_the_terminal()
    {
        await using Installation installation = await Installation.SetUpAsync(DatabaseKind.Sqlite);
        (await installation.RunAsync("application", "add", "bastion")).Done();
        (await installation.RunAsync("user", "add", "alice")).Done();
        (await installation.RunAsync("device", "add-totp", "alice")).Done();
        await WriteAsync(installation, """UPDATE applications SET "Name" = 'b' || char(27) || '[2J'""");
        await WriteAsync(installation, """UPDATE devices SET "Name" = 'p' || char(8238) || 'q'"""); // turns the direction
        await WriteAsync(installation, """
            INSERT INTO users ("Id", "Key", "Name", "Status", "Groups", "Failures", "CreatedAt")
            VALUES ('0193f3a0-0000-7000-8000-000000000000', 'DU000000000000000000', 'e' || char(27) || 'f', 1, 'g' || char(27), 0, 0)
            """);

        string applications = (await installation.RunAsync("application", "list")).Done().Output;
        string devices = (await installation.RunAsync("device", "list", "alice")).Done().Output;
        string users = (await installation.RunAsync("user", "list")).Done().Output;

        Assert.Contains("b?[2J", applications, StringComparison.Ordinal);
        Assert.Contains("p?q", devices, StringComparison.Ordinal);
        Assert.Contains("e?f  active  g?", users, StringComparison.Ordinal);
        Assert.DoesNotContain(applications + devices + users, c => c is '\u001b' or '\u202e');
    }

    [Fact]
    public async Task A_check_says_that_the_certificate_is_absent_or_has_expired_and_makes_none()
    {
        await using Installation installation = await Installation.SetUpAsync(DatabaseKind.Sqlite);
        string leaf = Path.Combine(installation.Folder, "certificate.pem");
        WriteOldCertificates(installation.Folder);
        string[] before = Files(installation.Folder);

        await CheckSaysAsync(installation, $"The certificate is not valid now: hosts refuse it. serve renews {leaf} when it starts.");
        Assert.Equal(before, Files(installation.Folder));

        File.Delete(leaf);
        before = Files(installation.Folder);
        await CheckSaysAsync(
            installation, $"There is no {leaf}. serve makes what is missing, as the account that owns the folder.");
        Assert.Equal(before, Files(installation.Folder));
    }

    /// <summary>A CA of 200 days ago, and what it issued 100 days ago.</summary>
    private static void WriteOldCertificates(string folder)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        PublicHost host = new("auth.example.com", 443);
        using X509Certificate2 authority = PrivateCa.Create(host, now.AddDays(-200));
        using X509Certificate2 leaf = PrivateCa.Issue(authority, host, now.AddDays(-100));
        foreach ((X509Certificate2 certificate, string name) in new[] { (authority, "ca"), (leaf, "certificate") })
        {
            using ECDsa key = certificate.GetECDsaPrivateKey()!;
            File.WriteAllText(Path.Combine(folder, name + ".pem"), certificate.ExportCertificatePem());
            File.WriteAllText(Path.Combine(folder, name + "-key.pem"), key.ExportPkcs8PrivateKeyPem());
        }
    }

    /// <summary>Names and contents, but for the database's own.</summary>
    private static string[] Files(string folder) => [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Where(file => !file.Contains(".db", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(file => $"{file} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}")];

    private static async Task CheckSaysAsync(Installation installation, params string[] problems)
    {
        Said said = await installation.RunAsync("check");
        Assert.Equal(1, said.Code);
        Assert.Equal(problems, said.Output.Split('\n')[..^1]);
    }

    private static async Task WriteAsync(Installation installation, string sql)
    {
        await using System.Data.Common.DbConnection connection = installation.Postgres is null
            ? new SqliteConnection($"Data Source={Path.Combine(installation.Folder, "sallyport.db")};Pooling=false")
            : new NpgsqlConnection(installation.Postgres);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using System.Data.Common.DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
