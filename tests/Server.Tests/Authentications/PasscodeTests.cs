using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol;
using Sallyport.Server.Audit;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Authentications;

public sealed class PasscodeTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task The_passcode_lets_in_once(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string passcode = alice.Passcode();

        Assert.Equal("allow", await server.Host.LogInAsync("alice", passcode));
        Assert.Equal("deny", await server.Host.LogInAsync("alice", passcode));
        Assert.Equal(
            ["success valid_passcode duo_mobile_passcode", "denied invalid_passcode duo_mobile_passcode"],
            await server.AuditAsync());
        Assert.Equal("used before", await server.ReadAsync(
            db => db.AuditEvents.Where(e => e.Result == "denied").Select(e => e.Detail!.Substring(0, 11)).SingleAsync(TestServer.Stop)));
    }

    [Theory]
    [InlineData("alice", "", "duo_mobile_passcode")] // his app's six digits, wrong
    [InlineData("bob", "000000", "hardware_token")] // he has nothing but a token
    [InlineData("bob", "12345678", "duo_mobile_passcode")] // none of his shows eight
    [InlineData("alice", "1234 5678 9012 3456", "bypass_code")]
    [InlineData("alice", "push", "duo_push")]
    [InlineData("alice", "phone2", "phone_call")]
    [InlineData("alice", "sms", "sms_passcode")]
    [InlineData("alice", "cccccccccccccccccccccccccccccccccccccccccccc", "yubikey_code")]
    [InlineData("alice", "hunter2", "not_available")]
    public async Task A_refusal_names_the_factor_that_was_tried(string user, string typed, string factor)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        TestUser alice = await server.EnrolAsync("alice");
        await server.AddUserAsync("bob");
        Assert.IsType<AddHotpDeviceResult.Added>(await server.Get<AddHotpDevice>().RunAsync(
            new("1", "3132333435363738393031323334353637383930") { User = "bob" }, TestServer.Stop));

        Assert.Equal("deny", await server.Host.LogInAsync(user, typed.Length > 0 ? typed : alice.WrongPasscode()));

        Assert.Equal([$"denied invalid_passcode {factor}"], await server.AuditAsync());
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Sixteen_at_once_let_one_in(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        string passcode = alice.Passcode();

        TestAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(
            i => server.Host.SendAsync(server.Host.Auth("alice", passcode, ("pushinfo", $"{i}")))));

        Assert.Single(answers, a => a.Text("result") == "allow");
        Assert.Equal(15, answers.Count(a => a.Text("result") == "deny"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_secret_that_is_there_twice_makes_no_passcode_good_twice(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        await server.ChangeAsync(async db =>
        {
            Device one = await db.Devices.SingleAsync(TestServer.Stop);
            Secrets secrets = server.Get<Secrets>();
            var id = Guid.CreateVersion7(server.Now);
            db.Devices.Add(new Device
            {
                Id = new(id),
                Key = "DP000000000000000002",
                UserId = one.UserId,
                Kind = one.Kind,
                Name = "the same again",
                ProtectedSecret = secrets.Protect(
                    SecretKind.Otp, id, secrets.Unprotect(SecretKind.Otp, one.Id.Value, one.ProtectedSecret)),
                Algorithm = one.Algorithm,
                Digits = one.Digits,
                Period = one.Period,
                LastUsedStep = one.LastUsedStep,
                CreatedAt = server.Now,
            });
        });
        string passcode = alice.Passcode();

        Assert.Equal("allow", await server.Host.LogInAsync("alice", passcode));
        Assert.Equal("deny", await server.Host.LogInAsync("alice", passcode));

        // Of which only one was used before: it is not new.
        await server.ChangeAsync(async db =>
            (await db.Devices.FirstAsync(d => d.Name == "the same again", TestServer.Stop)).LastUsedStep = 0);
        Assert.Equal("deny", await server.Host.LogInAsync("alice", passcode));
        server.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal("allow", await server.Host.LogInAsync("alice", alice.Passcode()));
    }

    [Fact]
    public async Task A_secret_is_not_added_to_the_same_user_twice()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice", "al");
        await server.AddUserAsync("bob");
        const string hex = "3132333435363738393031323334353637383930"; // RFC 4226, appendix D
        const string base32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        AddTotpDevice app = server.Get<AddTotpDevice>();
        AddHotpDevice token = server.Get<AddHotpDevice>();
        Assert.IsType<AddTotpDeviceResult.Added>(
            await app.RunAsync(new("alice") { Secret = base32 }, TestServer.Stop));

        var again = Assert.IsType<AddTotpDeviceResult.Invalid>(
            await app.RunAsync(new("al") { Secret = base32 }, TestServer.Stop));
        var asToken = Assert.IsType<AddHotpDeviceResult.Invalid>(
            await token.RunAsync(new("1", hex) { User = "alice" }, TestServer.Stop));

        Assert.Equal("the user has a device with this secret already", again.What);
        Assert.Equal("the user has a device with this secret already", asToken.What);
        Assert.IsType<AddTotpDeviceResult.Added>(await app.RunAsync(new("bob") { Secret = base32 }, TestServer.Stop));
        Assert.Equal(2, await server.ReadAsync(db => db.Devices.CountAsync(TestServer.Stop)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task One_step_before_and_after_count_and_none_further(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");

        Assert.Equal("deny", await server.Host.LogInAsync("alice", alice.Passcode(-2)));
        Assert.Equal("deny", await server.Host.LogInAsync("alice", alice.Passcode(2)));
        Assert.Equal("allow", await server.Host.LogInAsync("alice", alice.Passcode(-1)));
        Assert.Equal("allow", await server.Host.LogInAsync("alice", alice.Passcode(1)));
        Assert.Equal("deny", await server.Host.LogInAsync("alice", alice.Passcode()));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_hardware_token_may_be_nine_ahead_and_goes_on_from_there(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("bob");
        using OtpSecret secret = OtpSecret.FromBytes("12345678901234567890"u8);
        Guid id = Guid.CreateVersion7(server.Now);
        await server.ChangeAsync(async db => db.Devices.Add(new Device
        {
            Id = new(id),
            Key = PublicKeys.New("DH"),
            UserId = (await db.Users.SingleAsync(TestServer.Stop)).Id,
            Kind = DeviceKind.Hotp,
            Name = "token",
            Serial = "1001",
            ProtectedSecret = server.Get<Secrets>().Protect(SecretKind.Otp, id, secret.Expose().ToArray()),
            Algorithm = OtpAlgorithm.Sha1,
            Digits = 6,
            Period = 0,
            CreatedAt = server.Now,
        }));
        string At(long counter) => Passcode.FromNumber(Hotp.Compute(secret, counter), 6).Expose();

        Assert.Equal("deny", await server.Host.LogInAsync("bob", At(10)));
        Assert.Equal("allow", await server.Host.LogInAsync("bob", At(9)));
        Assert.Equal("deny", await server.Host.LogInAsync("bob", At(9)));
        Assert.Equal("deny", await server.Host.LogInAsync("bob", At(3)));
        Assert.Equal("allow", await server.Host.LogInAsync("bob", At(10)));
        Assert.Contains("success valid_passcode hardware_token", await server.AuditAsync());
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_bypass_code_is_good_as_often_as_it_says_and_not_after_its_end(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await server.EnrolAsync("alice");
        await server.EnrolAsync("bob");
        var added = Assert.IsType<AddBypassCodeResult.Added>(await server.Get<AddBypassCode>().RunAsync(
            new("alice") { Count = 2, Uses = 2, ValidFor = TimeSpan.FromHours(1) }, TestServer.Stop));
        string[] codes = [.. added.Codes.Expose()];

        Assert.Equal("deny", await server.Host.LogInAsync("bob", codes[0]));
        Assert.Equal("allow", await server.Host.LogInAsync("alice", codes[0]));
        TestAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(
            i => server.Host.SendAsync(server.Host.Auth("alice", codes[0], ("pushinfo", $"{i}")))));
        Assert.Single(answers, a => a.Text("result") == "allow");

        server.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal("deny", await server.Host.LogInAsync("alice", codes[1]));
        Assert.Equal(2, (await server.AuditAsync()).Count(e => e == "success valid_passcode bypass_code"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData(" ")]
    [InlineData("1")]
    [InlineData("push")]
    [InlineData("phone1")]
    [InlineData("sms")]
    [InlineData("12345")]
    [InlineData("cccccccccccccccccccccccccccccccccccccccccccc")]
    [InlineData("пароль")]
    public async Task Facts_7_6_what_is_no_passcode_is_a_wrong_one(string typed)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.EnrolAsync("alice");

        TestAnswer answer = await server.Host.AuthAsync("alice", typed);

        Assert.Equal("deny", answer.Text("result"));
        Assert.Equal("Incorrect passcode. Please try again.", answer.Text("status_msg"));
        Assert.Equal(1, await server.ReadAsync(db => db.Users.Select(u => u.Failures).SingleAsync(TestServer.Stop)));
    }

    [Fact]
    public async Task Eight_digits_are_no_passcode_of_a_device_that_shows_six()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        TestUser alice = await server.EnrolAsync("alice");

        Assert.Equal("deny", await server.Host.LogInAsync("alice", "00" + alice.Passcode()));
    }

    [Fact]
    public async Task A_factor_that_the_application_does_not_take_is_refused_though_right()
    {
        await using TestServer server = await TestServer.StartAsync(
            DatabaseKind.Sqlite, new("bastion") { AllowedFactors = ["bypass"] });
        TestUser alice = await server.EnrolAsync("alice");
        var added = Assert.IsType<AddBypassCodeResult.Added>(
            await server.Get<AddBypassCode>().RunAsync(new("alice"), TestServer.Stop));

        Assert.Equal("deny", await server.Host.LogInAsync("alice", alice.Passcode()));
        Assert.Equal("allow", await server.Host.LogInAsync("alice", added.Codes.Expose()[0]));
        await server.ChangeApplicationAsync(a => a.AllowedFactors = "passcode");
        Assert.Equal("allow", await server.Host.LogInAsync("alice", alice.Passcode()));
    }
}
