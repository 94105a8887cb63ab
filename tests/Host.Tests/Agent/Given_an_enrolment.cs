using System.Globalization;
using System.Text.RegularExpressions;
using Sallyport.Host.Files;
using Sallyport.Protocol;

namespace Sallyport.Host.Tests.Agent;

/// <summary>enrol, codes, status and invite (docs/formats/agent-protocol.md, "Ops").</summary>
public sealed partial class Given_an_enrolment : IDisposable
{
    private const uint Daemon = 1;

    private readonly AgentUnderTest _agent = new();

    public Given_an_enrolment() => _agent.Configure("[agent]\nstate_directory = /nowhere\n"); // read at the start only

    public void Dispose() => _agent.Dispose();

    [Fact]
    public void When_root_asks_the_passcode_of_the_app_confirms_and_is_used_up()
    {
        string secret = EnrolByRoot(out AgentClient caller);

        Assert.StartsWith("otpauth://totp/", caller.Uri, StringComparison.Ordinal);
        Assert.Contains(caller.Shown, text => text == "QEnter code from app: ");
        Assert.Equal(AgentClient.Deny, LogIn(Code(secret, 0)));
        Assert.Equal(AgentClient.Allow, LogIn(Code(secret, 1)));
        Assert.Contains("daemon: second factor enrolled by root", _agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void When_no_passcode_comes_nothing_is_changed()
    {
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Deny, caller.Hello("enrol", "daemon")
            .Verdict("000000", "1", "", "abc", "000000"));
        Assert.Contains(caller.Shown, text => text.StartsWith("ENothing was changed", StringComparison.Ordinal));
        Assert.False(IsEnrolled());
        Assert.DoesNotContain(caller.Shown, text => RecoveryCode().IsMatch(text));
    }

    [Fact]
    public void When_he_leaves_before_he_confirms_nothing_is_changed()
    {
        using (AgentClient caller = _agent.Connect())
        {
            Assert.Null(caller.Hello("enrol", "daemon").Verdict());
        }

        using AgentClient cancels = _agent.Connect();
        Assert.Null(cancels.Hello("enrol", "daemon").Verdict());
        Assert.Equal(AgentClient.Deny, cancels.Send('X', "").Verdict());
        Assert.False(IsEnrolled());
    }

    [Fact]
    public void When_a_user_has_no_invitation_he_sees_no_secret()
    {
        using AgentClient caller = ConnectAs(Daemon);

        Assert.Equal(AgentClient.Deny, caller.Hello("enrol", "daemon", "arg=no-confirm", "arg=force").Verdict());
        Assert.Null(caller.Uri);
        Assert.False(IsEnrolled());
    }

    [Fact]
    public void When_a_user_is_invited_the_code_works_once()
    {
        string code = Invite();
        using (AgentClient caller = ConnectAs(Daemon))
        {
            Assert.Null(caller.Hello("enrol", "daemon", "arg=no-confirm").Verdict(code.ToLowerInvariant()));
            Assert.False(IsEnrolled()); // he confirms, whatever he says
            Assert.Equal(AgentClient.Allow, caller.Send('A', Code(SecretIn(caller), 0)).Verdict());
        }

        Assert.True(IsEnrolled());
        _agent.Clock.Advance(TimeSpan.FromMinutes(2));
        using AgentClient again = ConnectAs(Daemon);
        Assert.Null(again.Hello("enrol", "daemon").Verdict());
        Assert.Equal("PVerification code: ", again.Shown[^1]); // of the factor that he has now
    }

    [Theory]
    [InlineData("AAAA-AAAA-AAAA-AAAA")]
    [InlineData("")]
    public void When_the_invitation_code_is_wrong_he_sees_no_secret(string code)
    {
        Invite();
        using AgentClient caller = ConnectAs(Daemon);

        Assert.Equal(AgentClient.Deny, caller.Hello("enrol", "daemon").Verdict(code));
        Assert.Null(caller.Uri);
    }

    [Fact]
    public void When_the_invitation_has_expired_it_is_none()
    {
        string code = Invite("arg=expires=3600");
        _agent.Clock.Advance(TimeSpan.FromHours(1));
        using AgentClient caller = ConnectAs(Daemon);

        Assert.Equal(AgentClient.Deny, caller.Hello("enrol", "daemon").Verdict(code));
        Assert.DoesNotContain("QInvitation code: ", caller.Shown);
    }

    [Fact]
    public void When_a_user_is_enrolled_only_his_factor_opens_the_way_to_another()
    {
        string secret = EnrolByRoot(out _);
        Invite(); // one that may not replace
        using (AgentClient thief = ConnectAs(Daemon))
        {
            Assert.Equal(AgentClient.Deny, thief.Hello("enrol", "daemon").Verdict("000000"));
            Assert.Null(thief.Uri);
        }

        _agent.Clock.Advance(TimeSpan.FromMinutes(2));
        using AgentClient owner = ConnectAs(Daemon);
        Assert.Null(owner.Hello("enrol", "daemon").Verdict(Code(secret, 0)));
        string next = SecretIn(owner);
        Assert.Equal(AgentClient.Allow, owner.Send('A', Code(next, 0)).Verdict());
        Assert.Equal(AgentClient.Deny, LogIn(Code(secret, 1)));
        Assert.Equal(AgentClient.Allow, LogIn(Code(next, 1)));
    }

    [Fact]
    public void When_the_phone_is_lost_an_invitation_to_replace_is_enough()
    {
        EnrolByRoot(out _);
        string code = Invite("arg=replace");
        using AgentClient caller = ConnectAs(Daemon);

        Assert.Null(caller.Hello("enrol", "daemon").Verdict(code));
        Assert.Equal(AgentClient.Allow, caller.Send('A', Code(SecretIn(caller), 0)).Verdict());
    }

    [Fact]
    public void When_the_factor_was_changed_in_the_meantime_the_proof_of_the_old_one_is_none()
    {
        string secret = EnrolByRoot(out _);
        _agent.Clock.Advance(TimeSpan.FromMinutes(2));
        using AgentClient slow = ConnectAs(Daemon);
        Assert.Null(slow.Hello("enrol", "daemon").Verdict(Code(secret, 0)));
        string kept = EnrolByRoot(out _, "arg=force");

        Assert.Equal(AgentClient.Deny, slow.Send('A', Code(SecretIn(slow), 0)).Verdict());
        Assert.Equal(AgentClient.Allow, LogIn(Code(kept, 1)));
    }

    [Fact]
    public void When_root_replaces_without_force_he_is_asked()
    {
        EnrolByRoot(out _);
        using AgentClient no = _agent.Connect();

        Assert.Equal(AgentClient.Deny, no.Hello("enrol", "daemon").Verdict("n"));
        Assert.Null(no.Uri);
    }

    [Fact]
    public void When_recovery_codes_are_renewed_the_old_ones_are_void()
    {
        string secret = EnrolByRoot(out AgentClient enrolled);
        string old = FirstRecoveryCode(enrolled);
        _agent.Clock.Advance(TimeSpan.FromMinutes(2));
        using AgentClient wrong = ConnectAs(Daemon);
        Assert.Equal(AgentClient.Deny, wrong.Hello("codes", "daemon").Verdict("000000"));
        Assert.DoesNotContain(wrong.Shown, text => RecoveryCode().IsMatch(text));
        using AgentClient right = ConnectAs(Daemon);

        Assert.Equal(AgentClient.Allow, right.Hello("codes", "daemon").Verdict(Code(secret, 0)));
        Assert.Equal(AgentClient.Deny, LogIn(old));
        Assert.Equal(AgentClient.Allow, LogIn(FirstRecoveryCode(right)));
    }

    [Fact]
    public void When_he_asks_for_his_status_the_secret_is_not_in_it()
    {
        string secret = EnrolByRoot(out _);
        using AgentClient caller = ConnectAs(Daemon);

        Assert.Equal(AgentClient.Allow, caller.Hello("status", "daemon").Verdict());
        string shown = string.Join('\n', caller.Shown);
        Assert.Contains("recovery codes left: 5 of 5", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, shown, StringComparison.Ordinal);
        Assert.Null(caller.Uri);
    }

    [Theory]
    [InlineData("enrol", "root")]
    [InlineData("codes", "root")]
    [InlineData("status", "root")]
    [InlineData("invite", "root")]
    [InlineData("invite", "daemon")]
    public void When_a_user_asks_what_is_not_his_he_is_refused(string op, string user)
    {
        using AgentClient caller = ConnectAs(Daemon);

        Assert.Equal(AgentClient.Deny, caller.Hello(op, user).Verdict());
        Assert.Null(caller.Uri);
    }

    [Fact]
    public void When_a_user_guesses_he_waits_after_three_tries()
    {
        EnrolByRoot(out _);
        for (int i = 0; i < 3; i++)
        {
            using AgentClient guess = ConnectAs(Daemon);
            Assert.Equal(AgentClient.Deny, guess.Hello("codes", "daemon").Verdict("000000"));
        }

        using AgentClient fourth = ConnectAs(Daemon);
        Assert.Equal(AgentClient.Deny, fourth.Hello("enrol", "daemon").Verdict("000000"));
        Assert.Contains(fourth.Shown, text => text.StartsWith("EToo many tries.", StringComparison.Ordinal));
        Assert.DoesNotContain(fourth.Shown, text => text[0] == 'P');
    }

    [Theory]
    [InlineData("digits=5")]
    [InlineData("digits=9")]
    [InlineData("window=0")]
    [InlineData("limit=0/30")]
    [InlineData("limit=3")]
    [InlineData("expires=0")]
    [InlineData("mode=none")]
    [InlineData("nullok")]
    [InlineData("")]
    public void When_an_argument_is_not_understood_nothing_is_done(string argument)
    {
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Deny, caller.Hello("enrol", "daemon", $"arg={argument}").Verdict());
        Assert.Null(caller.Uri);
    }

    [GeneratedRegex(@"^  \d{8}$", RegexOptions.Multiline)]
    private static partial Regex RecoveryCode();

    private string EnrolByRoot(out AgentClient caller, params string[] arguments)
    {
        caller = _agent.Connect();
        using (caller)
        {
            Assert.Null(caller.Hello("enrol", "daemon", arguments).Verdict());
            string secret = SecretIn(caller);
            Assert.Equal(AgentClient.Allow, caller.Send('A', Code(secret, 0)).Verdict());
            return secret;
        }
    }

    private string Invite(params string[] arguments)
    {
        using AgentClient root = _agent.Connect();
        Assert.Equal(AgentClient.Allow, root.Hello("invite", "daemon", arguments).Verdict());
        return Regex.Match(string.Join('\n', root.Shown), "[A-Z2-7]{4}(-[A-Z2-7]{4}){3}").Value;
    }

    private bool IsEnrolled()
    {
        using TotpReading reading = _agent.Store.Open("daemon");
        return reading.Problem is ReadProblem.None;
    }

    private byte? LogIn(string answer)
    {
        using AgentClient caller = _agent.Connect();
        return caller.Hello("auth", "daemon").Verdict(answer);
    }

    private AgentClient ConnectAs(uint uid) => TestCalls.As(uid, _agent.Connect);

    private static string SecretIn(AgentClient caller) => Regex.Match(caller.Uri!, "secret=([A-Z2-7]+)").Groups[1].Value;

    private static string FirstRecoveryCode(AgentClient caller) =>
        RecoveryCode().Match(string.Join('\n', caller.Shown)).Value.Trim();

    private string Code(string secret, int stepsAhead)
    {
        Assert.True(OtpSecret.TryParse(System.Text.Encoding.ASCII.GetBytes(secret), out OtpSecret? key));
        using (key)
        {
            long step = (_agent.Clock.GetUtcNow().ToUnixTimeSeconds() / 30) + stepsAhead;
            return Hotp.Compute(key, step).ToString("D6", CultureInfo.InvariantCulture);
        }
    }
}
