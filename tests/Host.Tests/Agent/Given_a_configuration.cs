namespace Sallyport.Host.Tests.Agent;

public sealed class Given_a_configuration : IDisposable
{
    private readonly AgentUnderTest _agent = new();

    public Given_a_configuration() => _agent.Enrol("daemon", "\" TOTP_AUTH");

    public void Dispose() => _agent.Dispose();

    [Theory]
    [InlineData("[totp]\nsecrt = /x\n", ":2: unknown key 'secrt' in [totp]")]
    [InlineData("[topt]\n", ":1: unknown section [topt]")]
    [InlineData("secret = /x\n", ":1: 'secret' stands before any [section]")]
    [InlineData("[totp]\nsecret\n", ":2: 'secret' has no value (key = value)")]
    [InlineData("[totp]\nsecret = relative\n", ":2: cannot use 'relative' for secret: not an absolute path")]
    [InlineData("[totp]\nsecret = /a\n\n# again\nsecret = /b\n", ":5: 'secret' is set twice in [totp]")]
    [InlineData("[agent]\nstate_directory = x\n", ":2: cannot use 'x' for state_directory: not an absolute path")]
    [InlineData("[totp]\nhome_files = maybe\n", ":2: cannot use 'maybe' for home_files: yes or no")]
    [InlineData("[policy]\nask =\n", ":2: cannot use '' for ask: all, or names of groups")]
    [InlineData("[policy]\nasks = all\n", ":2: unknown key 'asks' in [policy]")]
    [InlineData("[policy]\nask = no-such-group\n", "[policy] ask: there is no group 'no-such-group'")]
    [InlineData("[policy]\nask = daemon no-such-group\n", "[policy] ask: there is no group 'no-such-group'")]
    [InlineData("[policy]\nenrolment = allow\n", ":2: cannot use 'allow' for enrolment: allow until DATE")]
    [InlineData("[policy]\nenrolment = allow until soon\n", ":2: cannot use 'allow until soon' for enrolment: allow until DATE")]
    [InlineData("[policy]\nenrolment = required until 2026-02-30\n", ":2: cannot use 'required until 2026-02-30' for enrolment")]
    [InlineData("[policy]\nenrolment = deny until 2030-01-01\n", ":2: cannot use 'deny until 2030-01-01' for enrolment")]
    [InlineData("[policy]\nenrolment = yes\n", ":2: cannot use 'yes' for enrolment")]
    [InlineData("[policy]\nenrolment =\n", ":2: cannot use '' for enrolment")]
    [InlineData("[policy]\nafter_enrolment = yes\n", ":2: cannot use 'yes' for after_enrolment: again or allow")]
    [InlineData("[exempt]\nreason = x\n", ":1: [exempt] names an account: [exempt NAME]")]
    [InlineData("[policy x]\n", ":1: unknown section [policy x]")]
    [InlineData("[exempt daemon]\nuntil = 2030-01-01\n", ":1: [exempt daemon] wants 'reason'")]
    [InlineData("[exempt daemon]\nreason = backups\n", ":1: [exempt daemon] wants 'until'")]
    [InlineData("[exempt daemon]\nreason = backups\nuntil = never\n", ":3: cannot use 'never' for until: a date: YYYY-MM-DD")]
    [InlineData("[exempt daemon]\nreason =\nuntil = 2030-01-01\n", ":2: cannot use '' for reason: some words")]
    [InlineData("[exempt root]\nreason = x\nuntil = 2030-01-01\n", ":1: root cannot be exempt")]
    [InlineData("[break_glass root]\nreason = x\nuntil = 2030-01-01\n", ":1: root cannot be exempt")]
    [InlineData("[break_glass bin]\nreason = x\nuntil = 2030-01-01\n[break_glass sys]\nreason = x\nuntil = 2030-01-01\n", ":4: there is another break-glass account")]
    [InlineData("[exempt bin]\nreason = x\nuntil = 2030-01-01\n[break_glass bin]\nreason = x\nuntil = 2030-01-01\n", ":4: this account is exempt")]
    [InlineData("[break_glass bin]\nreason = x\nuntil = 2030-01-01\n[exempt bin]\nreason = x\nuntil = 2030-01-01\n", ":4: this account is the break-glass account")]
    [InlineData("[hop]\nask = never\n", ":1: [hop] wants 'from'")]
    [InlineData("[hop]\nfrom = 10.0.0.5\n", ":1: [hop] wants 'ask'")]
    [InlineData("[hop]\nfrom = bastion.example.org\nask = never\n", ":2: cannot use 'bastion.example.org' for from")]
    [InlineData("[hop]\nfrom = 10.0.0.5\nask = within 0\n", ":3: cannot use 'within 0' for ask")]
    [InlineData("[hop]\nfrom = 10.0.0.5\nask = within 721\n", ":3: cannot use 'within 721' for ask")]
    [InlineData("[exempt bin]\nreason = x\n[totp]\n[exempt bin]\nuntil = 2030-01-01\n", ":4: [exempt bin] is there twice")]
    [InlineData("[policy]\nenrolment = required\n", ": [policy] enrolment = allow or required wants [totp] home_files = no")]
    [InlineData("[policy]\nenrolment = allow until 2030-01-01\n", ": [policy] enrolment = allow or required wants [totp] home_files = no")]
    [InlineData("[hop]\nfrom = 010.0.0.5\nask = never\n", ":2: cannot use '010.0.0.5' for from: numeric addresses in their usual form")]
    [InlineData("[hop]\nfrom = 10.5\nask = never\n", ":2: cannot use '10.5' for from")]
    [InlineData("[hop]\nfrom = 10.0.0.0/24\nask = never\n", ":2: cannot use '10.0.0.0/24' for from")]
    [InlineData("[hop]\nfrom = 0.0.0.0\nask = never\n", ":2: cannot use '0.0.0.0' for from")]
    [InlineData("[hop]\nfrom = fe80::1\nask = never\n", ":2: cannot use 'fe80::1' for from")]
    [InlineData("[hop]\nfrom = [2001:db8::5]:22\nask = never\n", ":2: cannot use '[2001:db8::5]:22' for from")]
    [InlineData("[hop]\nfrom =\nask = never\n", ":2: cannot use '' for from: no address")]
    public void That_is_wrong_refuses_every_login_and_names_file_and_line(string text, string problem)
    {
        _agent.Configure(text);

        Refused(problem[0] == ':' ? _agent.ConfigurationPath + problem : problem);
    }

    [Fact]
    public void That_others_may_read_refuses_every_login()
    {
        _agent.Configure("", (UnixFileMode)0x1A4); // 0644

        Refused($"{_agent.ConfigurationPath}: others may read or write it; close it: chmod 0600 {_agent.ConfigurationPath}");
    }

    [Fact]
    public void Of_another_owner_refuses_every_login()
    {
        Assert.Equal(0, TestCalls.chown(_agent.ConfigurationPath, 1, 1));

        Refused($"{_agent.ConfigurationPath}: owned by uid 1; make it root's: chown root {_agent.ConfigurationPath}");
    }

    [Fact]
    public void That_is_missing_refuses_every_login()
    {
        File.Delete(_agent.ConfigurationPath);

        Refused($"{_agent.ConfigurationPath}: cannot read it: No such file or directory");
    }

    [Fact]
    public void That_is_a_fifo_refuses_and_does_not_hang()
    {
        File.Delete(_agent.ConfigurationPath);
        Assert.Equal(0, TestCalls.mkfifo(_agent.ConfigurationPath, 0x180));

        Refused($"{_agent.ConfigurationPath}: not a regular file of at most 1 MiB");
    }

    [Fact]
    public void That_is_mended_holds_for_the_next_login()
    {
        string secret = _agent.StatePath("${USER}");
        _agent.Configure("[nonsense]\n");
        Refused($"{_agent.ConfigurationPath}:1: unknown section [nonsense]");
        _agent.Configure($"; back again\n[totp]\nsecret = {secret}\n");
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Allow, caller.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
    }

    private void Refused(string problem)
    {
        using AgentClient caller = _agent.Connect();
        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon", "arg=nullok").Verdict(AgentUnderTest.Passcode));
        Assert.Empty(caller.Shown);
        Assert.StartsWith("2 every login is refused: " + problem, Assert.Single(caller.Logged), StringComparison.Ordinal);
    }
}
