using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Server.Devices;
using Sallyport.Server.Hosting;
using Sallyport.Server.Tests.Commands;
using Sallyport.Server.Tests.Hosting;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Phone;

/// <summary>The whole server over TLS and the commands beside it, as a phone and its administrator meet them.</summary>
public sealed class HostedPhoneTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task The_code_that_a_command_prints_makes_a_phone_that_a_command_lists_and_removes(DatabaseKind kind)
    {
        await using Installation installation = await Installation.SetUpAsync(kind);
        await using HostedServer server = await ServeAsync(installation);
        using HttpClient http = Http(server);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        (await installation.RunAsync("user", "add", "alice")).Done();
        Said said = (await installation.RunAsync("device", "add-phone", "alice")).Done();
        string code = said.Value("Code, shown only now");
        Assert.EndsWith(
            $"\nsallyport phone activate --ca=sallyport-ca.pem auth.example.com {code}\n",
            said.Output,
            StringComparison.Ordinal);

        PhoneReply activated = await SendAsync(server, http, TestPhone.Activation(code, "terminal"), key, null);
        Assert.Equal("201", activated.Said);
        Assert.Equal("auth.example.com", activated.Text("server"));
        string device = activated.Text("device")!;
        PhoneRequest show = new("GET", "/phone/v1/device");
        Assert.Equal("my phone", (await SendAsync(server, http, show, key, device)).Text("name"));
        PhoneReply nothing = await SendAsync(server, http, new("GET", "/phone/v1/"), key, device);
        Assert.Equal("404 invalid_request", nothing.Said);
        Assert.Contains(
            $"{device}  phone, terminal  my phone  -  ",
            (await installation.RunAsync("device", "list", "alice")).Done().Output,
            StringComparison.Ordinal);

        (await installation.RunAsync("device", "remove", device)).Done();
        Assert.Equal("401 invalid_token", (await SendAsync(server, http, show, key, device)).Said);
    }

    [Fact]
    public async Task A_stream_ends_with_the_server()
    {
        await using Installation installation = await Installation.SetUpAsync(DatabaseKind.Sqlite);
        await using HostedServer server = await ServeAsync(installation);
        using HttpClient http = Http(server);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string device = await ActivateAsync(installation, server, http, key);
        using HttpRequestMessage request = Sign(server, new("GET", "/phone/v1/events"), key, device);
        using HttpResponseMessage events = await http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, Stop);
        using StreamReader reader = new(await events.Content.ReadAsStreamAsync(Stop));
        Assert.Equal("event: pending", await reader.ReadLineAsync(Stop).AsTask().WaitAsync(_patience, Stop));
        long begun = TimeProvider.System.GetTimestamp();
        await server.StopAsync();

        Assert.Equal("data: {\"requests\":[]}\n\n", await reader.ReadToEndAsync(Stop));
        Assert.InRange(TimeProvider.System.GetElapsedTime(begun).TotalSeconds, 0, 5); // and not when it is thrown out
    }

    [Fact]
    public async Task A_stream_is_no_idle_connection_that_goes_for_others()
    {
        await using Installation installation = await Installation.SetUpAsync(DatabaseKind.Sqlite);
        await using HostedServer server = await ServeAsync(installation);
        using HttpClient http = Http(server);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string device = await ActivateAsync(installation, server, http, key);
        using HttpRequestMessage request = Sign(server, new("GET", "/phone/v1/events"), key, device);
        using HttpResponseMessage events = await http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, Stop);
        using StreamReader reader = new(await events.Content.ReadAsStreamAsync(Stop));
        Assert.Equal("event: pending", await reader.ReadLineAsync(Stop).AsTask().WaitAsync(_patience, Stop));

        List<TcpClient> flood = [];
        for (int i = 0; i < ConnectionLimit.PerSource + 8; i++)
        {
            flood.Add(new TcpClient());
            await flood[i].ConnectAsync(IPAddress.Loopback, server.Port, Stop);
        }

        while (flood.Count(client => client.Client.Poll(0, SelectMode.SelectRead)) < 8)
        {
            await Task.Delay(20, Stop); // so many are closed for those that came later
        }

        PhoneReply removed = await SendAsync(server, http, new("DELETE", "/phone/v1/device"), key, device);
        Assert.Equal("204", removed.Said);
        Assert.Equal("data: {\"requests\":[]}\n\n", await reader.ReadToEndAsync(Stop));
        flood.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task With_PostgreSQL_away_each_request_is_503_and_then_it_is_as_before()
    {
        using PostgresOutage database = await PostgresOutage.CreateAsync();
        await using HostedServer server = await HostedServer.StartAsync(
            settings => settings with { Postgres = database.Connection });
        using HttpClient http = Http(server);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await server.Services.GetRequiredService<AddUser>().RunAsync(new("alice"), Stop);
        AddActivation add = server.Services.GetRequiredService<AddActivation>();
        string code = Assert.IsType<AddActivationResult.Added>(await add.RunAsync(new("alice"), Stop)).Code.Expose();

        await database.LeaveAsync();
        List<string> said = [];
        for (int i = 0; i < 3; i++)
        {
            said.Add((await SendAsync(server, http, TestPhone.Activation(code), key, null)).Said);
            said.Add((await SendAsync(
                server, http, new("GET", "/phone/v1/events"), key, "DP000000000000000000")).Said);
        }

        database.Return();
        Assert.All(said, one => Assert.Equal("503 server_error", one));
        Assert.Equal("201", (await SendAsync(server, http, TestPhone.Activation(code), key, null)).Said);
    }

    private static async Task<string> ActivateAsync(
        Installation installation, HostedServer server, HttpClient http, ECDsa key)
    {
        (await installation.RunAsync("user", "add", "alice")).Done();
        Said said = (await installation.RunAsync("device", "add-phone", "alice")).Done();
        PhoneReply activated = await SendAsync(
            server, http, TestPhone.Activation(said.Value("Code, shown only now")), key, null);
        return activated.Text("device")!;
    }

    private static Task<HostedServer> ServeAsync(Installation installation)
    {
        ServerSettings kept = ServerSettings.Parse(installation.Folder, SettingsFile.Read(installation.Folder));
        return HostedServer.StartAsync(
            _ => kept with { Listen = [new IPEndPoint(IPAddress.Loopback, 0)] }, borrowed: true);
    }

    private static HttpClient Http(HostedServer server) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, stop) =>
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, server.Port, stop);
            return new NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = new() { CertificateChainPolicy = server.Trust() },
    });

    private static HttpRequestMessage Sign(HostedServer server, PhoneRequest request, ECDsa key, string? device) =>
        request.Sign(
            new Uri($"https://{server.Settings.PublicHost}"),
            server.Settings.PublicHost.ToString(),
            key,
            device,
            TimeProvider.System.GetUtcNow());

    private static async Task<PhoneReply> SendAsync(
        HostedServer server, HttpClient http, PhoneRequest request, ECDsa key, string? device)
    {
        using HttpRequestMessage message = Sign(server, request, key, device);
        using HttpResponseMessage response = await http.SendAsync(message, Stop);
        return await PhoneReply.OfAsync(response);
    }
}
