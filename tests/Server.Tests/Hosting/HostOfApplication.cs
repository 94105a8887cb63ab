using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Applications;
using Sallyport.Server.Devices;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Hosting;

/// <summary>A host that has an application's keys and asks a whole server over TLS.</summary>
internal sealed record HostOfApplication(HostedServer Server, string Ikey, string Skey)
{
    private static int _requests;

    /// <summary>Of a new application; alice has the token of RFC 4226, appendix D.</summary>
    public static async Task<HostOfApplication> WithTokenAsync(HostedServer server)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        await using ServiceProvider services = Sallyport.Server.Commands.Administration.Services(new(), server.Settings);
        var added = Assert.IsType<AddApplicationResult.Added>(
            await services.GetRequiredService<AddApplication>().RunAsync(new("bastion"), stop));
        await services.GetRequiredService<AddUser>().RunAsync(new("alice"), stop);
        Assert.IsType<AddHotpDeviceResult.Added>(await services.GetRequiredService<AddHotpDevice>().RunAsync(
            new("1", "3132333435363738393031323334353637383930") { User = "alice" }, stop));
        return new(server, added.IntegrationKey, added.SecretKey.Expose());
    }

    /// <summary>allow, auth or deny, or null where the request was refused.</summary>
    public Task<string?> PreauthAsync(string user) => PostAsync("/auth/v2/preauth", ("username", user));

    public Task<string?> PromptAsync(string user, string typed) =>
        PostAsync("/auth/v2/auth", ("username", user), ("factor", "prompt"), ("prompt", typed));

    public Task<string?> PasscodeAsync(string user, string typed) =>
        PostAsync("/auth/v2/auth", ("username", user), ("factor", "passcode"), ("passcode", typed));

    public async Task<string?> PostAsync(string path, params (string Name, string Value)[] parameters)
    {
        // A request that is signed twice in a second is the same one, sent again.
        string hostName = $"web{Interlocked.Increment(ref _requests)}";
        string body = DuoParameters.Of([.. parameters, ("hostname", hostName)]).Canonical();
        string date = TimeProvider.System.GetUtcNow().ToString("r", CultureInfo.InvariantCulture);
        DuoRequestParts parts = new()
        {
            Method = "POST",
            Host = "auth.example.com",
            Target = path,
            ContentType = "application/x-www-form-urlencoded",
            Body = Encoding.ASCII.GetBytes(body),
            XDuoHeaders = [new("X-Duo-Date", date)],
        };
        Assert.True(DuoRequestText.TryParse(parts, out DuoRequestText? text, out _, out _));
        string authorization = DuoAuthorization.Format(Ikey, DuoSignature.Sign(
            DuoSignatureVersion.V2, DuoDigest.Sha512, text, Encoding.ASCII.GetBytes(Skey)));
        string answer = await Server.AskAsync(
            $"POST {path} HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\nX-Duo-Date: {date}\r\n"
            + $"Authorization: {authorization}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n{body}");
        JsonElement json = JsonDocument.Parse(answer[answer.IndexOf('{', StringComparison.Ordinal)..]).RootElement;
        return json.TryGetProperty("response", out JsonElement response) ? response.GetProperty("result").GetString() : null;
    }
}
