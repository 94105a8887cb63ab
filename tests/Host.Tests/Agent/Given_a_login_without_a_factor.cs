using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Sallyport.Protocol;

namespace Sallyport.Host.Tests.Agent;

/// <summary>docs/formats/policy.md, "enrolment": the clock stands at 2001-09-09.</summary>
public sealed partial class Given_a_login_without_a_factor : IDisposable
{
    private const string Key = "ssh_auth_info=publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5";
    private const string Asked = "PVerification code: ";

    private readonly AgentUnderTest _agent = new();

    public void Dispose() => _agent.Dispose();

    [Theory]
    [InlineData("", Key)]
    [InlineData("enrolment = invited\n", Key)]
    [InlineData("enrolment = deny\n", Key)]
    [InlineData("enrolment = required until 2001-09-09\n", Key)] // invited now
    [InlineData("enrolment = required\n", "rhost=192.0.2.1")] // no first factor
    [InlineData("enrolment = allow until 2001-09-09\n", "rhost=192.0.2.1")] // required now, no first factor
    [InlineData("enrolment = required\n", Key, "arg=secret=/nowhere")]
    [InlineData("enrolment = allow until 2030-01-01\n", Key, "arg=secret=/nowhere")]
    [InlineData("enrolment = required\n", Key, "arg=user=bin")]
    [InlineData("enrolment = invited\n", Key, "arg=nullok")]
    public void Where_nothing_is_open_he_is_asked_and_refused(string policy, params string[] fields)
    {
        Configure(policy);
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon", fields).Verdict("123456", "123456"));
        Assert.Equal([Asked], caller.Shown);
        Assert.Equal(fields.Contains("arg=nullok"), caller.Logged.Contains("4 nullok does nothing where there is a [policy]"));
    }

    [Fact]
    public void With_an_invitation_that_was_closed_again_he_is_asked_and_refused()
    {
        Configure("enrolment = invited until 2001-09-09\n"); // deny now
        Invite();
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon", Key).Verdict("123456"));
        Assert.Equal([Asked], caller.Shown);
    }

    [Fact]
    public void With_the_code_of_his_invitation_he_enrols_and_logs_in_again()
    {
        Configure("");
        string code = Invite();
        using AgentClient caller = _agent.Connect();

        Assert.Null(caller.Hello("auth", "daemon", Key).Verdict(code, ""));
        string secret = Secret(caller);
        Assert.Null(caller.Send('A', Passcode(secret, 0)).Verdict());
        Assert.Equal(AgentClient.Deny, caller.Send('A', "").Verdict());

        string seen = string.Join('\n', caller.Shown);
        Assert.Matches(@"(?s)Invitation code: .*QPress|Invitation code: .*QAn app", seen);
        Assert.Contains("█", Latin1ToUtf8(seen), StringComparison.Ordinal);
        Assert.Contains("otpauth://totp/", seen, StringComparison.Ordinal);
        Assert.Matches(@"(?s)Recovery codes.*\d{8}.*QWrite the recovery codes down, then press Enter: \nEEnrolled", seen);
        Assert.All(Latin1ToUtf8(seen).Split('\n').Where(line => line.Contains('█')), line => Assert.InRange(line.Length, 1, 80));
        Assert.Contains("daemon: second factor enrolled by daemon, at a login, invited", _agent.Log, StringComparison.Ordinal);
        Assert.Equal(AgentClient.Deny, LogIn(Passcode(secret, 0))); // it has confirmed the enrolment
        Assert.Equal(AgentClient.Allow, LogIn(Passcode(secret, 1)));
    }

    /// <summary>A stranger must not see who is invited, and an invitation alone is no login.</summary>
    [Fact]
    public void With_an_invitation_and_no_key_he_is_asked_and_refused()
    {
        Configure("after_enrolment = allow\n");
        string code = Invite();
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon", "rhost=192.0.2.1").Verdict(code));
        Assert.Equal([Asked], caller.Shown);
    }

    [Theory]
    [InlineData("required\n")]
    [InlineData("allow until 2030-01-01\n")]
    public void A_line_behind_a_first_factor_is_as_good_as_a_key(string enrolment)
    {
        Configure($"enrolment = {enrolment}");
        using AgentClient caller = _agent.Connect();

        byte? verdict = caller.Hello("auth", "daemon", "service=sudo", "arg=after_first_factor").Verdict();

        Assert.Equal(enrolment[0] == 'a' ? AgentClient.Allow : null, verdict);
        Assert.Equal(enrolment[0] == 'r', caller.Shown.Any(text => text.Contains("Press Enter", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_wrong_invitation_code_refuses_and_shows_no_secret()
    {
        Configure("");
        _ = Invite();
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon", Key).Verdict("AAAA-BBBB-CCCC-DDDD", ""));
        Assert.DoesNotContain("otpauth", string.Join('\n', caller.Shown), StringComparison.Ordinal);
        Assert.Contains("3 Invalid verification code for daemon", caller.Logged);
        Assert.False(File.Exists(_agent.Path("agent/totp/daemon")));
    }

    [Fact]
    public void Where_it_is_required_a_key_is_enough_to_enrol_and_policy_may_let_in_by_it()
    {
        Configure("enrolment = required\nafter_enrolment = allow\n");
        using AgentClient caller = _agent.Connect();

        Assert.Null(caller.Hello("auth", "daemon", Key).Verdict("t"));
        Assert.DoesNotContain(caller.Shown, text => Latin1ToUtf8(text).Contains('█', StringComparison.Ordinal));
        Assert.Null(caller.Send('A', Passcode(Secret(caller), 0)).Verdict());
        Assert.Equal(AgentClient.Allow, caller.Send('A', "").Verdict());
        Assert.Equal(AgentClient.Deny, LogIn("000000"));
    }

    /// <summary>Everything that is not the end of it leaves things as they were.</summary>
    [Theory]
    [InlineData(0)] // at the choice of code or text
    [InlineData(1)] // at the passcode
    public void Who_cancels_has_enrolled_nothing(int answers)
    {
        Configure("enrolment = required\nafter_enrolment = allow\n");
        using (AgentClient caller = _agent.Connect())
        {
            Assert.Null(caller.Hello("auth", "daemon", Key).Verdict([.. Enumerable.Repeat("", answers)]));
            Assert.Equal(AgentClient.Deny, caller.Send('X', "").Verdict());
        }

        Assert.False(File.Exists(_agent.Path("agent/totp/daemon")));
    }

    [Fact]
    public void Who_cancels_at_the_recovery_codes_is_enrolled_and_not_let_in()
    {
        Configure("enrolment = required\nafter_enrolment = allow\n");
        using AgentClient caller = _agent.Connect();

        Assert.Null(caller.Hello("auth", "daemon", Key).Verdict(""));
        Assert.Null(caller.Send('A', Passcode(Secret(caller), 0)).Verdict());
        Assert.Equal(AgentClient.Deny, caller.Send('X', "").Verdict());
        Assert.True(File.Exists(_agent.Path("agent/totp/daemon")));
    }

    [Fact]
    public void Five_wrong_passcodes_end_it()
    {
        Configure("enrolment = required\nafter_enrolment = allow\n");
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon", Key)
            .Verdict("", "000000", "000000", "000000", "000000", "000000", ""));
        Assert.False(File.Exists(_agent.Path("agent/totp/daemon")));
    }

    [Fact]
    public void Two_at_once_enrol_one_factor_only()
    {
        Configure("enrolment = required\nafter_enrolment = allow\n");
        using AgentClient first = _agent.Connect();
        using AgentClient second = _agent.Connect();
        Assert.Null(first.Hello("auth", "daemon", Key).Verdict("t"));
        Assert.Null(second.Hello("auth", "daemon", Key).Verdict("t"));

        Assert.Null(first.Send('A', Passcode(Secret(first), 0)).Verdict());
        Assert.Equal(AgentClient.Deny, second.Send('A', Passcode(Secret(second), 0)).Verdict());
        Assert.Equal(AgentClient.Allow, first.Send('A', "").Verdict());
        Assert.Equal(AgentClient.Allow, LogIn(Passcode(Secret(first), 1)));
    }

    [Fact]
    public void Where_it_is_allowed_he_is_let_in_behind_a_key_and_each_time_it_is_logged()
    {
        Configure("enrolment = allow until 2030-01-01\n");
        using AgentClient behind = _agent.Connect();
        using AgentClient keyless = _agent.Connect();

        Assert.Equal(AgentClient.Allow, behind.Hello("auth", "daemon", Key).Verdict());
        Assert.Equal(["4 daemon has no second factor and is let in without until 2030-01-01"], behind.Logged);
        Assert.Equal(AgentClient.Deny, keyless.Hello("auth", "daemon").Verdict("000000"));
        Assert.Equal([Asked], keyless.Shown);
        Assert.DoesNotContain(keyless.Logged, line => line.Contains("is let in", StringComparison.Ordinal));
    }

    /// <summary>Damage, or a thief's, is no way to a fresh factor.</summary>
    [Theory]
    [InlineData("enrolment = required\nafter_enrolment = allow\n")]
    [InlineData("enrolment = allow until 2030-01-01\n")]
    public void An_entry_that_cannot_be_read_is_a_factor_that_cannot_be_proved(string policy)
    {
        Configure(policy);
        File.WriteAllText(_agent.Path("agent/totp/daemon"), "torn");
        File.SetUnixFileMode(_agent.Path("agent/totp/daemon"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon", Key).Verdict("123456"));
        Assert.Equal([Asked], caller.Shown);
    }

    private void Configure(string policy) => _agent.Configure($"[totp]\nhome_files = no\n[policy]\n{policy}");

    private string Invite()
    {
        using AgentClient root = _agent.Connect();
        Assert.Equal(AgentClient.Allow, root.Hello("invite", "daemon").Verdict());
        return Invitation().Match(string.Join('\n', root.Shown)).Value;
    }

    private byte? LogIn(string answer)
    {
        using AgentClient caller = _agent.Connect();
        return caller.Hello("auth", "daemon", Key).Verdict(answer);
    }

    private static string Secret(AgentClient caller) => SecretOf().Match(string.Join('\n', caller.Shown)).Groups[1].Value;

    private static string Latin1ToUtf8(string text) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(text));

    private string Passcode(string secret, int stepsAhead)
    {
        Assert.True(OtpSecret.TryParse(Encoding.ASCII.GetBytes(secret), out OtpSecret? key));
        using (key)
        {
            long step = (_agent.Clock.GetUtcNow().ToUnixTimeSeconds() / 30) + stepsAhead;
            return Hotp.Compute(key, step).ToString("D6", CultureInfo.InvariantCulture);
        }
    }

    [GeneratedRegex("secret=([A-Z2-7]+)", RegexOptions.CultureInvariant)]
    private static partial Regex SecretOf();

    [GeneratedRegex("[A-Z2-7]{4}(-[A-Z2-7]{4})+", RegexOptions.CultureInvariant)]
    private static partial Regex Invitation();
}
