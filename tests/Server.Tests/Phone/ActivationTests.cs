using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Phone;

public sealed class ActivationTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_code_makes_one_phone_the_users_and_no_second(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.AddUserAsync("alice");
        string code = await TestPhone.CodeAsync(server, "alice");
        using TestPhone phone = new(server);
        using TestPhone second = new(server);

        PhoneReply reply = await phone.ActivateAsync(code, "terminal", "laptop");

        Assert.Equal("201", reply.Said);
        Assert.Equal(("alice", "sallyport.example"), (reply.Text("user"), reply.Text("server")));
        Assert.Matches("^DP[A-Z0-9]{18}$", phone.Device);
        Assert.Equal("400 invalid_code", (await second.ActivateAsync(code)).Said);
        Device device = await server.ReadAsync(db => db.Devices.SingleAsync(TestServer.Stop));
        Assert.Equal((DeviceKind.Phone, true, "laptop"), (device.Kind, device.IsTerminal, device.Name));
        Assert.Equal(phone.Key.ExportSubjectPublicKeyInfo(), device.PublicKey);
        Assert.False(await server.ReadAsync(db => db.Activations.AnyAsync(TestServer.Stop)));

        List<AuditEvent> events = await server.ReadAsync(db => db.AuditEvents
            .Where(e => e.UserKey == alice.Key && e.Action.StartsWith("device")).ToListAsync(TestServer.Stop));
        Assert.Equal(["device_activate", "device_invite"], events.Select(e => e.Action).Order());
        AuditEvent activated = events.Single(e => e.Action == "device_activate");
        Assert.Equal(("user", "127.0.0.1", phone.Device, null), (
            activated.Reason, activated.ClientAddress, activated.DeviceKey, activated.Administrator));
        Assert.Equal($"phone, terminal; key {PhoneKey.ThumbprintOf(device.PublicKey!)}", activated.Detail);
    }

    [Fact]
    public void A_key_is_named_as_rfc_7638_has_it()
    {
        // RFC 9449, figures 2 and 8.
        var key = PhoneKey.Of(
            Base64Url.DecodeFromChars("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"),
            Base64Url.DecodeFromChars("9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"))!;

        Assert.Equal("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", PhoneKey.ThumbprintOf(key.SubjectPublicKeyInfo));
    }

    [Fact]
    public async Task A_code_that_nobody_has_stands_in_no_queue()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        using TestPhone phone = new(server);
        using ManualResetEventSlim busy = new();
        Task<bool> writer = server.Get<Persistence.Transactions>().RunAsync(
            (_, stop) => Task.FromResult(busy.Wait(TimeSpan.FromSeconds(20), stop)), TestServer.Stop);

        PhoneReply reply = await phone.ActivateAsync("ABCD-EFGH-JKLM-NPQR-STUV")
            .WaitAsync(TimeSpan.FromSeconds(5), TestServer.Stop);

        Assert.Equal("400 invalid_code", reply.Said);
        busy.Set();
        Assert.True(await writer);
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Of_many_who_have_the_code_at_once_one_gets_in(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("alice");
        string code = await TestPhone.CodeAsync(server, "alice");
        TestPhone[] phones = [.. Enumerable.Range(0, 8).Select(_ => new TestPhone(server))];

        PhoneReply[] replies = await Task.WhenAll(phones.Select(phone => phone.ActivateAsync(code)));

        Assert.Equal(
            ["201", .. Enumerable.Repeat("400 invalid_code", 7)], replies.Select(reply => reply.Said).Order());
        Assert.Equal(1, await server.ReadAsync(db => db.Devices.CountAsync(TestServer.Stop)));
        Array.ForEach(phones, phone => phone.Dispose());
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Of_many_codes_for_one_key_at_once_one_is_used(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        List<string> codes = [];
        for (int i = 0; i < 24; i++)
        {
            await server.AddUserAsync($"user{i}");
            codes.Add(await TestPhone.CodeAsync(server, $"user{i}"));
        }

        using TestPhone phone = new(server);
        PhoneReply[] replies = await Task.WhenAll(codes.Select(code => phone.SendAsync(TestPhone.Activation(code))));

        Assert.Equal(
            ["201", .. Enumerable.Repeat("400 invalid_request", 23)], replies.Select(reply => reply.Said).Order());
        Assert.Equal(23, await server.ReadAsync(db => db.Activations.CountAsync(TestServer.Stop)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_user_has_ten_phones_at_most_also_where_many_come_at_once(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("alice");
        List<string> codes = [];
        for (int i = 0; i < 14; i++)
        {
            codes.Add(await TestPhone.CodeAsync(server, "alice"));
        }

        TestPhone[] phones = [.. codes.Select(_ => new TestPhone(server))];
        PhoneReply[] replies = await Task.WhenAll(phones.Zip(codes, (phone, code) => phone.ActivateAsync(code)));

        Assert.Equal(10, replies.Count(reply => reply.Said == "201"));
        Assert.Equal(4, replies.Count(reply => reply.Said == "400 invalid_request"));
        Assert.Equal(4, await server.ReadAsync(db => db.Activations.CountAsync(TestServer.Stop)));
        Array.ForEach(phones, phone => phone.Dispose());
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_code_that_is_late_or_of_a_disabled_user_or_guessed_is_none(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("alice");
        await server.AddUserAsync("bob");
        using TestPhone phone = new(server);
        string ofAlice = await TestPhone.CodeAsync(server, "alice");
        string ofBob = await TestPhone.CodeAsync(server, "bob");

        await server.ChangeUserAsync("bob", user => user.Status = UserStatus.Disabled);
        Assert.Equal("400 invalid_code", (await phone.ActivateAsync(ofBob)).Said);
        foreach (string guess in (string[])[
            "", "A", ofAlice[..^1], ofAlice + "A", (ofAlice[0] == 'A' ? "B" : "A") + ofAlice[1..],
            "ABCD-EFGH-JKLM-NPQR-STUV", "ABCD-EFGH-JKLM-NPQR-STUI", new string('-', 200) + ofAlice, "ſ" + ofAlice[1..]])
        {
            Assert.Equal("400 invalid_code", (await phone.ActivateAsync(guess)).Said);
        }

        server.Clock.Advance(TimeSpan.FromHours(24));
        Assert.Equal("400 invalid_code", (await phone.ActivateAsync(ofAlice)).Said);
        Assert.Equal(0, await server.ReadAsync(db => db.Devices.CountAsync(TestServer.Stop)));

        // Whoever is disabled loses his codes; and the next code takes those away that are late.
        await server.Get<AddActivation>().RunAsync(new("alice"), TestServer.Stop);
        Assert.Equal(1, await server.ReadAsync(db => db.Activations.CountAsync(TestServer.Stop)));
        await server.Get<DisableUser>().RunAsync("alice", TestServer.Stop);
        Assert.Equal(0, await server.ReadAsync(db => db.Activations.CountAsync(TestServer.Stop)));
    }

    [Fact]
    public async Task A_code_is_taken_as_people_type_it()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        using TestPhone phone = new(server);
        string code = await TestPhone.CodeAsync(server, "alice");

        PhoneReply reply = await phone.ActivateAsync($" {code.Replace('-', ' ').ToLowerInvariant()} ");

        Assert.Equal("201", reply.Said);
    }

    [Fact]
    public async Task What_is_no_name_no_kind_or_no_key_leaves_the_code_as_it_is()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        using TestPhone phone = new(server);
        string code = await TestPhone.CodeAsync(server, "alice");

        foreach (string name in (string[])["", "a\nb", "a\u202eb", "a\0", new string('a', 129)])
        {
            Assert.Equal("400 invalid_request", (await phone.ActivateAsync(code, name: name)).Said);
        }

        foreach (string kind in (string[])["", "App", "phone", "none"])
        {
            Assert.Equal("400 invalid_request", (await phone.ActivateAsync(code, kind)).Said);
        }

        PhoneRequest request = TestPhone.Activation(code);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        foreach (PhoneRequest bent in (PhoneRequest[])[
            request with { Proofs = _ => [] },
            request with { Header = header => header["jwk"] = PhoneRequest.JwkOf(other) },
            request with { Header = header => header["jwk"]!["y"] = header["jwk"]!["x"]!.DeepClone() },
            request with { Header = header => header["jwk"] = PhoneRequest.JwkOf(p384) },
            request with { Claims = claims => claims["ath"] = PhoneRequest.HashOf("DP000000000000000000") },
            request with { Authorization = ["DPoP DP000000000000000000"] }])
        {
            Assert.Equal("401 invalid_dpop_proof", (await phone.SendAsync(bent)).Said);
        }

        Assert.Equal("201", (await phone.ActivateAsync(code)).Said);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((7 * 24) + 1)]
    public async Task A_code_is_good_for_a_time_above_zero_and_seven_days_at_most(int hours)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        AddActivation add = server.Get<AddActivation>();

        Assert.IsType<AddActivationResult.Invalid>(
            await add.RunAsync(new("alice") { ValidFor = TimeSpan.FromHours(hours) }, TestServer.Stop));
        Assert.IsType<AddActivationResult.UnknownUser>(await add.RunAsync(new("bob"), TestServer.Stop));
        await server.ChangeUserAsync("alice", user => user.Status = UserStatus.Disabled);
        Assert.IsType<AddActivationResult.UserDisabled>(await add.RunAsync(new("alice"), TestServer.Stop));
    }
}
