using System.Text;
using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <content>What a service has decided, and what somebody answers to its menu.</content>
public sealed partial class Given_what_login_duo_writes
{
    [Theory]
    [InlineData("allow", "Allowed", "[4] Skipped Duo login for 'alice' from 192.0.2.7: preauth?[31m")]
    [InlineData("deny", "Refused", "[4] Aborted Duo login for 'alice' from 192.0.2.7: preauth?[31m")]
    [InlineData("enroll", "NotEnrolled", "[4] Aborted Duo login for 'alice' from 192.0.2.7: User enrollment required")]
    public void When_it_has_decided_already(string result, string outcome, string line)
    {
        (_service.PreauthResult, _service.PreauthMessage) = (result, "preauth\u001b[31m");
        FakePerson person = new();

        Assert.Equal(outcome, Run(person).ToString());

        Assert.Equal([line], person.Lines);
        Assert.Equal(result == "deny" ? ["preauth?[31m"] : [], person.Texts);
    }

    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 1)]
    public void When_it_takes_the_attempt_as_failed_there_may_be_another(bool isHeadless, int times)
    {
        Answer("""{"stat":"FAIL","code":1000,"message":"Pre-authentication failed"}""");
        _login = _login with { IsHeadless = isHeadless };
        FakePerson person = new();

        Assert.Equal(DuoOutcome.Refused, Run(person));

        string line = $"[4] Failed Duo login {Who}: 1000: Pre-authentication failed";
        Assert.Equal(Enumerable.Repeat(line, times), person.Lines);
    }

    [Fact]
    public void When_it_is_gone_at_a_second_attempt_that_lets_nobody_in()
    {
        int asked = 0;
        _service.Script = request =>
            request.Path == "/auth/v2/preauth" && ++asked == 2 ? FakeReply.Json(503, "") : null;
        _host.Settings = _host.Settings with { FailMode = FailMode.Safe };
        FakePerson person = new("000000", "123456");

        Assert.Equal(DuoOutcome.Refused, Run(person));

        Assert.Equal([$"[4] Failed Duo login {Who}", $"[4] Failsecure Duo login {Who}: HTTP 503"], person.Lines);
    }

    [Fact]
    public void When_it_fails_after_the_factor_that_is_an_error_whatever_the_fail_mode()
    {
        _service.Script = request => request.Path == "/auth/v2/auth" ? FakeReply.Json(500, "") : null;
        _host.Settings = _host.Settings with { FailMode = FailMode.Safe, AutoPush = true, Prompts = 1 };
        FakePerson person = new();

        Assert.Equal(DuoOutcome.Refused, Run(person));

        Assert.Equal([$"[3] Error in Duo login {Who}: HTTP 500"], person.Lines);
        Assert.Equal("Autopushing login request to phone...", person.Texts[0]);
    }

    [Theory]
    [InlineData("push1", "Autopushing login request to phone...")]
    [InlineData("phone1", "Calling your phone...")]
    [InlineData("voice1", "Using default second-factor authentication.")]
    public void When_the_usual_factor_is_taken_without_a_question_it_says_which(string factor, string text)
    {
        _service.Factors["default"] = factor;
        _host.Settings = _host.Settings with { AutoPush = true, Prompts = 1 };
        FakePerson person = new();

        Run(person);

        Assert.Equal(text, person.Texts[0]);
        Assert.Empty(person.Prompts);
    }

    [Fact]
    public void When_he_is_wrong_twice_and_then_takes_the_push()
    {
        _service.Factors["3"] = "sms1";
        FakePerson person = new("000000", "3", "1");

        Assert.Equal(DuoOutcome.Allowed, Run(person));

        Assert.Equal(Enumerable.Repeat("Passcode or option (1-1): ", 3), person.Prompts);
        Assert.Equal(
            [$"[4] Failed Duo login {Who}", $"[4] Failed Duo login {Who}", $"[6] Successful Duo login {Who}"],
            person.Lines);
        Assert.Equal(
            ["Incorrect passcode. Please try again.", "Incorrect passcode. Please try again.",
                "Pushed a login request to your device...", "Success. Logging you in..."], person.Texts);
    }

    [Theory]
    [InlineData(255, 3)]
    [InlineData(256, 1)]
    [InlineData(500, 1)]
    public void When_he_types_more_than_any_factor_has_that_ends_it(int length, int prompts)
    {
        string typed = new('A', length);
        FakePerson person = new(typed, typed, typed);

        Assert.Equal(DuoOutcome.Refused, Run(person));

        Assert.Equal(prompts, person.Prompts.Count);
        string line = prompts == 1 ? $"[3] Error in Duo login {Who}" : $"[4] Failed Duo login {Who}";
        Assert.All(person.Lines, said => Assert.Equal(line, said));
        Assert.Equal(prompts == 3, _service.Calls.Contains("POST /auth/v2/auth"));
    }

    [Fact]
    public void When_nobody_types_anything_it_is_aborted()
    {
        FakePerson person = new();

        Assert.Equal(DuoOutcome.Refused, Run(person));

        Assert.Equal([$"[4] Aborted Duo login {Who}: Error gathering user response"], person.Lines);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void When_it_has_too_much_to_do_he_is_told_how_long_that_takes(bool isHeadless)
    {
        int asked = 0;
        _service.PreauthResult = "allow";
        _service.Script = request => request.Path == "/auth/v2/preauth" && ++asked == 1
            ? FakeReply.Json(429, "", "X-Retry-After: 0")
            : null;
        _login = _login with { IsHeadless = isHeadless };
        FakePerson person = new();

        Assert.Equal(DuoOutcome.Allowed, Run(person));

        string[] told = ["Rate-limiting response received from server. Waiting for 0 seconds before retrying."];
        Assert.Equal(isHeadless ? [] : told, person.Texts);
        Assert.Equal(1, _service.Handshakes);
    }

    [Theory]
    [InlineData("alice", "alice")]
    [InlineData(null, "daemon")]
    public void When_his_groups_are_not_asked_it_names_him_as_the_command_line_does(string? given, string named)
    {
        _login = _login with { ServerName = given };
        _host.Settings = _host.Settings with { Groups = ["root"] };
        FakePerson person = new();

        Assert.Equal(DuoOutcome.NotAsked, Run(person));

        Assert.Equal([$"[6] User {named} bypassed Duo 2FA due to user's UNIX group"], person.Lines);
        Assert.Empty(_service.Requests);
    }

    [Theory]
    [InlineData(FailMode.Safe, "open")]
    [InlineData(FailMode.Secure, "closed")]
    internal void When_it_is_asked_it_hears_what_a_silence_of_its_would_mean(FailMode mode, string sent)
    {
        _host.Settings = _host.Settings with { FailMode = mode };

        Run(new FakePerson());

        FakeRequest preauth = _service.Requests.First(request => request.Path == "/auth/v2/preauth");
        Assert.Equal(
            (sent, "1", "alice"),
            (preauth.Parameters["failmode"], preauth.Parameters["text_prompt"], preauth.Parameters["username"]));
    }

    [Fact]
    public void When_the_passcode_came_along_it_says_that_it_reads_it()
    {
        _host.Settings = _host.Settings with { AcceptEnvFactor = true };
        _login = _login with { Passcode = Encoding.ASCII.GetBytes("123456") };
        FakePerson person = new();

        Assert.Equal(DuoOutcome.Allowed, Run(person));

        Assert.Equal(["Reading $DUO_PASSCODE...", "Success. Logging you in..."], person.Texts);
    }
}
