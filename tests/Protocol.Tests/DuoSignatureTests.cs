using System.Security.Cryptography;
using System.Text;
using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_a_request_to_sign
{
    public static TheoryData<DuoSignatureVersion, DuoDigest, string> Signatures => new()
    {
        { DuoSignatureVersion.V1, DuoDigest.Sha1, "form" },
        { DuoSignatureVersion.V1, DuoDigest.Sha512, "form" },
        { DuoSignatureVersion.V2, DuoDigest.Sha1, "form" },
        { DuoSignatureVersion.V2, DuoDigest.Sha512, "form" },
        { DuoSignatureVersion.V4, DuoDigest.Sha512, "json" },
        { DuoSignatureVersion.V5, DuoDigest.Sha512, "json" },
    };

    [Theory]
    [MemberData(nameof(Signatures))]
    public void What_we_sign_we_verify(DuoSignatureVersion version, DuoDigest digest, string body)
    {
        DuoRequestText request = Request(body);
        byte[] hex = DuoRequests.Hex(version, digest, request);

        DuoSignatureMatch? match = DuoSignature.Verify(request, DuoRequests.SecretKey, hex, allowsUndated: true);

        Assert.Equal(new(version, digest), match);
        Assert.Equal(version is not DuoSignatureVersion.V1, match!.IsDated);
    }

    [Theory]
    [MemberData(nameof(Signatures))]
    public void One_bit_more_or_less_is_refused(DuoSignatureVersion version, DuoDigest digest, string body)
    {
        DuoRequestText request = Request(body);
        byte[] hex = DuoRequests.Hex(version, digest, request);
        for (int i = 0; i < hex.Length; i++)
        {
            byte[] changed = [.. hex];
            changed[i] = changed[i] == (byte)'0' ? (byte)'1' : (byte)'0';
            Assert.Null(DuoSignature.Verify(request, DuoRequests.SecretKey, changed, allowsUndated: true));
        }

        Assert.Null(DuoSignature.Verify(request, DuoRequests.SecretKey, hex.AsSpan(1), allowsUndated: true));
        Assert.Null(DuoSignature.Verify(request, DuoRequests.SecretKey, [], allowsUndated: true));
        byte[] capitals = [.. hex.Select(digit => (byte)char.ToUpperInvariant((char)digit))];
        Assert.Null(DuoSignature.Verify(request, DuoRequests.SecretKey, capitals, allowsUndated: true));
    }

    [Fact]
    public void An_undated_signature_is_refused_unless_the_caller_says_otherwise()
    {
        DuoRequestText dated = Request("form");
        DuoRequestText undated = DuoRequests.Read(DuoRequests.Parts(date: null));
        byte[] hex = DuoRequests.Hex(DuoSignatureVersion.V1, DuoDigest.Sha512, undated);

        Assert.Null(DuoSignature.Verify(undated, DuoRequests.SecretKey, hex));
        Assert.Null(DuoSignature.Verify(dated, DuoRequests.SecretKey, hex));
        Assert.False(DuoSignature.Verify(undated, DuoRequests.SecretKey, hex, allowsUndated: true)!.IsDated);
        Assert.False(DuoSignature.Verify(dated, DuoRequests.SecretKey, hex, allowsUndated: true)!.IsDated);
    }

    /// <summary>Who took a dated request off the wire cannot send it later by leaving its date away.</summary>
    [Theory]
    [InlineData(DuoSignatureVersion.V2, "form")]
    [InlineData(DuoSignatureVersion.V4, "json")]
    [InlineData(DuoSignatureVersion.V5, "json")]
    public void A_dated_one_is_not_undated_without_its_date(DuoSignatureVersion version, string body)
    {
        byte[] hex = DuoRequests.Hex(version, DuoDigest.Sha512, Request(body));

        Assert.Null(DuoSignature.Verify(Request(body, date: null), DuoRequests.SecretKey, hex, allowsUndated: true));
        Assert.Null(DuoSignature.Verify(Request(body, date: ""), DuoRequests.SecretKey, hex, allowsUndated: true));
    }

    /// <summary>The versions differ in the number of lines; a line end within one could make up for that.</summary>
    [Fact]
    public void No_line_can_hold_two()
    {
        Assert.Equal(DuoRequestProblem.Method, DuoRequests.Problem(DuoRequests.Parts(method: "POST\nX")));
        Assert.Equal(DuoRequestProblem.Host, DuoRequests.Problem(DuoRequests.Parts(host: "a\nb")));
        Assert.Equal(DuoRequestProblem.Target, DuoRequests.Problem(DuoRequests.Parts(target: "/a\nb")));
        Assert.Equal(DuoRequestProblem.Header, DuoRequests.Problem(DuoRequests.Parts(date: "a\nb")));
        Assert.Equal(DuoRequestProblem.Header,
            DuoRequests.Problem(DuoRequests.Parts(headers: [new("X-Duo-Date", "a\nb")])));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    public void A_key_that_is_hardly_one_verifies_and_signs_nothing(int length)
    {
        DuoRequestText request = Request("form");
        byte[] key = DuoRequests.SecretKey[..length];
        string text = $"{DuoRequests.Date}\nPOST\nduo.example.org\n/auth/v2/auth\nusername=alice";
        byte[] hex = Encoding.ASCII.GetBytes(
            Convert.ToHexStringLower(HMACSHA512.HashData(key, Encoding.ASCII.GetBytes(text))));

        Assert.Null(DuoSignature.Verify(request, key, hex));
        Assert.Throws<ArgumentException>(() =>
            DuoSignature.Sign(DuoSignatureVersion.V2, DuoDigest.Sha512, request, key));
    }

    [Theory]
    [InlineData(DuoSignatureVersion.None, DuoDigest.Sha512, "form")]
    [InlineData((DuoSignatureVersion)3, DuoDigest.Sha512, "form")]
    [InlineData(DuoSignatureVersion.V2, DuoDigest.None, "form")]
    [InlineData(DuoSignatureVersion.V2, DuoDigest.Sha512, "json")]
    [InlineData(DuoSignatureVersion.V4, DuoDigest.Sha512, "form")]
    [InlineData(DuoSignatureVersion.V5, DuoDigest.Sha1, "json")]
    public void What_would_not_be_verified_is_not_signed(DuoSignatureVersion version, DuoDigest digest, string body) =>
        Assert.Throws<ArgumentException>(() =>
            DuoSignature.Sign(version, digest, Request(body), DuoRequests.SecretKey));

    private static DuoRequestText Request(string body, string? date = DuoRequests.Date) => DuoRequests.Read(
        body == "form"
            ? DuoRequests.Parts(date: date)
            : DuoRequests.Parts(contentType: DuoRequests.Json, body: """{"username":"alice"}""", date: date));
}
