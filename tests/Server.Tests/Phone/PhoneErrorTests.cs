using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Server.Phone;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Web;

namespace Sallyport.Server.Tests.Phone;

/// <summary>What is refused, whoever sends it, and in which words.</summary>
public sealed class PhoneErrorTests
{
    private const string Id = "00000000-0000-4000-8000-000000000000";

    [Fact]
    public async Task What_is_not_exactly_the_body_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        using TestPhone phone = await PhoneAsync(server);

        foreach (string body in (string[])[
            "", "{", "null", "[]", "1", "\"name\"", "{}", """{"name":null}""", """{"name":1}""", """{"name":["a"]}""",
            """{"Name":"a"}""", """{"name":"a","name":"a"}""", """{"name":"a","more":1}""", """{"name":"a"} {}""",
            """{"name":"a",}""", """{"name":"a"/**/}""", "\ufeff{\"name\":\"a\"}", """{"name":"\ud800"}""",
            """{"name":"a\u0000"}""", """{"name":""}"""])
        {
            PhoneReply reply = await phone.SendAsync("PATCH", "device", body);
            Assert.True(reply.Said == "400 invalid_request", $"{body}: {reply.Said}");
        }

        PhoneRequest invalid = new("PATCH", "/phone/v1/device") { Bytes = [.. "{\"name\":\"a"u8, 0xff, .. "\"}"u8] };
        Assert.Equal("400 invalid_request", (await phone.SendAsync(invalid)).Said);
        foreach (string body in (string[])[
            $$"""{"transaction":"{{Id}}"}""", """{"approval":""}""", $$"""{"transaction":"{{Id}}","approval":1}""",
            """{"transaction":"a\u0000","approval":""}""", """{"transaction":"","approval":""}""",
            $$"""{"transaction":"{{Id.Replace('0', 'A')}}","approval":""}"""])
        {
            PhoneReply reply = await phone.SendAsync("POST", "answer", body);
            Assert.True(reply.Said == "400 invalid_request", $"{body}: {reply.Said}");
        }

        Assert.Equal("204", (await phone.SendAsync("PATCH", "device", """{"name":"a"}""")).Said);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=iso-8859-1")]
    [InlineData("application/merge-patch+json")]
    [InlineData("")]
    public async Task What_is_not_json_is_415(string type)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        using TestPhone phone = await PhoneAsync(server);
        PhoneRequest request = new("PATCH", "/phone/v1/device", """{"name":"a"}""");

        Assert.Equal("415 invalid_request", (await phone.SendAsync(request with { ContentType = type })).Said);
        PhoneReply good = await phone.SendAsync(request with { ContentType = "Application/JSON; charset=UTF-8" });
        Assert.Equal("204", good.Said);
    }

    [Theory]
    [InlineData(PhoneRequests.MostBytes, "204")]
    [InlineData(PhoneRequests.MostBytes + 1, "413 invalid_request")]
    [InlineData(10 * 1024 * 1024, "413 invalid_request")]
    public async Task A_body_is_so_long_at_most(int length, string said)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        using TestPhone phone = await PhoneAsync(server);
        string body = """{"name":"a"}""".PadRight(length);

        Assert.Equal(said, (await phone.SendAsync("PATCH", "device", body)).Said);
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("GET", "nothing")]
    [InlineData("GET", "device/")]
    [InlineData("GET", "Device")]
    [InlineData("POST", "activate/more")]
    public async Task No_such_path_is_404_in_the_phones_words(string method, string path)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        using TestPhone phone = await PhoneAsync(server);

        PhoneReply reply = await phone.SendAsync(method, path);

        Assert.Equal("404 invalid_request", reply.Said);
        Assert.Equal("application/json", reply.Content.ContentType!.ToString());
        Assert.True(reply.Headers.CacheControl!.NoStore);
        Assert.Equal(["error", "error_description"], reply.Json.EnumerateObject().Select(member => member.Name));
    }

    [Theory]
    [InlineData("GET", "activate", "POST")]
    [InlineData("POST", "pending", "GET")]
    [InlineData("DELETE", "events", "GET")]
    [InlineData("PUT", "answer", "POST")]
    [InlineData("GET", "subscription", "DELETE, PUT")]
    [InlineData("PUT", "device", "DELETE, GET, PATCH")]
    public async Task No_such_method_is_405_with_those_that_there_are(string method, string path, string allowed)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        using TestPhone phone = await PhoneAsync(server);

        PhoneReply reply = await phone.SendAsync(method, path);

        Assert.Equal("405 invalid_request", reply.Said);
        Assert.Equal(allowed, string.Join(", ", reply.Content.Allow));
    }

    [Fact]
    public async Task Who_sends_too_many_waits_whatever_he_sends()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        using TestPhone phone = new(server);
        long begun = TimeProvider.System.GetTimestamp();
        PhoneRequest guess = TestPhone.Activation("ABCD-EFGH-JKLM-NPQR-STUV");
        int answered = 0;
        PhoneReply reply = await phone.SendAsync(guess);
        while (reply.Said == "400 invalid_code" && answered++ < 10_000)
        {
            reply = await phone.SendAsync(guess);
        }

        double seconds = TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
        Assert.Equal("429 slow_down", reply.Said);
        Assert.Equal(TimeSpan.FromSeconds(1), reply.Headers.RetryAfter!.Delta);
        Assert.InRange(answered, SourceRate.AtOnce - 1, SourceRate.AtOnce + (SourceRate.PerSecond * (seconds + 1)));
        reply = await phone.SendAsync("GET", "nothing");
        while (reply.Said == "404 invalid_request" && answered++ < 10_000)
        {
            reply = await phone.SendAsync("GET", "nothing"); // a second has passed since, and with it his pause
        }

        Assert.Equal("429 slow_down", reply.Said);
        await Task.Delay(1500, TestServer.Stop);
        Assert.Equal("400 invalid_code", (await phone.SendAsync(guess)).Said);
    }

    [Fact]
    public async Task A_body_that_does_not_end_is_408_and_the_connection_is_closed()
    {
        await using TestServer server = await TestServer.StartAsync(
            DatabaseKind.Sqlite,
            replace: services => services.Configure<KestrelServerOptions>(
                kestrel => kestrel.Limits.MinRequestBodyDataRate = null));
        using TcpClient slow = new();
        await slow.ConnectAsync(IPAddress.Loopback, server.Address.Port, TestServer.Stop);
        await slow.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                $"POST /phone/v1/activate HTTP/1.1\r\nHost: {server.Address.Authority}\r\n")
            + "Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{"),
            TestServer.Stop);
        using StreamReader reader = new(slow.GetStream(), Encoding.ASCII);
        Task<string> answer = reader.ReadToEndAsync(TestServer.Stop);
        while (!answer.IsCompleted)
        {
            server.Clock.Advance(RequestBody.Patience);
            await Task.WhenAny(answer, Task.Delay(50, TestServer.Stop));
        }

        Assert.StartsWith("HTTP/1.1 408 ", await answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", await answer, StringComparison.Ordinal);
    }

    private static async Task<TestPhone> PhoneAsync(TestServer server)
    {
        await server.AddUserAsync("alice");
        return await TestPhone.ActivatedAsync(server, "alice");
    }
}
