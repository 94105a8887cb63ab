using System.Text.Json;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Applications;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Phone;

/// <summary>A login as the phone sees it, from what waits to what comes of the answer.</summary>
public sealed class PushAnswerTests
{
    [Theory]
    [InlineData(DatabaseKind.Sqlite, ApprovalDecision.Approve, "allow allow", "success user_approved duo_push")]
    [InlineData(DatabaseKind.Postgres, ApprovalDecision.Approve, "allow allow", "success user_approved duo_push")]
    [InlineData(DatabaseKind.Sqlite, ApprovalDecision.Deny, "deny deny", "denied user_mistake duo_push")]
    [InlineData(DatabaseKind.Postgres, ApprovalDecision.Fraud, "deny fraud", "fraud user_marked_fraud duo_push")]
    public async Task It_is_shown_whole_and_decided_as_signed(
        DatabaseKind kind, ApprovalDecision decision, string status, string audit)
    {
        await using TestServer server = await PhonePushes.StartAsync(kind);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        Assert.Empty(await phone.PendingAsync());
        string transaction = await server.OpenPushAsync("alice");

        JsonElement request = Assert.Single(await phone.PendingAsync());
        Assert.Equal(
            [
                "transaction", "application", "user", "host", "address", "key", "expires", "server", "device", "digits",
                "info",
            ],
            request.EnumerateObject().Select(member => member.Name));
        Assert.Equal(transaction, request.GetProperty("transaction").GetString());
        Assert.Equal(("bastion", "alice", "web1", "203.0.113.5"), (
            request.GetProperty("application").GetString(), request.GetProperty("user").GetString(),
            request.GetProperty("host").GetString(), request.GetProperty("address").GetString()));
        Assert.Equal(("sallyport.example", phone.Device, "Server+IP=192.0.2.2"), (
            request.GetProperty("server").GetString(), request.GetProperty("device").GetString(),
            request.GetProperty("info").GetString()));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (
            request.GetProperty("key").ValueKind, request.GetProperty("digits").ValueKind));

        Assert.Equal("taken", await phone.AnswerAsync(request, decision));

        Assert.Equal(status, await server.StatusAsync(transaction));
        Assert.Empty(await phone.PendingAsync());
        Assert.Equal("gone", await phone.AnswerAsync(request, decision));
        Assert.Equal([audit], await server.AuditAsync());
    }

    [Fact]
    public async Task What_is_not_this_phones_own_is_refused_or_gone()
    {
        await using TestServer server = await PhonePushes.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        await server.AddUserAsync("bob");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        using TestPhone other = await TestPhone.ActivatedAsync(server, "bob");
        await server.OpenPushAsync("alice");
        JsonElement request = Assert.Single(await phone.PendingAsync());
        Assert.Empty(await other.PendingAsync());

        Assert.Equal("gone", await other.AnswerAsync(request, ApprovalDecision.Approve));
        string signed = ApprovalJws.Sign(TestPhone.RecordOf(request), new(ApprovalDecision.Approve, null), other.Key);
        foreach (string approval in (string[])["", "a.b.c", signed, new string('a', 9000)])
        {
            JsonElement transaction = request.GetProperty("transaction");
            PhoneReply reply = await phone.SendAsync(
                "POST", "answer", JsonSerializer.Serialize(new { transaction, approval }));
            Assert.Equal("refused", reply.Text("result"));
        }

        Assert.Equal("taken", await phone.AnswerAsync(request, ApprovalDecision.Approve));
    }

    [Fact]
    public async Task The_number_is_not_sent_to_the_phone_and_is_typed_three_times_at_most()
    {
        await using TestServer server = await PhonePushes.StartAsync(DatabaseKind.Sqlite, NumberMatching.Always);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        string transaction = await server.OpenPushAsync("alice");
        JsonElement request = Assert.Single(await phone.PendingAsync());
        int digits = request.GetProperty("digits").GetInt32();
        string number = await server.ReadAsync(db => Task.FromResult(
            db.Set<Sallyport.Server.Authentications.PendingPush>().Single().Number!));
        Assert.Equal(number.Length, digits);
        string wrong = new(number.Select(digit => digit == '9' ? '0' : (char)(digit + 1)).ToArray());

        Assert.Equal("refused", await phone.AnswerAsync(request, ApprovalDecision.Approve));
        Assert.Equal("wrong_number", await phone.AnswerAsync(request, ApprovalDecision.Approve, wrong));
        Assert.Equal("wrong_number", await phone.AnswerAsync(request, ApprovalDecision.Approve, wrong));
        Assert.Equal("too_many_wrong_numbers", await phone.AnswerAsync(request, ApprovalDecision.Approve, wrong));
        Assert.Equal("gone", await phone.AnswerAsync(request, ApprovalDecision.Approve, number));
        Assert.Equal("deny fraud", await server.StatusAsync(transaction));
    }

    [Fact]
    public async Task Who_may_not_log_in_any_more_approves_nothing()
    {
        await using TestServer server = await PhonePushes.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        string transaction = await server.OpenPushAsync("alice");
        JsonElement request = Assert.Single(await phone.PendingAsync());
        await server.ChangeUserAsync("alice", user => user.Status = UserStatus.Disabled);

        Assert.Equal("forbidden", await phone.AnswerAsync(request, ApprovalDecision.Approve));

        Assert.Equal("deny deny", await server.StatusAsync(transaction));
    }
}
