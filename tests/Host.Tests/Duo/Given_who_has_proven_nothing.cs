using Sallyport.Host.Tests.Agent;

namespace Sallyport.Host.Tests.Duo;

/// <summary>sshd without a key in front, or su without a password: passcodes are taken, and nothing rings.</summary>
public sealed class Given_who_has_proven_nothing
{
    private const string Blanks = "                                  ";

    [Theory]
    [InlineData("1")]
    [InlineData("push")]
    [InlineData("auto" + Blanks)]
    [InlineData("PUSH1" + Blanks)]
    [InlineData("phone1" + Blanks)]
    [InlineData(Blanks + "sms1")]
    [InlineData("AUTOAUTOAUTOAUTOAUTOAUTOAUTOAUTO")]
    public async Task No_word_of_his_makes_a_phone_ring(string typed)
    {
        await using DuoAgent host = new("autopush = yes");
        using AgentClient client = host.Agent.Connect();

        byte? verdict = Ask(client, typed, typed, typed);

        Assert.Equal(AgentClient.Deny, verdict);
        Assert.DoesNotContain("POST /auth/v2/auth", host.Service.Calls);
        Assert.All(client.Shown.Where(text => text[0] is 'P' or 'Q'), prompt => Assert.Equal("QPasscode: ", prompt));
    }

    [Fact]
    public async Task The_link_by_which_one_enrols_is_not_for_him()
    {
        await using DuoAgent host = new();
        host.Service.PreauthResult = "enroll";
        host.Service.Menu = "Please enroll at https://duo.example.org/alice";
        using AgentClient stranger = host.Agent.Connect();
        using AgentClient holder = host.Agent.Connect();

        Assert.Equal(AgentClient.Deny, Ask(stranger));
        Assert.Equal(AgentClient.Deny, DuoAgent.Ask(holder, 2));

        Assert.DoesNotContain(stranger.Shown, text => text.Contains("http", StringComparison.Ordinal));
        Assert.Contains(holder.Shown, text => text.Contains("http", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_sshd_says_in_the_place_of_a_password_is_no_passcode()
    {
        await using DuoAgent host = new();
        using AgentClient client = host.Agent.Connect();

        Assert.Equal(AgentClient.Deny, Ask(client, "\b\n\r\u007fINCORRECT"));
        Assert.DoesNotContain("POST /auth/v2/auth", host.Service.Calls);
    }

    [Fact]
    public async Task Behind_a_key_one_connection_makes_one_phone_ring_once()
    {
        await using DuoAgent host = new();
        host.Service.Approves = false;
        using AgentClient client = host.Agent.Connect();

        Assert.Equal(AgentClient.Deny, DuoAgent.Ask(client, 1, "1", "", "1", "push1"));

        Assert.Single(host.Service.Pushed);
    }

    private static byte? Ask(AgentClient client, params string[] answers) => client
        .Hello(
            "auth", "daemon", "service=sshd", $"rhost={DuoAgent.Address}",
            $"ssh_connection={DuoAgent.Address} 1 192.0.2.2 22")
        .Verdict(answers);
}
