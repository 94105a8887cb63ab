using Microsoft.Extensions.Time.Testing;
using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

public sealed class Given_a_warm_connection : IAsyncDisposable
{
    private readonly FakeDuoService _service = new();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly DuoHost _host;

    public Given_a_warm_connection() => _host = new DuoHost(_service) { Time = _time };

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_service.Faults);
        _host.Dispose();
        await _service.DisposeAsync();
    }

    [Fact]
    public void One_that_the_server_closed_is_replaced_and_nobody_sees_it()
    {
        Login();
        for (int i = 0; i < 5; i++)
        {
            _service.CloseConnections();
            Login();
        }

        Assert.Equal(6, _service.Handshakes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_server_that_closes_each_after_its_answer_serves(bool says)
    {
        bool isAnswering = false;
        _service.Script = request =>
        {
            // The usual answers, each as the last one of its connection.
            string response = request.Path switch
            {
                "/auth/v2/ping" => $$"""{"time":{{_time.GetUtcNow().ToUnixTimeSeconds()}}}""",
                "/auth/v2/preauth" =>
                    """{"result":"auth","prompt":{"text":"Passcode: ","factors":{"default":"auto"}}}""",
                _ => """{"result":"allow","status_msg":"Success. Logging you in..."}""",
            };
            isAnswering = true;
            return FakeReply.Ok(response).ThenClose(says);
        };

        Login();

        Assert.True(isAnswering);
        Assert.Single(_service.Calls, call => call == "POST /auth/v2/auth");
    }

    [Fact]
    public void An_answer_that_is_lost_has_its_request_sent_again_once_and_alike()
    {
        _host.Preauth();
        bool isLost = false;
        _service.Script = request =>
        {
            bool loses = request.Path == "/auth/v2/auth" && !isLost;
            isLost |= loses;
            return loses ? FakeReply.Hangup : null;
        };

        Assert.Equal(DuoResult.Allow, _host.Auth("123456", isAsync: false).Result);

        string[] bodies =
            [.. _service.Requests.Where(request => request.Path == "/auth/v2/auth").Select(request => request.Body)];
        Assert.Equal(2, bodies.Length);
        Assert.Equal(bodies[0], bodies[1]);
    }

    [Fact]
    public async Task Logins_at_the_same_time_have_their_own_and_four_stay()
    {
        _service.Script = request => request.Path == "/auth/v2/preauth"
            ? FakeReply.Ok("""{"result":"auth","prompt":{"factors":{}}}""").Slow(TimeSpan.FromMilliseconds(300))
            : null;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            Login, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        int connections = _service.Connections;
        Assert.InRange(connections, 8, 16);
        await UntilAsync(() => _service.Open == DuoServer.MostIdle);

        Login();
        Assert.Equal(connections, _service.Connections);
    }

    [Fact]
    public async Task It_waits_a_minute_and_no_longer()
    {
        Login();
        Advance(TimeSpan.FromSeconds(50));
        Login();
        Assert.Equal(1, _service.Handshakes);

        Advance(TimeSpan.FromSeconds(61));
        await UntilAsync(() => _service.Open == 0); // a timer closes it, not the next login
        Login();
        Assert.Equal(2, _service.Handshakes);
    }

    [Fact]
    public void It_is_used_for_ten_minutes_and_no_longer_so_that_a_changed_name_or_certificate_holds()
    {
        Login();
        for (int i = 0; i < 12; i++)
        {
            Advance(TimeSpan.FromSeconds(49));
            Login();
        }

        Assert.Equal(1, _service.Handshakes);
        Advance(TimeSpan.FromSeconds(49));
        Login();
        Assert.Equal(2, _service.Handshakes);
        Assert.Equal(2, _service.Calls.Count(call => call == "GET /auth/v2/ping"));
    }

    [Fact]
    public void It_serves_only_who_would_have_made_the_same_one()
    {
        using FakeCertificate other = new();
        Login();

        _host.Settings = _host.Settings with { CaFile = other.AuthorityFile };
        Assert.Throws<DuoException>(Login);

        _host.Settings = _host.Settings with { NoVerify = true };
        Login();

        _host.Settings = _host.Settings with { NoVerify = false };
        Assert.Throws<DuoException>(Login);
        Assert.Equal(2, _service.Requests.Max(request => request.Connection) - 1);
    }

    [Fact]
    public async Task None_stays_when_the_program_ends()
    {
        Login();
        Assert.Equal(1, _service.Open);

        _host.Dispose();

        await UntilAsync(() => _service.Open == 0);
    }

    /// <summary>The clocks of both go on.</summary>
    private void Advance(TimeSpan time)
    {
        _time.Advance(time);
        _service.Ahead += time;
    }

    private void Login()
    {
        _host.Preauth();
        Assert.Equal(DuoResult.Allow, _host.Auth("123456", isAsync: false).Result);
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        for (int i = 0; i < 100 && !isSo(); i++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.True(isSo());
    }
}
