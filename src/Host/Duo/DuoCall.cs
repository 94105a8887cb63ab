using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Protocol.Duo;

namespace Sallyport.Host.Duo;

/// <summary>A request, and how long and how often it may be tried.</summary>
internal sealed record DuoCall(string Path, DuoParameters Parameters)
{
    public bool IsGet { get; init; }

    /// <summary>How often it is sent, where connections break.</summary>
    public int MostTries { get; init; } = 3;

    /// <summary>A person is waited for: the server may hold the answer back, and be away for a moment.</summary>
    public bool IsPoll { get; init; }

    /// <summary>The server decides it once, and knows it by its signature.</summary>
    public bool IsDecidedOnce { get; init; }

    /// <summary>Not worth a wait.</summary>
    public bool IsBrief { get; init; }

    /// <summary>How long no answer need begin; null: as https_timeout says.</summary>
    public TimeSpan? Silence { get; init; }

    /// <summary>
    /// By <see cref="Environment.TickCount64"/>: nobody waits longer, however often it is sent again. Null: only each
    /// silence of it has an end.
    /// </summary>
    public long? Until { get; init; }

    /// <summary>
    /// The bytes of the request, dated and signed (docs/formats/duo-signature.md, version 2 with SHA-512), its headers
    /// in the order in which Duo's own clients send them.
    /// </summary>
    /// <exception cref="DuoException">It cannot be signed: a refusal.</exception>
    public byte[] ToBytes(DuoSettings settings, string userAgent, DateTimeOffset now)
    {
        string date = now.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture);
        string host = settings.Place.ToLowerInvariant(); // as it is signed, so that no server need wonder
        string method = IsGet ? "GET" : "POST";
        string parameters = Parameters.Canonical();
        string target = IsGet ? $"{Path}?{parameters}" : Path; // with a question mark, as theirs, in any case
        string body = IsGet ? "" : parameters;
        string bodyHeaders = IsGet
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture,
                $"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\n");
        DuoRequestParts parts = new()
        {
            Method = method,
            Host = host,
            Target = target,
            ContentType = "application/x-www-form-urlencoded",
            Body = Encoding.ASCII.GetBytes(body),
            XDuoHeaders = [new("X-Duo-Date", date)],
        };
        return Encoding.Latin1.GetBytes(
            $"{method} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {userAgent}\r\nX-Duo-Date: {date}\r\n"
            + $"Authorization: {Authorization(settings, parts)}\r\n{bodyHeaders}\r\n{body}");
    }

    private static string Authorization(DuoSettings settings, DuoRequestParts parts)
    {
        byte[] skey = Encoding.Latin1.GetBytes(settings.SecretKey);
        try
        {
            return DuoRequestText.TryParse(parts, out DuoRequestText? text, out DuoRequestProblem problem, out _)
                ? DuoAuthorization.Format(
                    settings.IntegrationKey,
                    DuoSignature.Sign(DuoSignatureVersion.V2, DuoDigest.Sha512, text, skey))
                : throw new DuoException(DuoFailure.Refused, $"a request that cannot be signed: {problem}");
        }
        catch (ArgumentException wrong)
        {
            throw new DuoException(DuoFailure.Refused, "Invalid ikey or skey", wrong);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(skey);
        }
    }
}
