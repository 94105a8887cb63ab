using System.Net;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Sallyport.Protocol;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;
using Sallyport.Server.Commands;
using Sallyport.Server.Devices;
using Sallyport.Server.Hosting;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Bench;

/// <summary>A data folder and its database, filled through the server's own model: no shipped program can do this.</summary>
internal sealed class Site : IAsyncDisposable
{
    private const int Block = 20_000;

    private Site(string folder, string? postgres) => (Folder, Postgres) = (folder, postgres);

    public string Folder { get; }

    public string? Postgres { get; }

    public string Ikey { get; private set; } = "";

    public string Skey { get; private set; } = "";

    /// <summary>Of each user's device.</summary>
    public List<byte[]> Secrets { get; } = [];

    /// <summary>Of all phones, where users have phones.</summary>
    public ECDsa PhoneKey { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static string NameOf(int user) => $"user{user}";

    public static async Task<Site> CreateAsync(
        string root, string? postgres, int users, AddApplicationRequest application, bool hotp = false, bool phones = false)
    {
        Site site = new(Path.Combine(root, Path.GetRandomFileName()), postgres);
        ServerSettings settings = new()
        {
            DataFolder = site.Folder,
            Postgres = postgres,
            PublicHost = new PublicHost("127.0.0.1", 443),
        };
        DataFolder.Open(site.Folder);
        await using ServiceProvider services = Administration.Services(new(), settings);
        await services.GetRequiredService<Database>().InitAsync(CancellationToken.None);
        AddApplicationResult result = await services.GetRequiredService<AddApplication>().RunAsync(application, default);
        var added = (AddApplicationResult.Added)result;
        (site.Ikey, site.Skey) = (added.IntegrationKey, added.SecretKey.Expose());
        await site.FillAsync(services, users, hotp, phones);
        return site;
    }

    /// <summary>What a host of its has in its file, for login_duo and for ours.</summary>
    public string Configure(string root, IPAddress address, int port, params string[] more)
    {
        string file = Path.Combine(root, $"{port}.conf");
        File.WriteAllText(
            file,
            $"""
            [duo]
            ikey = {Ikey}
            skey = {Skey}
            host = {address}:{port}
            cafile = {Folder}/ca.pem
            failmode = secure
            {string.Join('\n', more)}

            """);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    public async ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        if (Postgres is not null)
        {
            NpgsqlConnection.ClearAllPools();
            NpgsqlConnectionStringBuilder server = new(Postgres);
            await PostgresProcess.ExecuteAsync(
                new NpgsqlConnectionStringBuilder(Postgres) { Database = "postgres" }.ToString(),
                $"DROP DATABASE {server.Database} WITH (FORCE)");
        }
    }

    /// <summary>
    /// Transactions that are over, so that the server clears up while it is measured, as it does after its first
    /// quarter of an hour.
    /// </summary>
    public async Task AddExpiredAsync(int count)
    {
        DateTimeOffset then = TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1);
        await QueryAsync(async db =>
        {
            IntegrationId application = await db.Set<Application>().Select(a => a.Id).SingleAsync();
            await Filling.WriteAsync(db, [.. Enumerable.Range(0, count).Select(_ => new Authentication
            {
                TransactionId = new Guid(RandomNumberGenerator.GetBytes(16)).ToString(),
                ApplicationId = application,
                Status = "deny",
                StatusMessage = "Incorrect passcode. Please try again.",
                IsAsync = false,
                SignatureHash = RandomNumberGenerator.GetBytes(32),
                RequestMac = RandomNumberGenerator.GetBytes(32),
                CreatedAt = then,
                ExpiresAt = then,
            })]);
            return count;
        });
    }

    public async Task<long> CountAuditAsync() => await QueryAsync(
        db => db.Set<Server.Audit.AuditEvent>().LongCountAsync(
            e => e.Action == "authentication" && e.Result == "success" && e.Reason == "valid_passcode"));

    public async Task<T> QueryAsync<T>(Func<ServerDbContext, Task<T>> query)
    {
        ServerSettings settings = new()
        {
            DataFolder = Folder,
            Postgres = Postgres,
            PublicHost = new PublicHost("127.0.0.1", 443),
        };
        await using ServiceProvider services = Administration.Services(new(), settings);
        await using ServerDbContext db = await services
            .GetRequiredService<IDbContextFactory<ServerDbContext>>().CreateDbContextAsync();
        return await query(db);
    }

    // The first user has an HOTP token where asked for, so that he can log in as often as the clock does not matter.
    private async Task FillAsync(ServiceProvider services, int users, bool hotp, bool phones)
    {
        Secrets secrets = services.GetRequiredService<Secrets>();
        TimeProvider time = services.GetRequiredService<TimeProvider>();
        var contexts = services.GetRequiredService<IDbContextFactory<ServerDbContext>>();
        DateTimeOffset now = time.GetUtcNow();
        for (int begin = 0; begin < users; begin += Block)
        {
            List<User> added = [];
            List<Device> theirs = [];
            for (int i = begin; i < Math.Min(users, begin + Block); i++)
            {
                UserId user = new(Guid.CreateVersion7(now));
                DeviceId device = new(Guid.CreateVersion7(now));
                byte[] secret = RandomNumberGenerator.GetBytes(20);
                Secrets.Add(secret);
                bool isHotp = hotp && i == 0;
                DeviceKind kind = phones ? DeviceKind.Phone : isHotp ? DeviceKind.Hotp : DeviceKind.Totp;
                added.Add(new User
                {
                    Id = user,
                    Key = PublicKeys.New("DU"),
                    Name = NameOf(i),
                    Status = UserStatus.Active,
                    CreatedAt = now,
                });
                theirs.Add(new Device
                {
                    Id = device,
                    Key = PublicKeys.New(isHotp ? "DH" : "DP"),
                    UserId = user,
                    Kind = kind,
                    Name = "Authenticator app",
                    ProtectedSecret = phones ? [] : secrets.Protect(SecretKind.Otp, device.Value, secret),
                    PublicKey = phones ? PhoneKey.ExportSubjectPublicKeyInfo() : null,
                    Algorithm = OtpAlgorithm.Sha1,
                    Digits = 6,
                    Period = isHotp ? 0 : 30,
                    CreatedAt = now,
                });
            }

            await using ServerDbContext db = await contexts.CreateDbContextAsync();
            await Filling.WriteAsync(db, added);
            await Filling.WriteAsync(db, theirs);
        }

        if (Postgres is not null)
        {
            await PostgresProcess.ExecuteAsync(Postgres, "VACUUM ANALYZE");
            await PostgresProcess.ExecuteAsync(Postgres, "CHECKPOINT");
        }
    }
}
