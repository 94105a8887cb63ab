using Sallyport.Host.Tests.Agent;

namespace Sallyport.Host.Tests.Duo;

/// <summary>
/// Only what says nothing at all about a login is an outage: failmode = safe lets nobody in by anything else.
/// </summary>
public sealed class Given_a_server_that_has_spoken
{
    /// <summary>A part of an answer, and no end of it.</summary>
    [Theory]
    [InlineData("HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("HTTP/1.1 503 Away\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"stat\":\"OK\",\"response\":{\"result\":\"deny\"")]
    [InlineData("H")]
    public async Task An_answer_that_has_begun_is_none_and_no_outage(string begun)
    {
        await using DuoAgent host = new("failmode = safe");
        host.Service.Script = request => request.Path == "/auth/v2/preauth" ? FakeReply.Raw(begun) : null;

        Assert.Equal(AgentClient.Deny, host.Ask(1));
        Assert.Empty(host.Unreported);
    }

    /// <summary>The first answer to preauth, and what comes to whatever is asked next.</summary>
    [Theory]
    [InlineData(401, "503")]
    [InlineData(401, "hangup")]
    [InlineData(401, "silence")]
    [InlineData(404, "503")]
    [InlineData(404, "hangup")]
    [InlineData(404, "silence")]
    [InlineData(429, "503")]
    [InlineData(429, "hangup")]
    [InlineData(429, "silence")]
    public async Task What_it_fails_to_say_next_is_no_outage(int first, string next)
    {
        await using DuoAgent host = new("failmode = safe");
        host.Service.PreauthResult = "deny";
        Assert.Equal(AgentClient.Deny, host.Ask(1)); // warm: a 401 is then asked again
        bool hasSpoken = false;
        host.Service.Script = request =>
        {
            if (!hasSpoken && request.Path == "/auth/v2/preauth")
            {
                hasSpoken = true;
                return FakeReply.Json(first, "{}", "Retry-After: 0");
            }

            return !hasSpoken ? null : next switch
            {
                "503" => FakeReply.Json(503, "{}"),
                "hangup" => FakeReply.Hangup,
                _ => FakeReply.Silence,
            };
        };

        Assert.Equal(AgentClient.Deny, host.Ask(2));
        Assert.True(hasSpoken);
        Assert.Empty(host.Unreported);
    }
}
