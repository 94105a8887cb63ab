using System.Text;
using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>Requests that are right unless a test says otherwise.</summary>
internal static class DuoRequests
{
    public const string IntegrationKey = "DIABCDEFGHIJKLMNOPQR";
    public const string Date = "Sun, 22 Nov 2026 17:18:26 +0000";
    public const string Form = "application/x-www-form-urlencoded";
    public const string Json = "application/json";

    public static readonly byte[] SecretKey = "0123456789abcdefghijklmnopqrstuvwxyzABCD"u8.ToArray();

    public static DuoRequestParts Parts(
        string method = "POST",
        string host = "duo.example.org",
        string target = "/auth/v2/auth",
        string? contentType = Form,
        string body = "username=alice",
        string? date = Date,
        IReadOnlyList<KeyValuePair<string, string>>? headers = null) => new()
        {
            Method = method,
            Host = host,
            Target = target,
            ContentType = contentType,
            Body = Encoding.UTF8.GetBytes(body),
            Date = date,
            XDuoHeaders = headers ?? [],
        };

    public static DuoRequestText Read(DuoRequestParts parts)
    {
        bool read = DuoRequestText.TryParse(parts, out DuoRequestText? request, out DuoRequestProblem problem, out _);
        Assert.Equal(DuoRequestProblem.None, problem);
        Assert.True(read);
        return request!;
    }

    public static DuoRequestProblem Problem(DuoRequestParts parts)
    {
        bool read = DuoRequestText.TryParse(parts, out DuoRequestText? request, out DuoRequestProblem problem, out _);
        Assert.Equal(read, request is not null);
        Assert.Equal(read, problem is DuoRequestProblem.None);
        return problem;
    }

    public static byte[] Hex(DuoSignatureVersion version, DuoDigest digest, DuoRequestText request) =>
        Encoding.ASCII.GetBytes(DuoSignature.Sign(version, digest, request, SecretKey));
}
