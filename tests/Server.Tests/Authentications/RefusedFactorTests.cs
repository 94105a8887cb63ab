using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Authentications;

/// <summary>No login is without a trace, also not one that asks for what this server has not got.</summary>
public sealed class RefusedFactorTests
{
    [Theory]
    [InlineData("push", "duo_push")]
    [InlineData("phone", "phone_call")]
    [InlineData("sms", "sms_passcode")]
    [InlineData("auto", "duo_push")]
    public async Task A_factor_that_is_not_there_is_an_error_and_in_the_audit(string factor, string written)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        TestUser alice = await server.EnrolAsync("alice");

        TestAnswer answer = await server.Host.SendAsync(
            new("POST", "/auth/v2/auth", ("username", "alice"), ("factor", factor), ("device", "auto")));

        Assert.Equal((40002, "no capable device"), (answer.Code, answer.Detail));
        Assert.Equal([$"denied no_activated_duo_mobile_account {written}"], await server.AuditAsync());
        Assert.Equal(1, await server.ReadAsync(db => db.Set<Audit.AuditEvent>().CountAsync(
            e => e.UserKey == alice.Key && e.Reason == "no_activated_duo_mobile_account", TestServer.Stop)));
    }
}
