using System.Diagnostics;
using System.Globalization;
using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <summary>429: it asks to be asked later.</summary>
public sealed class Given_a_busy_service : IAsyncDisposable
{
    private readonly FakeDuoService _service = new();
    private readonly DuoHost _host;

    public Given_a_busy_service() => _host = new DuoHost(_service);

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_service.Faults);
        _host.Dispose();
        await _service.DisposeAsync();
    }

    [Fact]
    public void It_is_asked_again_after_one_second_and_after_two()
    {
        Refuse(times: 2, retryAfter: null);

        Assert.InRange(Preauth(), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(6));
        Assert.Equal(4, _service.Requests.Count);
    }

    [Theory]
    [InlineData("Retry-After")]
    [InlineData("X-Retry-After")]
    public void It_may_say_when(string header)
    {
        Refuse(times: 1, $"{header}: 0");

        Assert.InRange(Preauth(), TimeSpan.Zero, TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public void It_may_say_when_by_a_date()
    {
        DateTimeOffset then = TimeProvider.System.GetUtcNow().AddSeconds(2);
        Refuse(times: 1, "Retry-After: " + then.ToString("r", CultureInfo.InvariantCulture));

        Assert.InRange(Preauth(), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(4));
    }

    [Fact]
    public void What_would_take_too_long_is_a_refusal()
    {
        Refuse(times: 1, "Retry-After: 33");

        DuoException failed = Assert.Throws<DuoException>(_host.Preauth);

        Assert.Equal((DuoFailure.Refused, "HTTP 429"), (failed.Failure, failed.Message));
    }

    /// <summary>It would be asked without an end.</summary>
    [Fact]
    public void At_once_is_said_once()
    {
        Refuse(times: int.MaxValue, "Retry-After: 0");
        long begun = Stopwatch.GetTimestamp();

        Assert.Throws<DuoException>(
            () => _host.Client.Preauth(DuoHost.Alice, () => Stopwatch.GetElapsedTime(begun).TotalSeconds > 2.5));

        // Then at once, and after that each second.
        Assert.InRange(_service.Calls.Count(call => call == "POST /auth/v2/preauth"), 2, 4);
    }

    private TimeSpan Preauth()
    {
        long begun = Stopwatch.GetTimestamp();
        Assert.Equal(DuoResult.Auth, _host.Preauth().Result);
        return Stopwatch.GetElapsedTime(begun);
    }

    private void Refuse(int times, string? retryAfter)
    {
        FakeReply reply = FakeReply.Fail(42901, "Too Many Requests");
        reply = retryAfter is null ? reply : reply.With(retryAfter);
        _service.Script = request => request.Path == "/auth/v2/preauth" && times-- > 0 ? reply : null;
    }
}
