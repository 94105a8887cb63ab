using System.Net;
using System.Net.Sockets;
using Sallyport.EndToEnd.Dev;

namespace Sallyport.EndToEnd.Phone;

/// <summary>Whom the phone believes that it is the server: nobody but who has a certificate for that name.</summary>
public sealed class Given_a_server_that_the_phone_asks
{
    [Fact]
    public async Task Of_a_CA_that_the_machine_does_not_trust_it_is_refused_whatever_the_environment_says()
    {
        await using PhoneHolder alice = new();
        string folder = Directory.CreateDirectory(Path.Combine(alice.Home, "certs")).FullName;
        File.Copy(alice.CaFile, Path.Combine(folder, "ca.pem"));
        Dictionary<string, string?> environment = new() { ["SSL_CERT_FILE"] = alice.CaFile, ["SSL_CERT_DIR"] = folder };

        Command refused = await alice.RunAsync(environment, "activate", alice.Server.Address, PhoneHolder.Code);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("activate with --ca=FILE", refused.Error, StringComparison.Ordinal);
        Assert.Empty(alice.Server.Calls);
        Assert.False(File.Exists(alice.KeyFile));
    }

    [Fact]
    public async Task Of_another_CA_than_was_given_it_is_refused()
    {
        await using PhoneHolder alice = new();
        using TestAuthority other = new();
        File.WriteAllText(alice.CaFile, other.Pem);

        await RefusedAsync(alice, "not from the CA that was given");
    }

    [Fact]
    public async Task Of_another_name_it_is_refused()
    {
        await using PhoneHolder alice = new("other.example.org");

        await RefusedAsync(alice, "is not for localhost");
    }

    [Fact]
    public async Task Of_last_week_it_is_refused()
    {
        await using PhoneHolder alice = new(validForDays: -1);

        await RefusedAsync(alice, "set this machine's clock");
    }

    [Fact]
    public async Task That_changes_its_CA_later_is_refused()
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of());
        using TestAuthority other = new();
        string file = File.ReadAllText(alice.KeyFile);
        File.WriteAllText(alice.KeyFile, file.Replace(
            JsonText(alice.Authority.Pem), JsonText(other.Pem), StringComparison.Ordinal));

        Command refused = await alice.RunAsync("list");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("activate again with --ca", refused.Error, StringComparison.Ordinal);
        Assert.Single(alice.Server.Calls);
    }

    [Fact]
    public async Task Is_asked_without_the_proxy_of_the_environment()
    {
        await using PhoneHolder alice = new();
        alice.Server.Answer = _ => alice.Server.Activated();
        Dictionary<string, string?> environment = new()
        {
            ["https_proxy"] = "http://127.0.0.1:9",
            ["HTTPS_PROXY"] = "http://127.0.0.1:9",
            ["ALL_PROXY"] = "http://127.0.0.1:9",
        };

        (await alice.RunAsync(
            environment, "activate", "--ca", alice.CaFile, alice.Server.Address, PhoneHolder.Code)).Succeeded();
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task That_sends_elsewhere_is_not_followed(int status)
    {
        await using PhoneHolder alice = new();
        await using PhoneHolder elsewhere = new();
        await alice.BeginAsync(Pending.Of());
        alice.Server.Answer = _ => new PhoneReply(
            status, "", $"Location: https://{elsewhere.Server.Address}/phone/v1/pending\r\n");

        Command refused = await alice.RunAsync("list");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("which is not followed", refused.Error, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Server.Calls);
        Assert.Empty(elsewhere.Server.Problems);
    }

    [Fact]
    public async Task That_is_away_is_told_so()
    {
        await using PhoneHolder alice = new();
        using TcpListener nobody = new(IPAddress.Loopback, 0);
        nobody.Start();
        string address = $"localhost:{((IPEndPoint)nobody.LocalEndpoint).Port}";
        nobody.Stop();

        Command refused = await alice.RunAsync("activate", "--ca", alice.CaFile, address, PhoneHolder.Code);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"nothing answers at {address}", refused.Error, StringComparison.Ordinal);
    }

    private static async Task RefusedAsync(PhoneHolder alice, string words)
    {
        Command refused = await alice.ActivateAsync();

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(words, refused.Error, StringComparison.Ordinal);
        Assert.Empty(alice.Server.Calls);
        Assert.False(File.Exists(alice.KeyFile));
    }

    // As it stands in a file of JSON.
    private static string JsonText(string pem) => System.Text.Json.JsonSerializer.Serialize(pem)[1..^1];
}
