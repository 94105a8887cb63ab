using System.Text;
using Sallyport.Host.Enrolment;
using Sallyport.Protocol;

namespace Sallyport.Host.Tests.Agent;

/// <summary>Logins by the root-only store: no secret= on the line, none in the configuration.</summary>
public sealed class Given_an_entry : IDisposable
{
    private const uint RecoveryCode = 87654321;

    private readonly AgentUnderTest _agent = new();

    public Given_an_entry() => _agent.Configure("[agent]\nstate_directory = /nowhere\n"); // read at the start only

    public void Dispose() => _agent.Dispose();

    [Fact]
    public void When_the_passcode_is_right_it_allows_once()
    {
        Enrol(new() { Mode = OtpMode.Totp });

        Assert.Equal(AgentClient.Allow, Try(AgentUnderTest.Passcode, out AgentClient caller));
        Assert.Equal(["6 Accepted google_authenticator for daemon"], caller.Logged);
        Assert.Equal(AgentClient.Deny, Try(AgentUnderTest.Passcode, out _));
        Assert.Equal(AgentClient.Allow, Try(AgentUnderTest.NextPasscode, out _));
    }

    [Fact]
    public void When_an_earlier_step_comes_after_a_later_one_it_denies()
    {
        Enrol(new() { Mode = OtpMode.Totp });

        Assert.Equal(AgentClient.Allow, Try(AgentUnderTest.NextPasscode, out _));
        Assert.Equal(AgentClient.Deny, Try(AgentUnderTest.Passcode, out _));
    }

    [Theory]
    [InlineData("000000")]
    [InlineData("")]
    [InlineData("949556 ")]
    [InlineData("12345678")]
    public void When_the_answer_is_no_code_it_denies(string answer)
    {
        Enrol(new() { Mode = OtpMode.Totp });

        Assert.Equal(AgentClient.Deny, Try(answer, out _));
    }

    [Fact]
    public void When_a_recovery_code_comes_it_allows_once()
    {
        Enrol(new() { Mode = OtpMode.Totp });

        Assert.Equal(AgentClient.Allow, Try("87654321", out _));
        Assert.Equal(AgentClient.Deny, Try("87654321", out _));
    }

    [Fact]
    public void When_the_counter_moves_a_code_is_used_up()
    {
        Enrol(new() { Mode = OtpMode.Hotp });

        Assert.Equal(AgentClient.Allow, Try("602287", out _)); // of counter 2
        Assert.Equal(AgentClient.Deny, Try("996554", out _)); // of counter 1
        Assert.Equal(AgentClient.Deny, Try("602287", out _));
    }

    [Fact]
    public void When_eight_digits_are_enrolled_six_are_not_enough()
    {
        Enrol(new() { Mode = OtpMode.Totp, Digits = 8, Algorithm = OtpAlgorithm.Sha256 });
        Assert.True(OtpSecret.TryParse(Encoding.ASCII.GetBytes(AgentUnderTest.Secret), out OtpSecret? secret));
        using (secret)
        {
            string eight = Passcode.FromNumber(Hotp.Compute(secret, 33_333_333, 8, OtpAlgorithm.Sha256), 8).Expose();

            Assert.Equal(AgentClient.Deny, Try(eight[2..], out _));
            Assert.Equal(AgentClient.Allow, Try(eight, out _));
        }
    }

    [Fact]
    public void When_the_limit_is_reached_it_says_how_long()
    {
        Enrol(new() { Mode = OtpMode.Totp });
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(AgentClient.Deny, Try("000000", out _));
        }

        Assert.Equal(AgentClient.Deny, Try(AgentUnderTest.Passcode, out AgentClient caller));
        Assert.Contains(caller.Shown, text => text.StartsWith("EToo many tries. Try again in ", StringComparison.Ordinal));
        _agent.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(AgentClient.Allow, Try(AgentUnderTest.PasscodeAt(1), out _));
    }

    [Fact]
    public void When_sixteen_bring_one_code_at_once_one_gets_in()
    {
        Enrol(new() { Mode = OtpMode.Totp, Limit = null });
        byte?[] verdicts = new byte?[16];

        Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 16 },
            i => verdicts[i] = Try(AgentUnderTest.Passcode, out _));

        Assert.Single(verdicts, AgentClient.Allow);
    }

    [Theory]
    [InlineData(0, "cut short")]
    [InlineData(100, "cut short")]
    [InlineData(8192, "bytes of nothing")]
    public void When_it_cannot_be_read_nobody_gets_in_and_his_home_is_not_asked(int length, string _)
    {
        Enrol(new() { Mode = OtpMode.Totp });
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        File.WriteAllBytes(_agent.Path("agent/totp/daemon"), new byte[length]);

        Assert.Equal(AgentClient.Deny, Try(AgentUnderTest.Passcode, out AgentClient caller, "arg=nullok"));
        Assert.Contains(caller.Logged, line => line.Contains("entry of \"daemon\"", StringComparison.Ordinal));
    }

    [Fact]
    public void When_the_line_or_the_configuration_names_a_file_the_file_counts()
    {
        Enrol(new() { Mode = OtpMode.Totp });
        _agent.Enrol("daemon", "\" TOTP_AUTH");

        Assert.Equal(AgentClient.Allow, Try(AgentUnderTest.Passcode, out _, $"arg=secret={_agent.StatePath("daemon")}"));
        _agent.Configure($"[totp]\nsecret = {_agent.StatePath("daemon")}\n");
        Assert.Equal(AgentClient.Allow, Try(AgentUnderTest.Passcode, out _)); // not one-time, so it is the file's
        Assert.Equal(AgentClient.Allow, Try(AgentUnderTest.Passcode, out _));
    }

    [Fact]
    public void When_something_was_changed_he_is_told_once_and_by_a_login_only()
    {
        Enrol(new() { Mode = OtpMode.Totp });
        using (AgentClient own = TestCalls.As(1, _agent.Connect)) // a program of his, which shows it to nobody
        {
            Assert.Equal(AgentClient.Allow, own.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
            Assert.DoesNotContain("IEnrolled by the test", own.Shown);
        }

        Assert.Equal(AgentClient.Allow, Try(AgentUnderTest.NextPasscode, out AgentClient first));
        Assert.Contains("IEnrolled by the test", first.Shown);
        _agent.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(AgentClient.Allow, Try(AgentUnderTest.PasscodeAt(2), out AgentClient second));
        Assert.DoesNotContain("IEnrolled by the test", second.Shown);
    }

    private void Enrol(TotpSettings settings)
    {
        Assert.True(OtpSecret.TryParse(Encoding.ASCII.GetBytes(AgentUnderTest.Secret), out OtpSecret? secret));
        using var entry = TotpEntry.Create(new(secret, settings, 1_000_000_000, FreshFactor.Hash([RecoveryCode]),
            TotpEnrolment.AfterChange([], "Enrolled by the test")));
        Assert.Equal(0, _agent.Store.Enrol("daemon", entry));
    }

    private byte? Try(string answer, out AgentClient caller, params string[] fields)
    {
        caller = _agent.Connect();
        using (caller)
        {
            return caller.Hello("auth", "daemon", fields).Verdict(answer);
        }
    }
}
