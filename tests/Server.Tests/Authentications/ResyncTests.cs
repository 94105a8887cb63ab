using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol;
using Sallyport.Server.Devices;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Authentications;

/// <summary>A hardware token whose counter is not known, with the secret of RFC 4226, appendix D.</summary>
public sealed class ResyncTests
{
    private static readonly string[] _codes =
        ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_token_that_is_out_of_step_shows_nothing_that_is_accepted_until_it_is_resynchronised(
        DatabaseKind kind)
    {
        await using TestServer server = await StartAsync(kind);
        await server.ChangeAsync(async db => (await db.Devices.SingleAsync(TestServer.Stop)).OutOfStep = true);

        Assert.Equal("deny", await server.Host.LogInAsync("alice", _codes[2]));
        Assert.Equal("deny", await server.Host.LogInAsync("alice", _codes[3]));
        Assert.Equal(2, await server.ReadAsync(db => db.Set<Audit.AuditEvent>().CountAsync(
            e => e.Detail!.StartsWith("a token waits for device resync"), TestServer.Stop)));
        Assert.Equal(ResyncDeviceResult.InStep, await ResyncAsync(server, _codes[3], _codes[4]));
        Assert.Equal("deny", await server.Host.LogInAsync("alice", _codes[4]));
        Assert.Equal("allow", await server.Host.LogInAsync("alice", _codes[5]));
        Assert.Equal(1, await server.ReadAsync(db => db.Set<Audit.AuditEvent>().CountAsync(
            e => e.Action == "device_resync" && e.Detail == "counter 2 to 5"
                && e.UserName == "alice" && e.UserKey != null,
            TestServer.Stop)));
    }

    [Theory]
    [InlineData("287082", "359152", ResyncOutcome.NotFound)] // the first was used: only what comes next
    [InlineData("359152", "338314", ResyncOutcome.NotFound)] // one left out
    [InlineData("969429", "359152", ResyncOutcome.NotFound)] // in another order
    [InlineData("359152", "969429", ResyncOutcome.InStep)]
    [InlineData("35915", "969429", ResyncOutcome.NoPasscodes)]
    [InlineData("359152", "0969429", ResyncOutcome.NoPasscodes)]
    [InlineData("359152", "", ResyncOutcome.NoPasscodes)]
    public async Task Only_two_in_a_row_ahead_of_what_was_used_say_where_it_stands(
        string first, string second, ResyncOutcome outcome)
    {
        await using TestServer server = await StartAsync(DatabaseKind.Sqlite);

        Assert.Equal($"{outcome}", $"{await ResyncAsync(server, first, second)}");

        Assert.Equal(
            outcome is ResyncOutcome.InStep ? 4 : 2,
            await server.ReadAsync(db => db.Devices.Select(d => d.Counter).SingleAsync(TestServer.Stop)));
    }

    [Theory]
    [InlineData(9_998, true)]
    [InlineData(10_002, false)]
    public async Task A_token_that_has_drifted_far_is_found_within_the_window(int counter, bool isFound)
    {
        await using TestServer server = await StartAsync(DatabaseKind.Sqlite);
        using OtpSecret secret = OtpSecret.FromBytes("12345678901234567890"u8);
        string Code(int at) => Passcode.FromNumber(Hotp.Compute(secret, at), 6).Expose();

        ResyncDeviceResult result = await ResyncAsync(server, Code(counter), Code(counter + 1));

        Assert.Equal(isFound ? ResyncDeviceResult.InStep : ResyncDeviceResult.NotFound, result);
        Assert.Equal(isFound ? "allow" : "deny", await server.Host.LogInAsync("alice", Code(counter + 2)));
    }

    [Fact]
    public async Task An_app_and_what_is_not_there_have_no_counter()
    {
        await using TestServer server = await StartAsync(DatabaseKind.Sqlite);
        await server.EnrolAsync("bob");
        string app = await server.ReadAsync(
            db => db.Devices.Where(d => d.Kind == DeviceKind.Totp).Select(d => d.Key).SingleAsync(TestServer.Stop));

        Assert.Equal(ResyncDeviceResult.NoHardwareToken, await ResyncAsync(server, _codes[2], _codes[3], app));
        Assert.Equal(ResyncDeviceResult.UnknownDevice, await ResyncAsync(server, _codes[2], _codes[3], "SN2"));
    }

    private static async Task<TestServer> StartAsync(DatabaseKind kind)
    {
        TestServer server = await TestServer.StartAsync(kind);
        await server.AddUserAsync("alice");
        Assert.IsType<AddHotpDeviceResult.Added>(await server.Get<AddHotpDevice>().RunAsync(
            new("SN1", "3132333435363738393031323334353637383930") { User = "alice", Counter = 2 }, TestServer.Stop));
        return server;
    }

    private static Task<ResyncDeviceResult> ResyncAsync(
        TestServer server, string first, string second, string device = "SN1") =>
        server.Get<ResyncDevice>().RunAsync(device, first, second, TestServer.Stop);
}

/// <summary>As <see cref="ResyncDeviceResult"/>, which a public test cannot name.</summary>
public enum ResyncOutcome
{
    NotFound,
    InStep,
    NoPasscodes,
}
