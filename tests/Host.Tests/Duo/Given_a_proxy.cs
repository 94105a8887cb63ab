using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

public sealed class Given_a_proxy : IAsyncDisposable
{
    private readonly FakeDuoService _service = new();
    private readonly FakeProxy _proxy;
    private readonly DuoHost _host;

    public Given_a_proxy()
    {
        _proxy = new FakeProxy(_service.Port);
        _host = new DuoHost(_service);
        _host.Settings = _host.Settings with
        {
            Proxy = new DuoProxy("127.0.0.1", _proxy.Port, "ada:p%40ss"),
            HttpsTimeout = TimeSpan.FromSeconds(1),
        };
    }

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_service.Faults);
        _host.Dispose();
        await _service.DisposeAsync();
        await _proxy.DisposeAsync();
    }

    [Theory]
    [InlineData("HTTP/1.0 200 Connection established\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nVia: squid\r\nX: y\r\n\r\n")]
    [InlineData("HTTP/1.1 200\r\n\r\n")]
    public void It_is_gone_through(string answer)
    {
        _proxy.Answer = answer;

        Assert.Equal(DuoResult.Auth, _host.Preauth().Result);
        Assert.Equal(DuoResult.Auth, _host.Preauth().Result);

        Assert.Equal(
            $"CONNECT localhost:{_service.Port} HTTP/1.0\r\nUser-Agent: sallyport-agent/0 (linux) sallyport\r\n"
                + "Proxy-Authorization: Basic YWRhOnAlNDBzcw==\r\n\r\n",
            Assert.Single(_proxy.Requests));
    }

    [Fact]
    public void The_name_of_the_server_is_the_proxys_to_look_up()
    {
        _host.Settings = _host.Settings with { Host = "nowhere.invalid", NoVerify = true };
        _service.HostName = "nowhere.invalid";

        Assert.Equal(DuoResult.Auth, _host.Preauth().Result);
        Assert.Contains("CONNECT nowhere.invalid:", Assert.Single(_proxy.Requests), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        "Refused",
        "Proxy error: HTTP/1.1 407 Proxy Authentication Required")]
    [InlineData("HTTP/1.1 403 \u001b[2J\r\n\r\n", "Refused", "Proxy error: HTTP/1.1 403 ?[2J")]
    [InlineData("HTTP/1.1 502 Bad Gateway\r\n\r\n", "Unreachable", "Proxy error: HTTP/1.1 502 Bad Gateway")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n", "Refused", "Proxy error: HTTP/1.1 2000 OK")]
    [InlineData("HTTP/2 200 OK\r\n\r\n", "Refused", "Proxy error: HTTP/2 200 OK")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nmore than that", "Refused", "SSL handshake failed")]
    [InlineData("220 mail.example.org\r\n", "Unreachable", "Proxy connection failed")]
    [InlineData("", "Unreachable", "Proxy connection failed")]
    [InlineData(null, "Unreachable", "Proxy connection timed out")]
    public void What_it_refuses_is_told(string? answer, string failure, string words)
    {
        _proxy.Answer = answer;

        DuoException failed = Assert.Throws<DuoException>(_host.Preauth);

        string line = $"Couldn't connect to localhost:{_service.Port}: {words}";
        Assert.Equal((failure, line), (failed.Failure.ToString(), failed.Message));
        Assert.Empty(_service.Requests);
    }

    [Fact]
    public void A_head_without_an_end_is_none()
    {
        _proxy.Answer = "HTTP/1.0 200 OK\r\n" + string.Concat(Enumerable.Repeat("X: y\r\n", 1000));

        Assert.Equal(DuoFailure.Refused, Assert.Throws<DuoException>(_host.Preauth).Failure);
    }
}
