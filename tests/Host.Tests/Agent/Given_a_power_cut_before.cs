using Sallyport.Host.Files;
using Sallyport.Protocol;

namespace Sallyport.Host.Tests.Agent;

/// <summary>The state file is as it was before a login that the agent remembers (SpentCodes).</summary>
public sealed class Given_a_power_cut_before
{
    [Fact]
    public void When_the_step_was_used_then_it_refuses_it_and_the_file_knows_now()
    {
        using var agent = new AgentUnderTest(a => Leave(a, CodeKind.TimeStep, 33_333_333, "\" DISALLOW_REUSE", "\" TOTP_AUTH"));

        Assert.Equal(AgentClient.Deny, Try(agent, AgentUnderTest.Passcode, out string logged));
        Assert.Contains("before the machine lost its power", logged, StringComparison.Ordinal);
        Assert.Contains("DISALLOW_REUSE 33333333\n", agent.StateOf("daemon"), StringComparison.Ordinal);
        Assert.Equal(AgentClient.Allow, Try(agent, AgentUnderTest.NextPasscode, out _));
    }

    [Fact]
    public void When_the_recovery_code_was_used_then_it_refuses_it_and_the_file_has_lost_it()
    {
        using var agent = new AgentUnderTest(a => Leave(a, CodeKind.RecoveryCode, 87654321, "\" TOTP_AUTH", "87654321"));

        Assert.Equal(AgentClient.Deny, Try(agent, "87654321", out _));
        Assert.DoesNotContain("87654321", agent.StateOf("daemon"), StringComparison.Ordinal);
        Assert.Equal(AgentClient.Deny, Try(agent, "87654321", out _));
    }

    [Fact]
    public void When_the_counter_was_used_then_it_refuses_it_and_the_file_has_moved_on()
    {
        using var agent = new AgentUnderTest(a => Leave(a, CodeKind.Counter, 1, "\" HOTP_COUNTER 1"));

        Assert.Equal(AgentClient.Deny, Try(agent, "996554", out _)); // of counter 1
        Assert.Contains("HOTP_COUNTER 2\n", agent.StateOf("daemon"), StringComparison.Ordinal);
        Assert.Equal(AgentClient.Allow, Try(agent, "602287", out _)); // of counter 2
    }

    [Fact]
    public void When_the_file_cannot_be_saved_the_code_stays_spent()
    {
        using var agent = new AgentUnderTest(a => Leave(a, CodeKind.TimeStep, 33_333_333, "\" DISALLOW_REUSE", "\" TOTP_AUTH"));
        Assert.Equal(0, TestCalls.chown(agent.Path("daemon"), 0, 0)); // not his to write in

        Assert.Equal(AgentClient.Deny, Try(agent, AgentUnderTest.Passcode, out _, "arg=allow_readonly"));
        Assert.Equal(AgentClient.Deny, Try(agent, AgentUnderTest.Passcode, out _, "arg=allow_readonly"));
    }

    private static void Leave(AgentUnderTest agent, object kind, long value, params string[] lines)
    {
        agent.Enrol("daemon", lines);
        Assert.True(OtpSecret.TryParse("JBSWY3DPEHPK3PXP"u8, out OtpSecret? secret));
        using (secret)
        {
            using SpentCodes codes = SpentCodes.Open(agent.Path("agent"), agent.Clock.GetUtcNow());
            Assert.NotNull(codes.TrySpend(SpentCode.Of(secret, (CodeKind)kind, value), agent.Clock.GetUtcNow()));
        }
    }

    [Fact]
    public void When_somebody_is_let_in_his_code_is_written_there_although_he_may_not_write_there()
    {
        using var agent = new AgentUnderTest();
        agent.Enrol("daemon", "\" DISALLOW_REUSE", "\" TOTP_AUTH");
        string spent = agent.Path("agent/spent-codes");
        File.SetLastWriteTimeUtc(spent, DateTime.UnixEpoch);

        Assert.Equal(AgentClient.Allow, Try(agent, AgentUnderTest.Passcode, out _));
        Assert.NotEqual(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(spent));
    }

    [Fact]
    public void When_another_account_uses_the_same_step_it_stays_spent()
    {
        using var agent = new AgentUnderTest(a => Leave(a, CodeKind.TimeStep, 33_333_333, "\" DISALLOW_REUSE", "\" TOTP_AUTH"));
        agent.Enrol("bin", "\" DISALLOW_REUSE", "\" TOTP_AUTH");
        File.WriteAllText(agent.StatePath("bin"), agent.StateOf("bin").Replace(AgentUnderTest.Secret, "GEZDGNBVGY3TQOJQ", StringComparison.Ordinal));
        Assert.True(OtpSecret.TryParse("GEZDGNBVGY3TQOJQ"u8, out OtpSecret? secret));
        using (secret)
        {
            using AgentClient other = agent.Connect();
            string code = Hotp.Compute(secret, 33_333_333).ToString("D6", System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(AgentClient.Allow, other.Hello("auth", "bin").Verdict(code));
        }

        Assert.Equal(AgentClient.Deny, Try(agent, AgentUnderTest.Passcode, out _));
    }

    private static byte? Try(AgentUnderTest agent, string passcode, out string logged, params string[] fields)
    {
        using AgentClient caller = agent.Connect();
        byte? verdict = caller.Hello("auth", "daemon", fields).Verdict(passcode);
        logged = string.Join('\n', caller.Logged);
        return verdict;
    }
}
