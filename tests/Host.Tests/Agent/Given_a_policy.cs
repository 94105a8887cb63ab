using Sallyport.Host.Tests.Files;
using Sallyport.Protocol;

namespace Sallyport.Host.Tests.Agent;

/// <summary>
/// docs/formats/policy.md, "In which order", but for enrolment. The clock stands at 2001-09-09. daemon is in the group
/// daemon and in no other.
/// </summary>
public sealed class Given_a_policy : IDisposable
{
    private const string Key = "ssh_auth_info=publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5";
    private const string OtherKey = "ssh_auth_info=publickey ssh-ed25519 BBBBC3NzaC1lZDI1NTE5";
    private const string FromBastion = "ssh_connection=10.0.0.5 40000 10.0.1.7 22";
    private const string FromElsewhere = "ssh_connection=10.0.0.6 40000 10.0.1.7 22";

    private readonly AgentUnderTest _agent = new();
    private long _moved;

    public void Dispose() => _agent.Dispose();

    [Theory]
    [InlineData("[exempt daemon]\nreason = backups\nuntil = 2001-09-10\n", "5daemon is exempt until 2001-09-10: backups")]
    [InlineData("[break_glass daemon]\nreason = last way in\nuntil = 2001-09-10\n",
        "1BREAK-GLASS account daemon is used (last way in, until 2001-09-10)")]
    [InlineData("[policy]\nask = bin adm\n", "6daemon is in no group that is asked")]
    public void Who_is_not_asked_is_let_in_behind_a_key_with_a_trace(string policy, string line)
    {
        _agent.Configure(policy);
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Allow, caller.Hello("auth", "daemon", "service=sshd", "rhost=192.0.2.1", Key).Verdict());
        Assert.Equal([$"{line[0]} {line[1..]}"], caller.Logged);
        Assert.Contains($"<{line[0]}>{line[1..]}; service=sshd rhost=192.0.2.1\n", _agent.Log, StringComparison.Ordinal);
    }

    /// <summary>Else a line of PAM that stands alone would be no lock at all where sshd asks for no key.</summary>
    [Theory]
    [InlineData("[exempt daemon]\nreason = backups\nuntil = 2001-09-10\n")]
    [InlineData("[break_glass daemon]\nreason = last way in\nuntil = 2001-09-10\n")]
    [InlineData("[policy]\nask = bin adm\n")]
    public void Without_a_key_before_it_no_exemption_lets_in(string policy)
    {
        _agent.Configure(policy);
        using AgentClient keyless = _agent.Connect();
        using AgentClient behind = _agent.Connect();

        Assert.Equal(AgentClient.Deny, keyless.Hello("auth", "daemon").Verdict("000000"));
        Assert.Equal(["PVerification code: "], keyless.Shown); // as everybody: nobody sees who is exempt
        Assert.DoesNotContain(" is used", _agent.Log, StringComparison.Ordinal);
        Assert.Equal(AgentClient.Allow, behind.Hello("auth", "daemon", "arg=after_first_factor").Verdict());
    }

    [Theory]
    [InlineData("[exempt daemon]\nreason = backups\nuntil = 2001-09-09\n")]
    [InlineData("[break_glass daemon]\nreason = last way in\nuntil = 2001-09-09\n")]
    [InlineData("[exempt bin]\nreason = backups\nuntil = 2001-09-10\n")]
    [InlineData("[policy]\nask = bin daemon\n")]
    [InlineData("[policy]\n")]
    public void Who_is_asked_is_let_in_by_his_passcode_only(string policy)
    {
        _agent.Configure(policy);
        Enrol();

        Assert.Equal(AgentClient.Deny, Answer("000000", Key));
        Assert.Equal(AgentClient.Allow, Answer(Code(), Key));
    }

    [Theory]
    [InlineData("[exempt daemon]\nreason = backups\nuntil = 2001-09-10\n", AgentClient.Allow)]
    [InlineData("[break_glass daemon]\nreason = last way in\nuntil = 2001-09-10\n", AgentClient.Allow)]
    [InlineData("[policy]\nask = bin\n", AgentClient.Allow)]
    [InlineData("[exempt daemon]\nreason = backups\nuntil = 2001-09-09\n", AgentClient.Deny)]
    [InlineData("[exempt bin]\nreason = backups\nuntil = 2001-09-10\n", AgentClient.Deny)]
    [InlineData("[policy]\nask = daemon\n", AgentClient.Deny)]
    [InlineData("[policy]\nask = no-such-group\n", AgentClient.Deny)]
    [InlineData("[totp]\nhome_files = no\n[policy]\nenrolment = allow until 2030-01-01\n", AgentClient.Deny)]
    [InlineData("[hop]\nfrom = 10.0.0.5\nask = never\n", AgentClient.Deny)]
    [InlineData("[nonsense]\n", AgentClient.Unavailable)] // nobody knows who was meant
    [InlineData("[break_glass daemon]\nreason = last way in\nuntil = 2001-09-09\n", AgentClient.Deny)]
    [InlineData("[break_glass daemon]\nreason = last way in\n", AgentClient.Unavailable)]
    public void A_session_without_the_auth_phase_is_for_who_is_not_asked(string policy, byte verdict)
    {
        _agent.Configure(policy);
        using AgentClient caller = _agent.Connect();

        Assert.Equal(verdict, caller.Hello("session", "daemon", FromBastion, Key).Verdict());
    }

    [Theory]
    [InlineData("[exempt daemon]\nreason = backups\nuntil = 2001-09-10\n")]
    [InlineData("[totp]\nhome_files = no\n[policy]\nenrolment = allow until 2030-01-01\n")]
    public void A_program_of_his_own_is_never_judged_by_it(string policy)
    {
        _agent.Configure(policy);
        using AgentClient caller = TestCalls.As(1, _agent.Connect);

        Assert.Null(caller.Hello("auth", "daemon", Key, "arg=after_first_factor").Verdict());
        Assert.Equal(["PVerification code: "], caller.Shown);
        Assert.Equal(AgentClient.Deny, caller.Send('A', "000000").Verdict());
    }

    [Fact]
    public void A_file_in_the_home_does_not_count_where_homes_do_not()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        _agent.Configure("[totp]\nhome_files = no\n");
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon", Key).Verdict(AgentUnderTest.Passcode));
        Assert.DoesNotContain(caller.Logged, line => line.Contains(".google_authenticator", StringComparison.Ordinal));
        Enrol();
        Assert.Equal(AgentClient.Allow, Answer(Code(), Key));
    }

    [Fact]
    public void Who_comes_from_the_bastion_is_not_asked_where_it_says_never()
    {
        _agent.Configure("[hop]\nfrom = 10.0.0.5\nask = never\n");
        Enrol();

        Assert.Equal(AgentClient.Allow, Answer(null, FromBastion, Key));
        Assert.Equal(AgentClient.Allow, Answer(null, "ssh_connection=::ffff:10.0.0.5 40000 ::ffff:10.0.1.7 22", Key));
        Assert.Null(Answer(null, FromBastion)); // by a password, or by nothing
        Assert.Null(Answer(null, FromBastion, "ssh_auth_info=password"));
        Assert.Null(Answer(null, FromElsewhere, Key));
        Assert.Null(Answer(null, "rhost=10.0.0.5", Key)); // a name service's word, or an old sshd's
    }

    [Fact]
    public void Within_the_minutes_the_same_key_is_not_asked_again_and_no_other_is()
    {
        _agent.Configure("[hop]\nfrom = 10.0.0.5\nask = within 10\n");
        Enrol();
        Assert.Null(Answer(null, FromBastion, Key));
        Assert.Equal(AgentClient.Deny, Answer("000000", FromBastion, Key));
        Assert.Null(Answer(null, FromBastion, Key));
        Assert.Equal(AgentClient.Allow, Answer(Code(), FromBastion, Key));

        Move(minutes: 9);
        Assert.Equal(AgentClient.Allow, Answer(null, FromBastion, Key));
        Assert.Null(Answer(null, FromBastion, OtherKey));
        Assert.Null(Answer(null, FromElsewhere, Key));
        using (AgentClient other = _agent.Connect())
        {
            Assert.Null(other.Hello("auth", "bin", FromBastion, Key).Verdict());
        }

        Move(minutes: 1);
        Assert.Null(Answer(null, FromBastion, Key)); // counted from the proof, not from the last login
    }

    [Fact]
    public void Who_proved_himself_elsewhere_is_asked_from_the_bastion()
    {
        _agent.Configure("[hop]\nfrom = 10.0.0.5\nask = within 10\n");
        Enrol();

        Assert.Equal(AgentClient.Allow, Answer(Code(), FromElsewhere, Key));
        Assert.Null(Answer(null, FromBastion, Key));
    }

    [Theory]
    [InlineData("allow until 2030-01-01")] // nobody proved anything
    [InlineData("required")] // enrolled just now, and let in by it
    public void What_policy_lets_in_is_no_proof_for_the_hop(string enrolment)
    {
        const string Hop = "[hop]\nfrom = 10.0.0.5\nask = within 720\n[totp]\nhome_files = no\n[policy]\n";
        _agent.Configure($"{Hop}enrolment = {enrolment}\nafter_enrolment = allow\n");
        using AgentClient first = _agent.Connect();
        if (first.Hello("auth", "daemon", FromBastion, Key).Verdict("t") is null)
        {
            string seen = string.Join('\n', first.Shown);
            string secret = seen.Split("secret=")[1].Split('&')[0];
            Assert.Null(first.Send('A', StoreUnderTest.PasscodeOf(secret, StoreUnderTest.Now)).Verdict());
            Assert.Equal(AgentClient.Allow, first.Send('A', "").Verdict());
        }

        _agent.Configure($"{Hop}enrolment = deny\n");
        Assert.Null(Answer(null, FromBastion, Key));
    }

    [Fact]
    public void A_grace_period_is_no_proof_for_the_hop()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        _agent.Configure($"[totp]\nsecret = {_agent.StatePath("${USER}")}\n[hop]\nfrom = 10.0.0.5\nask = within 720\n");
        string[] line = ["rhost=10.0.0.5", "arg=grace_period=60", FromBastion];
        Assert.Equal(AgentClient.Allow, Answer(AgentUnderTest.Passcode, [.. line, Key]));
        Assert.Equal(AgentClient.Allow, Answer(null, [.. line, OtherKey])); // what the word means
        Move(minutes: 5);

        Assert.Null(Answer(null, [.. line, OtherKey]));
        Assert.Null(Answer(null, [.. line, Key])); // and a state file's factor is not remembered: its owner can change it
    }

    [Fact]
    public void Another_factor_or_none_is_not_the_one_that_was_proved()
    {
        _agent.Configure("[hop]\nfrom = 10.0.0.5\nask = within 720\n[totp]\nhome_files = no\n");
        Enrol();
        Assert.Equal(AgentClient.Allow, Answer(Code(), FromBastion, Key));
        Assert.Equal(AgentClient.Allow, Answer(null, FromBastion, Key));
        File.Delete(_agent.Path("agent/totp/daemon"));

        Assert.Null(Answer(null, FromBastion, Key));
        Move(minutes: 1);
        using TotpEntry other = TotpEntry.Create(new(
            StoreUnderTest.Secret("another secret"), StoreUnderTest.Totp, StoreUnderTest.Now + 60));
        Assert.Equal(0, _agent.Store.Enrol("daemon", other));
        Assert.Null(Answer(null, FromBastion, Key));
    }

    /// <summary>Zones are names of sshd's network; the agent has none.</summary>
    [Fact]
    public void A_peer_with_a_zone_is_not_the_bastion()
    {
        _agent.Configure("[hop]\nfrom = 2001:db8::5\nask = never\n");
        Enrol();

        Assert.Equal(AgentClient.Allow, Answer(null, "ssh_connection=2001:db8::5 1 2001:db8::6 22", Key));
        Assert.Null(Answer(null, "ssh_connection=2001:db8::5%eth7 1 2001:db8::6%eth7 22", Key));
    }

    [Fact]
    public void Who_is_named_in_a_group_is_its_member()
    {
        string line = File.ReadLines("/etc/group").First(l => l.Split(':')[3].Length > 0 || l.StartsWith("adm:", StringComparison.Ordinal));
        Interop.Group? group = Interop.Pwd.GroupByName(line.Split(':')[0]);

        Assert.Equal(line.Split(':')[2], group!.Gid.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(line.Split(':')[3].Split(',', StringSplitOptions.RemoveEmptyEntries), group.Members);
        Assert.Null(Interop.Pwd.GroupByName("no-such-group"));
    }

    [Fact]
    public void Names_are_bytes_as_pam_has_them() => Assert.Equal(
        ["zo\u00c3\u00ab"],
        Host.Configuration.HostConfiguration.Parse("c", "[exempt zo\u00eb]\nreason = x\nuntil = 2030-01-01\n").Exemptions.Keys);

    private void Enrol()
    {
        using TotpEntry entry = StoreUnderTest.Entry();
        Assert.Equal(0, _agent.Store.Enrol("daemon", entry));
    }

    private void Move(int minutes)
    {
        _moved += minutes * 60;
        _agent.Clock.Advance(TimeSpan.FromMinutes(minutes));
    }

    private string Code() => StoreUnderTest.Passcode(StoreUnderTest.Now + _moved);

    private byte? Answer(string? answer, params string[] fields)
    {
        using AgentClient caller = _agent.Connect();
        return caller.Hello("auth", "daemon", ["service=sshd", .. fields]).Verdict(answer is null ? [] : [answer]);
    }
}
