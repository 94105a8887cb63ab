using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Authentications;
using Sallyport.Server.Commands;
using Sallyport.Server.Devices;
using Sallyport.Server.Hosting;
using Sallyport.Server.Persistence;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Commands;

/// <summary>What is kept of an approval is verified without the server.</summary>
public sealed class ApprovalTests
{
    private static readonly ApprovalRecord _record = new()
    {
        Server = "auth.example.com",
        Transaction = "11111111-1111-4111-8111-111111111111",
        Device = "DPAAAAAAAAAAAAAAAAAA",
        Application = "bastion",
        User = "alice",
        Host = "web1\u001b[2J",
        Address = "203.0.113.5",
        Expires = 1764072055,
    };

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task It_is_printed_and_verified(DatabaseKind kind)
    {
        await using Installation installation = await Installation.SetUpAsync(kind);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await KeepAsync(installation, key);

        Said shown = (await installation.RunAsync("approval", _record.Transaction)).Done();
        string file = installation.FileOf("evidence", shown.Output);
        Said said = (await Installation.RunWithAsync(["verify-approval", file])).Done();

        Assert.Equal("approved", said.Value("Signed"));
        Assert.Equal("web1?[2J", said.Value("Host"));
        Assert.Equal("alice", said.Value("User"));
        Assert.Equal(PhoneKey.ThumbprintOf(key.ExportSubjectPublicKeyInfo()), said.Value("With the key"));
        string right = said.Value("With the key");
        (await Installation.RunWithAsync(["verify-approval", file, "--key", right])).Done();
        Said other = await Installation.RunWithAsync(["verify-approval", file, "--key", "x" + right[1..]]);
        Assert.Equal((1, ""), (other.Code, other.Output));
        Assert.StartsWith("sallyport-server: it is signed with another key: ", other.Error);
    }

    [Fact]
    public async Task Nothing_else_is_an_approval()
    {
        await using Installation installation = await Installation.SetUpAsync(DatabaseKind.Sqlite);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string jws = ApprovalJws.Sign(_record, new(ApprovalDecision.Approve, "12"), key);
        string altered = ApprovalJws.Sign(_record with { User = "root" }, new(ApprovalDecision.Approve, "12"), key);
        byte[] publicKey = key.ExportSubjectPublicKeyInfo();
        (string Name, string Text)[] all =
        [
            ("another key", new ApprovalEvidence(default, other.ExportSubjectPublicKeyInfo(), jws).ToJson()),
            ("another record", new ApprovalEvidence(
                default, publicKey, string.Join('.', [.. altered.Split('.')[..2], jws.Split('.')[2]])).ToJson()),
            ("no signature", new ApprovalEvidence(default, publicKey, jws[..jws.LastIndexOf('.')] + ".").ToJson()),
            ("no such time", new ApprovalEvidence(default, publicKey, ApprovalJws.Sign(
                _record with { Expires = long.MaxValue }, new(ApprovalDecision.Approve, null), key)).ToJson()),
            ("no key", new ApprovalEvidence(default, [1, 2, 3], jws).ToJson()),
            ("no JWS", new ApprovalEvidence(default, publicKey, "").ToJson()),
            ("no JSON", jws),
            ("another JSON", "{}"),
            ("nothing", ""),
        ];
        foreach ((string name, string text) in all)
        {
            Said said = await Installation.RunWithAsync(["verify-approval", installation.FileOf("evidence", text)]);

            Assert.True((said.Code, said.Output) == (1, ""), $"{name}: {said}");
            Assert.Matches("^sallyport-server: (it is not signed with that key|that is no file)", said.Error);
        }
    }

    [Fact]
    public async Task What_nobody_decided_is_not_there()
    {
        await using Installation installation = await Installation.SetUpAsync(DatabaseKind.Sqlite);

        Said said = await installation.RunAsync("approval", _record.Transaction);

        Assert.Equal(
            (1, "", "sallyport-server: no phone has decided that transaction; 'audit list --json' has their ids\n"),
            (said.Code, said.Output, said.Error));
    }

    private static async Task KeepAsync(Installation installation, ECDsa key)
    {
        ServerSettings settings = new()
        {
            DataFolder = installation.Folder,
            Postgres = installation.Postgres,
            PublicHost = new PublicHost("auth.example.com", 443),
        };
        await using ServiceProvider services = Administration.Services(new(), settings);
        await using ServerDbContext db = await services
            .GetRequiredService<IDbContextFactory<ServerDbContext>>().CreateDbContextAsync(TestDatabase.Stop);
        db.Approvals.Add(new Approval
        {
            TransactionId = _record.Transaction,
            At = new(2025, 11, 25, 12, 0, 1, TimeSpan.Zero),
            DeviceKey = _record.Device,
            PublicKey = key.ExportSubjectPublicKeyInfo(),
            Jws = ApprovalJws.Sign(_record, new(ApprovalDecision.Approve, null), key),
        });
        await db.SaveChangesAsync(TestDatabase.Stop);
    }
}
