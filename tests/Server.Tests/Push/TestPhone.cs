using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Tests.Push;

/// <summary>A phone that has been activated: its row, and the key that never leaves it.</summary>
internal sealed record TestPhone(TestServer Server, DeviceId Id, string Key, ECDsa PrivateKey)
{
    public static async Task<TestPhone> AddAsync(TestServer server, string user, bool isTerminal = false)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Device device = new()
        {
            Id = new(Guid.CreateVersion7(server.Now)),
            Key = PublicKeys.New("DP"),
            UserId = await server.ReadAsync(db => db.Set<Users.User>()
                .Where(u => u.Name == user).Select(u => u.Id).SingleAsync(TestServer.Stop)),
            Kind = DeviceKind.Phone,
            Name = "My phone",
            ProtectedSecret = [],
            Algorithm = OtpAlgorithm.Sha1,
            Digits = 0,
            Period = 0,
            PublicKey = key.ExportSubjectPublicKeyInfo(),
            IsTerminal = isTerminal,
            CreatedAt = server.Now,
        };
        await server.ChangeAsync(db =>
        {
            db.Devices.Add(device);
            return Task.CompletedTask;
        });
        return new(server, device.Id, device.Key, key);
    }

    /// <summary>What waits for it; it waits for that itself.</summary>
    public async Task<WaitingPush> WaitingAsync(string? not = null)
    {
        while (true)
        {
            foreach (WaitingPush push in await Server.Get<ListPushes>().RunAsync(Id, TestServer.Stop))
            {
                if (push.Record.Transaction != not)
                {
                    return push;
                }
            }

            await Task.Delay(10, TestServer.Stop);
        }
    }

    public string Sign(ApprovalRecord record, ApprovalDecision decision, string? number = null) =>
        ApprovalJws.Sign(record, new(decision, number), PrivateKey);

    public Task<PushAnswer> SendAsync(string transaction, string jws) =>
        Server.Get<AnswerPush>().RunAsync(Id, transaction, jws, TestServer.Stop);

    public Task<PushAnswer> AnswerAsync(WaitingPush push, ApprovalDecision decision, string? number = null) =>
        SendAsync(push.Record.Transaction, Sign(push.Record, decision, number));

    /// <summary>The number that the login's screen shows.</summary>
    public Task<string?> NumberAsync(WaitingPush push) => Server.ReadAsync(db => db.Set<PendingPush>()
        .Where(p => p.TransactionId == push.Record.Transaction).Select(p => p.Number).SingleAsync(TestServer.Stop));
}
