using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Phone;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Phone;

/// <summary>RFC 9449 section 4.3, and what docs/formats/phone-api.md adds: each rule, bent alone, is a refusal.</summary>
public sealed class DpopTests
{
    private static readonly PhoneRequest _show = new("GET", "/phone/v1/device");

    private static List<(string What, Action<JsonObject> Header, Action<JsonObject> Claims)> Bent
    {
        get
        {
            List<(string, Action<JsonObject>, Action<JsonObject>)> all = [];
            void Header(string what, Action<JsonObject> bend) => all.Add((what, bend, _ => { }));
            void Claims(string what, Action<JsonObject> bend) => all.Add((what, _ => { }, bend));
            Header("alg none", header => header["alg"] = "none");
            Header("alg of another case", header => header["alg"] = "es256");
            Header("alg ES384", header => header["alg"] = "ES384");
            Header("no alg", header => header.Remove("alg"));
            Header("typ JWT", header => header["typ"] = "JWT");
            Header("typ of another case", header => header["typ"] = "DPoP+JWT");
            Header("no typ", header => header.Remove("typ"));
            Header("no jwk", header => header.Remove("jwk"));
            Header("jwk null", header => header["jwk"] = null);
            Header("jwk with a private key", header => header["jwk"]!["d"] = header["jwk"]!["x"]!.DeepClone());
            Header("jwk of another kind", header => header["jwk"]!["kty"] = "OKP");
            Header("jwk of another curve", header => header["jwk"]!["crv"] = "P-384");
            Header("jwk off the curve", header => header["jwk"]!["y"] = header["jwk"]!["x"]!.DeepClone());
            Header("jwk padded", header => header["jwk"]!["x"] = $"{header["jwk"]!["x"]}=");
            Header("jwk without y", header => ((JsonObject)header["jwk"]!).Remove("y"));
            Header("crit", header => header["crit"] = new JsonArray("exp"));
            Header("kid", header => header["kid"] = "a");
            Claims("htm of another method", claims => claims["htm"] = "DELETE");
            Claims("htm in small letters", claims => claims["htm"] = "get");
            Claims("no htm", claims => claims.Remove("htm"));
            Claims("htu of another path", claims => claims["htu"] = "https://sallyport.example/phone/v1/pending");
            Claims("htu of another host", claims => claims["htu"] = "https://sallyport.example.com/phone/v1/device");
            Claims("htu of another port", claims => claims["htu"] = "https://sallyport.example:8443/phone/v1/device");
            Claims("htu of http", claims => claims["htu"] = "http://sallyport.example/phone/v1/device");
            Claims("htu with a query", claims => claims["htu"] = "https://sallyport.example/phone/v1/device?a");
            Claims("htu in capitals", claims => claims["htu"] = "https://sallyport.example/phone/v1/DEVICE");
            Claims("no htu", claims => claims.Remove("htu"));
            Claims("iat early", claims => claims["iat"] = (long)claims["iat"]! - 62);
            Claims("iat late", claims => claims["iat"] = (long)claims["iat"]! + 62);
            Claims("iat a text", claims => claims["iat"] = $"{claims["iat"]}");
            Claims("iat far too large", claims => claims["iat"] = long.MaxValue);
            Claims("iat below zero", claims => claims["iat"] = -1);
            Claims("no iat", claims => claims.Remove("iat"));
            Claims("jti short", claims => claims["jti"] = "123456789012345");
            Claims("jti long", claims => claims["jti"] = new string('a', 65));
            Claims("no jti", claims => claims.Remove("jti"));
            Claims("ath of another device", claims => claims["ath"] = PhoneRequest.HashOf("DP000000000000000000"));
            Claims("no ath", claims => claims.Remove("ath"));
            Claims("ath null", claims => claims["ath"] = null);
            Claims("exp", claims => claims["exp"] = claims["iat"]!.DeepClone());
            return all;
        }
    }

    [Fact]
    public async Task Bent_in_one_place_it_is_none()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        using TestPhone phone = await PhoneAsync(server);

        foreach ((string what, Action<JsonObject> header, Action<JsonObject> claims) in Bent)
        {
            PhoneReply reply = await phone.SendAsync(_show with { Header = header, Claims = claims });
            Assert.True(reply.Said == "401 invalid_dpop_proof", $"{what}: {reply.Said}");
            Assert.Equal("DPoP algs=\"ES256\"", reply.Headers.WwwAuthenticate.Single().ToString());
        }

        Assert.Equal("200", (await phone.SendAsync(_show)).Said);
    }

    [Fact]
    public async Task Signed_otherwise_than_by_the_device_it_is_none()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        using TestPhone phone = await PhoneAsync(server);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        byte[] publicKey = phone.Key.ExportSubjectPublicKeyInfo();

        foreach (PhoneRequest bent in (PhoneRequest[])[
            _show with { Signer = text => other.SignData(text, HashAlgorithmName.SHA256) },
            _show with
            {
                Signer = text => other.SignData(text, HashAlgorithmName.SHA256),
                Header = header => header["jwk"] = PhoneRequest.JwkOf(other),
            },
            _show with { Signer = _ => [] },
            _show with { Signer = _ => [], Header = header => header["alg"] = "none" },
            _show with { Signer = _ => new byte[64] },
            _show with { Signer = text => [.. phone.Key.SignData(text, HashAlgorithmName.SHA256), 0] },
            _show with
            {
                Signer = text => phone.Key.SignData(
                    text, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence),
            },
            _show with
            {
                Signer = text => HMACSHA256.HashData(publicKey, text), Header = header => header["alg"] = "HS256",
            },
            _show with
            {
                Signer = text => rsa.SignData(text, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
                Header = header => header["alg"] = "RS256",
            },
            _show with { Proofs = _ => [] },
            _show with { Proofs = proof => [proof, proof] },
            _show with { Proofs = proof => [$"{proof}, {proof}"] },
            _show with { Proofs = proof => [proof + "="] },
            _show with { Proofs = proof => [proof + "." + proof] },
            _show with { Proofs = proof => [proof[..proof.LastIndexOf('.')]] },
            _show with { Proofs = _ => ["..", ] },
            _show with { Proofs = _ => [new string('a', 5000)] }])
        {
            Assert.Equal("401 invalid_dpop_proof", (await phone.SendAsync(bent)).Said);
        }

        Assert.Equal("200", (await phone.SendAsync(_show)).Said);
    }

    [Fact]
    public async Task Its_members_are_there_once()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        using TestPhone phone = await PhoneAsync(server);
        long now = server.Now.ToUnixTimeSeconds();

        // JSON that JsonObject cannot have, signed all the same.
        string Proof(string more)
        {
            string header = Text(
                $$"""{"typ":"dpop+jwt","alg":"ES256","jwk":{{PhoneRequest.JwkOf(phone.Key).ToJsonString()}}}""");
            string claims = Text(
                $$"""{"jti":"{{Guid.CreateVersion7(server.Now)}}","htm":"GET","iat":{{now}},"""
                + """ "htu":"https://sallyport.example/phone/v1/device","""
                + $$""" "ath":"{{PhoneRequest.HashOf(phone.Device!)}}"{{more}}}""");
            byte[] signature = phone.Key.SignData(
                System.Text.Encoding.ASCII.GetBytes($"{header}.{claims}"), HashAlgorithmName.SHA256);
            return $"{header}.{claims}.{System.Buffers.Text.Base64Url.EncodeToString(signature)}";
        }

        Assert.Equal("200", (await phone.SendAsync(_show with { Proofs = _ => [Proof("")] })).Said);
        foreach (string more in (string[])[$",\"iat\":{now}", ",\"htm\":\"GET\"", ",\"more\":1", "}", ","])
        {
            PhoneReply reply = await phone.SendAsync(_show with { Proofs = _ => [Proof(more)] });
            Assert.Equal("401 invalid_dpop_proof", reply.Said);
        }
    }

    [Fact]
    public async Task It_is_good_a_minute_before_and_after_its_time_and_its_host_in_any_case()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        using TestPhone phone = await PhoneAsync(server);

        foreach (PhoneRequest good in (PhoneRequest[])[
            _show with { Claims = claims => claims["iat"] = (long)claims["iat"]! - 58 },
            _show with { Claims = claims => claims["iat"] = (long)claims["iat"]! + 60 },
            _show with { Claims = claims => claims["htu"] = "HTTPS://Sallyport.Example/phone/v1/device" },
            _show with { Query = "?a=b" },
            _show with { Authorization = [$"dpop {phone.Device}"] }])
        {
            Assert.Equal("200", (await phone.SendAsync(good)).Said);
        }
    }

    [Fact]
    public async Task It_is_taken_once_as_long_as_its_time_would_be_good()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        using TestPhone phone = await PhoneAsync(server);
        using TestPhone other = await PhoneAsync(server, "bob");
        long last = server.Now.ToUnixTimeSeconds() + 60;
        PhoneRequest request = _show with
        {
            Claims = claims =>
            {
                claims["jti"] = "0123456789abcdef";
                claims["iat"] = last;
            },
        };

        Assert.Equal("200", (await phone.SendAsync(request)).Said);
        Assert.Equal("200", (await other.SendAsync(request)).Said); // its own
        for (int i = 0; i < 8; i++)
        {
            Assert.Equal("401 invalid_dpop_proof", (await phone.SendAsync(request)).Said);
            server.Clock.Advance(TimeSpan.FromSeconds(17));
            Assert.Equal("200", (await phone.SendAsync(_show)).Said);
        }
    }

    [Fact]
    public async Task Only_so_many_are_remembered_of_a_device_and_then_it_waits()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        SpentProofs spent = server.Get<SpentProofs>();
        DeviceId one = new(Guid.CreateVersion7(server.Now));
        DeviceId other = new(Guid.CreateVersion7(server.Now));

        Assert.All(Enumerable.Range(0, SpentProofs.MostPerDevice), i => Assert.True(spent.TrySpend(one, $"{i}")));
        Assert.False(spent.TrySpend(one, "more"));
        Assert.True(spent.TrySpend(other, "more"));

        server.Clock.Advance(SpentProofs.Kept + TimeSpan.FromTicks(1));
        Assert.False(spent.TrySpend(one, "0"));
        Assert.True(spent.TrySpend(one, "more"));
        server.Clock.Advance(SpentProofs.Kept + TimeSpan.FromTicks(1));
        Assert.True(spent.TrySpend(one, "0"));
        Assert.False(spent.TrySpend(one, "more"));
        server.Clock.Advance((3 * SpentProofs.Kept) + TimeSpan.FromTicks(1));
        Assert.True(spent.TrySpend(one, "more"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Who_names_no_device_that_is_there_is_told_to_activate_again(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        using TestPhone phone = await PhoneAsync(server);
        TestUser bob = await server.EnrolAsync("bob");
        string app = (await server.Get<ListDevices>().RunAsync("bob", TestServer.Stop))!.Single().Key;
        string device = phone.Device!;

        foreach (string[] authorization in (string[][])[
            [], [""], ["DPoP"], ["DPoP "], [$"Bearer {device}"], [$"DPoP  {device}"], [$"DPoP {device} "[..^2]],
            [$"DPoP {device}A"], ["DPoP DP000000000000000000"], [$"DPoP {device.ToLowerInvariant()}"], [$"DPoP {app}"],
            [$"DPoP {bob.Key}"], [$"DPoP {device}", $"DPoP {device}"]])
        {
            PhoneReply reply = await phone.SendAsync(_show with { Authorization = authorization });
            Assert.True(reply.Said == "401 invalid_token", $"{string.Join('|', authorization)}: {reply.Said}");
        }

        Assert.Equal("200", (await phone.SendAsync(_show)).Said);
        Assert.True(await server.Get<RemoveDevice>().RunAsync(device, TestServer.Stop));
        Assert.Equal("401 invalid_token", (await phone.SendAsync(_show)).Said);
    }

    private static async Task<TestPhone> PhoneAsync(TestServer server, string user = "alice")
    {
        await server.AddUserAsync(user);
        return await TestPhone.ActivatedAsync(server, user);
    }

    private static string Text(string json) =>
        System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(json));
}
