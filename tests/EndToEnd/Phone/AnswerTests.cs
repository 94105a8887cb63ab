using Sallyport.EndToEnd.Dev;
using Sallyport.Protocol.Approvals;
using Built = Sallyport.EndToEnd.Harness.Built;
using Tools = Sallyport.EndToEnd.Harness.Tools;

namespace Sallyport.EndToEnd.Phone;

/// <summary>What a phone shows, and what it signs: the very thing that it showed.</summary>
public sealed class Given_a_login_that_waits_for_the_phone
{
    [Fact]
    public async Task It_is_listed_on_one_line()
    {
        await using PhoneHolder alice = new();
        ApprovalRecord login = alice.Login;
        await alice.BeginAsync(Pending.Of(2, login));

        Command list = (await alice.RunAsync("list")).Succeeded();

        Assert.Matches(
            $"^{login.Transaction}\tapplication=bastion\tuser=alice\thost=web1\taddress=192.0.2.7\t[45][0-9] s left\t"
                + "asks for a number of 2 digits\n$", list.Output);
        Assert.Empty(alice.Server.Problems);
    }

    [Fact]
    public async Task Nothing_in_it_moves_the_cursor_begins_a_line_or_a_column()
    {
        await using PhoneHolder alice = new();
        ApprovalRecord login = alice.Login with
        {
            Host = "web\u001b[2J\r\n\u009b1A",
            Application = "a\tuser=mallory",
            Address = "10.0.0.1\u202e\u200b\u2028x",
            User = "ädä",
        };
        await alice.BeginAsync(Pending.Of(login));

        Command list = (await alice.RunAsync("list")).Succeeded();
        Command denied = (await alice.RunAsync("deny")).Succeeded();

        Assert.Contains(
            "\tapplication=a?user=mallory\tuser=ädä\thost=web?[2J???1A\taddress=10.0.0.1???x\t", list.Output,
            StringComparison.Ordinal);
        Assert.All(list.Output + denied.Output, c => Assert.True(!char.IsControl(c) || c is '\t' or '\n'));
        Assert.Single(list.Output, c => c == '\n');

        // Shown otherwise, and signed as it is.
        AssertSigned(alice, login, ApprovalDecision.Deny);
    }

    [Theory]
    [InlineData(ApprovalDecision.Approve, "Approved.", "approve")]
    [InlineData(ApprovalDecision.Deny, "Denied.", "deny")]
    [InlineData(ApprovalDecision.Fraud, "Denied, and reported", "deny", "--not-me")]
    public async Task It_is_answered_by_a_signature_over_what_was_shown(
        ApprovalDecision decision, string words, params string[] command)
    {
        await using PhoneHolder alice = new();
        ApprovalRecord login = alice.Login;
        await alice.BeginAsync(Pending.Of(alice.Login with { Transaction = "another" }, login));

        Command answered = (await alice.RunAsync([.. command, login.Transaction])).Succeeded();

        Assert.Contains("from address: 192.0.2.7\n", answered.Output, StringComparison.Ordinal);
        Assert.Contains("host:         web1\n", answered.Output, StringComparison.Ordinal);
        Assert.Contains(words, answered.Output, StringComparison.Ordinal);
        AssertSigned(alice, login, decision);
    }

    [Fact]
    public async Task Its_number_is_signed_with_it()
    {
        await using PhoneHolder alice = new();
        ApprovalRecord login = alice.Login;
        await alice.BeginAsync(Pending.Of(3, login));

        (await alice.RunAsync("approve", "--number", "042")).Succeeded();

        AssertSigned(alice, login, ApprovalDecision.Approve, "042");
    }

    [Fact]
    public async Task A_person_at_a_terminal_types_the_number()
    {
        await using PhoneHolder alice = new();
        ApprovalRecord login = alice.Login;
        await alice.BeginAsync(Pending.Of(2, login));

        await TypeAsync(alice, "Number: ", "57", "Approved.");

        AssertSigned(alice, login, ApprovalDecision.Approve, "57");
    }

    [Theory]
    [InlineData("y", "Approved.", 1)]
    [InlineData("n", "Nothing was signed.", 0)]
    public async Task A_person_at_a_terminal_who_did_not_name_it_is_asked_whether_it_is_his(
        string typed, string words, int answers)
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of(alice.Login));

        await TypeAsync(alice, "Is this your login? (y/n) ", typed, words);

        Assert.Equal(answers, alice.Server.Calls.Count(call => call.Path == "answer"));
    }

    [Theory]
    [InlineData(2, "--number=NUMBER says it")]
    [InlineData(2, "the number has 2 digits", "--number=123")]
    [InlineData(null, "no number is asked for", "--number=12")]
    public async Task Without_the_number_that_it_asks_for_nothing_is_signed(
        int? digits, string words, params string[] option)
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of(digits, alice.Login));

        await NothingIsSentAsync(alice, words, ["approve", .. option]);
    }

    [Fact]
    public async Task Among_several_it_has_to_be_named()
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of(alice.Login, alice.Login with { Transaction = "another" }));

        await NothingIsSentAsync(alice, "2 logins wait: say which one", "approve");
        await NothingIsSentAsync(alice, "no such login waits", "deny", "a-third");
    }

    [Fact]
    public async Task When_there_is_none_that_is_said()
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of());

        await NothingIsSentAsync(alice, "nothing waits for this phone", "approve");
    }

    [Fact]
    public async Task Of_another_server_or_device_nothing_is_signed()
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of(alice.Login with { Server = "other.example.org" }));
        await NothingIsSentAsync(alice, "nothing was signed", "approve");

        alice.Server.Answer = _ => new PhoneReply(200, Pending.Of(alice.Login with { Device = "DP9" }));
        await NothingIsSentAsync(alice, "nothing was signed", "deny");
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("""{"requests":[],"more":1}""")]
    [InlineData("""{"requests":[{}]}""")]
    [InlineData("""{"requests":[],"requests":[]}""")]
    [InlineData("""{"requests":{}}""")]
    public async Task What_is_not_of_the_format_is_refused(string pending)
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(pending);

        await NothingIsSentAsync(alice, "cannot be read", "approve");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(-2)]
    public async Task A_number_that_nobody_could_sign_is_not_of_the_format(int digits)
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of(digits, alice.Login));

        await NothingIsSentAsync(alice, "cannot be read", "approve", "--number=123456");
    }

    [Theory]
    [InlineData("wrong_number", "not the number on the login's screen")]
    [InlineData("too_many_wrong_numbers", "for the third time")]
    [InlineData("gone", "does not wait any more")]
    [InlineData("forbidden", "may not log in any more")]
    [InlineData("refused", "does not take this phone's signature")]
    [InlineData("something", "which this program does not know")]
    public async Task What_was_not_taken_ends_with_one_and_says_why(string result, string words)
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of(alice.Login), result);

        Command answered = await alice.RunAsync("approve");

        Assert.Equal(1, answered.ExitCode);
        Assert.Contains(words, answered.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Approved", answered.Output, StringComparison.Ordinal);
    }

    /// <summary>What was sent is a signature over this very login, and over none that differs in a member.</summary>
    private static void AssertSigned(
        PhoneHolder alice, ApprovalRecord login, ApprovalDecision decision, string? number = null)
    {
        (string transaction, string approval) = Pending.Sent(alice.Server.Calls[^1].Body);
        ApprovalRecord[] others =
        [
            login with { Server = "x" }, login with { Transaction = "x" }, login with { Device = "DP9" },
            login with { Application = "x" }, login with { User = "x" }, login with { Host = "x" },
            login with { Address = "x" }, login with { Key = "x" }, login with { Expires = login.Expires + 1 },
        ];

        Assert.Equal(login.Transaction, transaction);
        Assert.Equal(new ApprovalAnswer(decision, number), ApprovalJws.Verify(approval, login, alice.Server.Key!));
        Assert.All(others, other => Assert.Null(ApprovalJws.Verify(approval, other, alice.Server.Key!)));
        Assert.Empty(alice.Server.Problems);
    }

    private static async Task NothingIsSentAsync(PhoneHolder alice, string words, params string[] command)
    {
        Command refused = await alice.RunAsync(command);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(words, refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(alice.Server.Calls, call => call.Path == "answer");
    }

    private static async Task TypeAsync(PhoneHolder alice, string question, string answer, string words)
    {
        Tools.MustBeThere("expect");
        string script = $$"""
            set timeout 20
            spawn -noecho {{Built.Command}} phone approve
            expect -ex {{{question}}} {} timeout { exit 1 }
            send "{{answer}}\r"
            expect -ex {{{words}}} { exit 0 } timeout { exit 2 } eof { exit 3 }
            """;
        (await Command.RunAsync("expect", ["-c", script], alice.Home, alice.Environment())).Succeeded();
    }
}
