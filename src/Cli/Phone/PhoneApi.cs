using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Sallyport.Cli.Phone;

/// <summary>
/// docs/formats/phone-api.md, from the phone's side. No proxy, no redirect, no cookie: one server, by its certificate,
/// and no environment variable that says otherwise.
/// </summary>
internal sealed class PhoneApi : IDisposable
{
    /// <summary>A host's words may be 20,000 characters of six bytes each, and many hosts may wait.</summary>
    public const int LargestAnswer = 1 << 22;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly string _server;
    private readonly TimeProvider _time;
    private readonly ServerTrust _trust;
    private readonly HttpClient _http;

    /// <param name="authorities">
    /// The certificates (PEM) that the server's must come from; null: what this machine trusts.
    /// </param>
    /// <exception cref="PhoneException">The certificates cannot be read.</exception>
    public PhoneApi(string server, string? authorities, TimeProvider time)
    {
        (_server, _time, _trust) = (server, time, new ServerTrust(server, authorities));
        SocketsHttpHandler connection = new()
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = Patience,
            PooledConnectionLifetime = TimeSpan.Zero, // on a connection that has aged, it would send a request twice
            SslOptions = _trust.Options(),
        };
        _http = new HttpClient(connection)
        {
            MaxResponseContentBufferSize = LargestAnswer,
            Timeout = Timeout.InfiniteTimeSpan, // a stream is longer; each request has its own
        };
    }

    /// <summary>The body of an answer with the status that was expected.</summary>
    /// <param name="path">Below /phone/v1/.</param>
    /// <param name="device">Null: the activation, which has none yet.</param>
    /// <exception cref="PhoneException">There is no such answer.</exception>
    public async Task<byte[]> SendAsync(
        HttpMethod method, string path, byte[]? body, ECDsa key, string? device, HttpStatusCode expected,
        CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        using HttpRequestMessage request = Request(method, path, key, device);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        using HttpResponseMessage response =
            await TryAsync(() => _http.SendAsync(request, patience.Token), cancellationToken);
        byte[] answer = await TryAsync(() => response.Content.ReadAsByteArrayAsync(patience.Token), cancellationToken);
        return response.StatusCode == expected
            ? answer
            : throw Refusals.Of(_server, response, answer, _time.GetUtcNow());
    }

    /// <summary>What waits, and then again whenever that has changed.</summary>
    /// <exception cref="PhoneException">There is no stream.</exception>
    public async Task<EventStream> EventsAsync(PhoneIdentity phone, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        using HttpRequestMessage request = Request(HttpMethod.Get, "events", phone.Key, phone.Device);
        HttpResponseMessage response = await TryAsync(
            () => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token),
            cancellationToken);
        try
        {
            if (response.StatusCode is HttpStatusCode.OK)
            {
                Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
                return new EventStream(response, stream, _time);
            }

            byte[] answer = await TryAsync(
                () => response.Content.ReadAsByteArrayAsync(patience.Token), cancellationToken);
            throw Refusals.Of(_server, response, answer, _time.GetUtcNow());
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(HttpMethod method, string path, ECDsa key, string? device)
    {
        string url = $"https://{_server}/phone/v1/{path}";
        HttpRequestMessage request = new(method, url)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Add("DPoP", DpopProof.Make(key, method.Method, url, device, _time.GetUtcNow()));
        request.Headers.Authorization = device is null ? null : new AuthenticationHeaderValue("DPoP", device);
        return request;
    }

    private async Task<T> TryAsync<T>(Func<Task<T>> attempt, CancellationToken cancellationToken)
    {
        try
        {
            return await attempt();
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new PhoneException(
                $"{_server} does not answer. Is the network there, and does the server run?", late) { Passes = true };
        }
        catch (HttpRequestException failed)
        {
            throw Refusals.Of(_server, failed, _trust.Problem);
        }
    }
}
