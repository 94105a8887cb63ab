using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Phone;

/// <summary>What a user does with his phone about the phone itself.</summary>
public sealed class OwnDeviceTests
{
    private const string Endpoint = "https://push.example/send/abc";

    [Theory]
    [InlineData("app")]
    [InlineData("terminal")]
    public async Task It_says_what_it_is(string kind)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice", kind);

        PhoneReply reply = await phone.SendAsync("GET", "device");

        Assert.Equal(
            $$"""{"device":"{{phone.Device}}","user":"alice","name":"my phone","kind":"{{kind}}"}""",
            reply.Json.ToString());
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task It_gets_another_name(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");

        Assert.Equal("204", (await phone.SendAsync("PATCH", "device", """{"name":"Zoë's 📱"}""")).Said);

        Assert.Equal("Zoë's 📱", (await phone.SendAsync("GET", "device")).Text("name"));
        Assert.Equal(["device_rename was my phone; is Zoë's 📱"], await AuditAsync(server));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task It_says_where_it_is_told_and_nowhere_any_more(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        string point = Point();
        string auth = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

        foreach (string time in (string[])["", ",\"expirationTime\":null", ",\"expirationTime\":1764072000000.5"])
        {
            server.Clock.Advance(TimeSpan.FromSeconds(1));
            PhoneReply reply = await phone.SendAsync("PUT", "subscription", Subscription(Endpoint, point, auth, time));
            Assert.Equal("204", reply.Said);
        }

        string kept = (await server.ReadAsync(db => db.Devices.SingleAsync(TestServer.Stop))).PushSubscription!;
        Assert.Equal(Subscription(Endpoint, point, auth, ""), kept);
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("204", (await phone.SendAsync("DELETE", "subscription")).Said);
        Assert.Null((await server.ReadAsync(db => db.Devices.SingleAsync(TestServer.Stop))).PushSubscription);
        Assert.Equal(
            [.. Enumerable.Repeat("device_subscribe push.example", 3), "device_subscribe nowhere"],
            await AuditAsync(server));
    }

    [Fact]
    public async Task What_is_no_subscription_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        string point = Point();
        string auth = Base64Url.EncodeToString(new byte[16]);
        byte[] off = Base64Url.DecodeFromChars(point);
        off[64] ^= 1;

        string longest = Endpoint.PadRight(1024, 'a');
        PhoneReply good = await phone.SendAsync("PUT", "subscription", Subscription(longest, point, auth, ""));
        Assert.Equal("204", good.Said);
        foreach (string body in (string[])[
            Subscription(longest + "a", point, auth, ""),
            Subscription("http://push.example/", point, auth, ""),
            Subscription("https://alice@push.example/", point, auth, ""),
            Subscription("https://push.example/#a", point, auth, ""),
            Subscription("https://push.example/é", point, auth, ""),
            Subscription("https://push.example/a b", point, auth, ""),
            Subscription("https:///a", point, auth, ""),
            Subscription("/send", point, auth, ""),
            Subscription("", point, auth, ""),
            Subscription(Endpoint, Base64Url.EncodeToString(off), auth, ""),
            Subscription(Endpoint, point[..^1], auth, ""),
            Subscription(Endpoint, point + "=", auth, ""),
            Subscription(Endpoint, "", auth, ""),
            Subscription(Endpoint, point, Base64Url.EncodeToString(new byte[15]), ""),
            Subscription(Endpoint, point, Base64Url.EncodeToString(new byte[17]), ""),
            Subscription(Endpoint, point, auth, ",\"expirationTime\":\"1\""),
            Subscription(Endpoint, point, auth, ",\"more\":1"),
            $$"""{"endpoint":"{{Endpoint}}"}""",
            $$$"""{"endpoint":"{{{Endpoint}}}","keys":{"p256dh":"{{{point}}}"}}""",
            $$$"""{"endpoint":"{{{Endpoint}}}","keys":{"p256dh":"{{{point}}}","auth":"{{{auth}}}","more":1}}"""])
        {
            PhoneReply reply = await phone.SendAsync("PUT", "subscription", body);
            Assert.True(reply.Said == "400 invalid_request", $"{body}: {reply.Said}");
        }
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Removed_by_its_owner_it_is_gone_and_what_waited_for_it_is_denied(DatabaseKind kind)
    {
        await using TestServer server = await PhonePushes.StartAsync(kind);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        string transaction = await server.OpenPushAsync("alice");
        Assert.Single(await phone.PendingAsync());

        Assert.Equal("204", (await phone.SendAsync("DELETE", "device")).Said);

        Assert.Equal("deny deny", await server.StatusAsync(transaction));
        Assert.Equal("401 invalid_token", (await phone.SendAsync("DELETE", "device")).Said);
        Assert.Equal(0, await server.ReadAsync(db => db.PendingPushes.CountAsync(TestServer.Stop)));
        Assert.Equal(["denied user_mistake duo_push"], await server.AuditAsync());
        Assert.Equal(["device_remove "], await AuditAsync(server));
    }

    [Fact]
    public async Task Whoever_else_removed_it_in_that_moment_each_change_says_that_it_is_gone()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        KnownPhone known = (await server.Get<FindPhone>().RunAsync(phone.Device!, TestServer.Stop))!;
        await server.Get<RemoveDevice>().RunAsync(phone.Device!, TestServer.Stop);

        Assert.Equal(
            ChangePhoneResult.Gone, await server.Get<RenamePhone>().RunAsync(known, "a", null, TestServer.Stop));
        Assert.Equal(
            ChangePhoneResult.Gone,
            await server.Get<SetPushSubscription>().RunAsync(known, null, null, TestServer.Stop));
        Assert.False(await server.Get<RemovePhone>().RunAsync(known, null, TestServer.Stop));
        Assert.Equal(["device_remove "], await AuditAsync(server));
    }

    private static string Point()
    {
        using var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;
        return Base64Url.EncodeToString([4, .. point.X!, .. point.Y!]);
    }

    private static string Subscription(string endpoint, string p256dh, string auth, string more) =>
        $$$"""{"endpoint":{{{JsonSerializer.Serialize(endpoint)}}},"keys":"""
        + $$$"""{"p256dh":"{{{p256dh}}}","auth":"{{{auth}}}"}{{{more}}}}""";

    /// <summary>What was done after the activation.</summary>
    private static Task<List<string>> AuditAsync(TestServer server) => server.ReadAsync(async db =>
    {
        List<AuditEvent> events = await db.AuditEvents
            .Where(e => e.Action.StartsWith("device_")).ToListAsync(TestServer.Stop);
        return events.OrderBy(e => e.At).ThenBy(e => e.Id)
            .Where(e => e.Action is not ("device_invite" or "device_activate"))
            .Select(e => $"{e.Action} {e.Detail}").ToList();
    });
}
