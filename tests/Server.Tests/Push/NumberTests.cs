using Sallyport.Protocol.Approvals;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Push;

/// <summary>A number from the login's screen, typed on the phone.</summary>
public sealed class NumberTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task The_right_one_lets_in_and_the_phone_never_gets_it(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await StartAsync(server, NumberMatching.Always);
        (string txid, string words) = await OpenAsync(server);
        WaitingPush push = await phone.WaitingAsync();
        string number = (await phone.NumberAsync(push))!;

        Assert.Equal($"Pushed a login request to your device. Enter the number {number} there...", words);
        Assert.Equal((3, 3), (push.Digits!.Value, number.Length));
        Assert.DoesNotContain($"\"{number}\"", System.Text.Json.JsonSerializer.Serialize(push));
        Assert.Equal(PushAnswer.Taken, await phone.AnswerAsync(push, ApprovalDecision.Approve, number));

        Assert.Equal("allow", (await StatusAsync(server, txid)).Text("result"));
        (_, words) = await OpenAsync(server);
        WaitingPush familiar = await phone.WaitingAsync();
        Assert.Equal(2, familiar.Digits);
        Assert.Contains($" {await phone.NumberAsync(familiar)} ", words);
    }

    [Fact]
    public async Task Our_own_programs_hear_that_there_is_one_to_be_seen()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        TestPhone phone = await StartAsync(server, NumberMatching.Always);

        async Task<string?> NumberAsync(string program)
        {
            server.Clock.Advance(TimeSpan.FromMilliseconds(1001));
            TestRequest login = server.Host.Auth("alice", "push1") with { UserAgent = program };
            string id = (await server.Host.SendAsync(login with
            {
                Parameters = [.. login.Parameters.Where(p => p.Name != "async"), ("async", "1")],
            })).Text("txid")!;
            TestRequest poll = new("GET", "/auth/v2/auth_status", ("txid", id)) { UserAgent = program };
            return (await server.Host.SendAsync(poll)).Text("number");
        }

        Assert.Null(await NumberAsync("login_duo/2.2.4"));
        Assert.Equal(await NumberAsync("sallyport-login/1"), await phone.NumberAsync(await phone.WaitingAsync()));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Three_wrong_ones_end_it_and_count_as_a_report(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await StartAsync(server, NumberMatching.Always);
        (string txid, _) = await OpenAsync(server);
        WaitingPush push = await phone.WaitingAsync();
        string number = (await phone.NumberAsync(push))!;
        string wrong = number == "123" ? "124" : "123";

        Assert.Equal(PushAnswer.Refused, await phone.AnswerAsync(push, ApprovalDecision.Approve));
        Assert.Equal(PushAnswer.WrongNumber, await phone.AnswerAsync(push, ApprovalDecision.Approve, wrong));
        Assert.Equal(PushAnswer.WrongNumber, await phone.AnswerAsync(push, ApprovalDecision.Approve, wrong + "0"));
        Assert.Equal(PushAnswer.TooManyWrongNumbers, await phone.AnswerAsync(push, ApprovalDecision.Approve, wrong));
        Assert.Equal(PushAnswer.Gone, await phone.AnswerAsync(push, ApprovalDecision.Approve, number));

        TestAnswer answer = await StatusAsync(server, txid);
        Assert.Equal(("deny", "fraud"), (answer.Text("result"), answer.Text("status")));
        Assert.Equal(["fraud verification_code_incorrect duo_push"], await server.AuditAsync());
        server.Clock.Advance(TimeSpan.FromSeconds(38));
        Assert.StartsWith("Too many login requests", (await OpenAsync(server)).Words);
    }

    [Fact]
    public async Task What_was_pushed_without_one_lets_nobody_in_where_each_needs_one_by_now()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        TestPhone phone = await StartAsync(server, NumberMatching.Never);
        (string txid, _) = await OpenAsync(server);
        WaitingPush push = await phone.WaitingAsync();
        await server.ChangeApplicationAsync(a => a.NumberMatching = NumberMatching.Always);

        Assert.Equal(PushAnswer.Forbidden, await phone.AnswerAsync(push, ApprovalDecision.Approve));
        Assert.Equal("deny", (await StatusAsync(server, txid)).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Many_guesses_at_once_are_three(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await StartAsync(server, NumberMatching.Always);
        await OpenAsync(server);
        WaitingPush push = await phone.WaitingAsync();
        string number = (await phone.NumberAsync(push))!;
        IEnumerable<string> guesses = Enumerable.Range(0, 20).Select(i => i.ToString("d3", null)).Where(g => g != number);

        PushAnswer[] answers = await Task.WhenAll(
            guesses.Select(guess => phone.AnswerAsync(push, ApprovalDecision.Approve, guess)));

        Assert.Equal(2, answers.Count(answer => answer is PushAnswer.WrongNumber));
        Assert.Single(answers, PushAnswer.TooManyWrongNumbers);
        Assert.DoesNotContain(PushAnswer.Taken, answers);
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_new_source_needs_one_until_it_is_known(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await StartAsync(server, NumberMatching.NewSource);
        await OpenAsync(server);
        WaitingPush first = await phone.WaitingAsync();
        Assert.Equal(3, first.Digits);
        await phone.AnswerAsync(first, ApprovalDecision.Approve, await phone.NumberAsync(first));

        await OpenAsync(server);
        WaitingPush second = await phone.WaitingAsync();
        Assert.Null(second.Digits);
        await phone.AnswerAsync(second, ApprovalDecision.Approve);

        await OpenAsync(server, server.Host with { Address = "198.51.100.7" });
        WaitingPush elsewhere = await phone.WaitingAsync();
        Assert.Equal(3, elsewhere.Digits);
        await phone.AnswerAsync(elsewhere, ApprovalDecision.Approve, await phone.NumberAsync(elsewhere));

        server.Clock.Advance(TimeSpan.FromDays(31));
        await OpenAsync(server);
        Assert.Equal(3, (await phone.WaitingAsync()).Digits);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_shows_nothing_pushes_nothing(bool always)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        TestPhone phone = await StartAsync(server, always ? NumberMatching.Always : NumberMatching.NewSource);

        TestAnswer answer = await server.Host.AuthAsync("alice", "push1"); // async=0: headless

        Assert.Equal(("deny", Policy.NoNumber), (answer.Text("result"), answer.Text("status_msg")));
        Assert.Empty(await server.Get<ListPushes>().RunAsync(phone.Id, TestServer.Stop));
        Assert.Equal(
            always
                ? ["denied verification_code_missing not_available"]
                : ["denied verification_code_missing duo_push"],
            await server.AuditAsync());
    }

    [Theory]
    [InlineData("pam_duo/1.11.3 (x86_64-pc-linux-gnu) libduo/1.11.3", false, "deny")]
    [InlineData("pam_duo/2.2.3 (x86_64-pc-linux-gnu) libduo/2.2.3", true, "auth")]
    [InlineData("login_duo/1.11.3 (x86_64-pc-linux-gnu) libduo/1.11.3", false, "auth")]
    [InlineData("", false, "deny")]
    public async Task A_client_that_cannot_show_it_is_told_so_before_it_asks(string agent, bool announces, string result)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await StartAsync(server, NumberMatching.Always);
        (string, string)[] more = announces ? [("client_supports_verified_push", "1")] : [];

        TestAnswer answer = await server.Host.SendAsync(
            server.Host.Preauth("alice", more) with { UserAgent = agent });

        Assert.Equal(result, answer.Text("result"));
        if (result == "deny")
        {
            Assert.Equal(Policy.NoNumber, answer.Text("status_msg"));
            Assert.Equal(["denied verification_code_missing not_available"], await server.AuditAsync());
        }
    }

    [Fact]
    public async Task Who_has_a_passcode_too_is_offered_that_alone()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.EnrolAsync("alice");
        await TestPhone.AddAsync(server, "alice");
        await server.ChangeApplicationAsync(a => a.NumberMatching = NumberMatching.Always);

        TestAnswer mute = await server.Host.SendAsync(server.Host.Preauth("alice") with { UserAgent = "pam_duo/1.11.3" });
        TestAnswer able = await server.Host.PreauthAsync("alice");

        Assert.EndsWith("\n\nPasscode: ", mute.Response.GetProperty("prompt").GetProperty("text").GetString());
        Assert.EndsWith("(1-1): ", able.Response.GetProperty("prompt").GetProperty("text").GetString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_types_push_where_it_was_not_offered_pushes_nothing(bool always)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await server.EnrolAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        await server.ChangeApplicationAsync(
            a => a.NumberMatching = always ? NumberMatching.Always : NumberMatching.NewSource);

        (string id, string words) = await OpenAsync(server, agent: "pam_duo/1.11.3");

        Assert.Equal(Policy.NoNumber, words);
        Assert.Equal("deny", (await StatusAsync(server, id)).Text("result"));
        Assert.Empty(await server.Get<ListPushes>().RunAsync(phone.Id, TestServer.Stop));
    }

    [Fact]
    public async Task Verified_push_has_its_own_words()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        TestPhone phone = await StartAsync(server, NumberMatching.Always);
        TestAnswer preauth = await server.Host.SendAsync(
            server.Host.Preauth("alice", ("client_supports_verified_push", "1")));

        (_, string words) = await OpenAsync(server, null, ("txid", preauth.Text("txid")!));

        string number = (await phone.NumberAsync(await phone.WaitingAsync()))!;
        Assert.Equal($"Please enter verification code {number} into Duo Mobile...", words);
    }

    private static async Task<TestPhone> StartAsync(TestServer server, NumberMatching policy)
    {
        await server.AddUserAsync("alice");
        await server.ChangeApplicationAsync(a => a.NumberMatching = policy);
        return await TestPhone.AddAsync(server, "alice");
    }

    /// <summary>At a terminal: its id, and what is shown there.</summary>
    private static Task<(string Id, string Words)> OpenAsync(
        TestServer server, TestHost? host = null, params (string, string)[] more) =>
        OpenAsync(server, "login_duo/2.2.4", host, more);

    private static async Task<(string Id, string Words)> OpenAsync(
        TestServer server, string agent, TestHost? host = null, params (string, string)[] more)
    {
        host ??= server.Host;
        server.Clock.Advance(TimeSpan.FromMilliseconds(1001));
        TestRequest request = host.Auth("alice", "push1", more) with { UserAgent = agent };
        TestAnswer answer = await host.SendAsync(request with
        {
            Parameters = [.. request.Parameters.Where(p => p.Name != "async"), ("async", "1")],
        });
        string id = answer.Text("txid")!;
        return (id, (await StatusAsync(server, id)).Text("status_msg")!);
    }

    private static Task<TestAnswer> StatusAsync(TestServer server, string txid) =>
        server.Host.SendAsync(new("GET", "/auth/v2/auth_status", ("txid", txid)));
}
