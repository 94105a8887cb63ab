using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Push;

/// <summary>A login that waits for a phone, as docs/formats/transaction.md has it.</summary>
public sealed class PushTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task An_approval_lets_in_who_waits(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        Task<TestAnswer> login = server.Host.AuthAsync("alice", "push1");
        WaitingPush push = await phone.WaitingAsync();

        Assert.Equal(
            ("bastion", "alice", "web1", "203.0.113.5", "sallyport.example", phone.Key),
            (push.Record.Application, push.Record.User, push.Record.Host, push.Record.Address, push.Record.Server,
                push.Record.Device));
        Assert.Equal(PushAnswer.Taken, await phone.AnswerAsync(push, ApprovalDecision.Approve));

        TestAnswer answer = await login;
        Assert.Equal(
            ("allow", "allow", "Success. Logging you in..."),
            (answer.Text("result"), answer.Text("status"), answer.Text("status_msg")));
        Assert.Equal(["success user_approved duo_push"], await server.AuditAsync());
        Approval kept = await server.ReadAsync(db => db.Set<Approval>().SingleAsync(TestServer.Stop));
        Assert.NotNull(ApprovalJws.Verify(kept.Jws, push.Record, phone.PrivateKey));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Who_asks_by_the_id_is_told_at_once_and_then_when_it_is_decided(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        string txid = await OpenAsync(server);

        TestAnswer first = await StatusAsync(server, txid);
        Assert.Equal(
            ("waiting", "pushed", "Pushed a login request to your device..."),
            (first.Text("result"), first.Text("status"), first.Text("status_msg")));
        Task<TestAnswer> second = StatusAsync(server, txid);
        await Task.Delay(200, TestServer.Stop);
        Assert.False(second.IsCompleted);
        await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Approve);

        Assert.Equal("allow", (await second).Text("result"));
        Assert.Equal("deny", (await StatusAsync(server, txid)).Text("result"));
    }

    [Theory]
    [InlineData(DatabaseKind.Sqlite, ApprovalDecision.Deny, "deny", "Login request denied.", "denied user_mistake")]
    [InlineData(
        DatabaseKind.Postgres, ApprovalDecision.Fraud, "fraud", "Login request reported as fraudulent.",
        "fraud user_marked_fraud")]
    public async Task A_no_denies(
        DatabaseKind kind, ApprovalDecision decision, string status, string words, string audited)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        Task<TestAnswer> login = server.Host.AuthAsync("alice", "push");

        Assert.Equal(PushAnswer.Taken, await phone.AnswerAsync(await phone.WaitingAsync(), decision));

        TestAnswer answer = await login;
        Assert.Equal(
            ("deny", status, words), (answer.Text("result"), answer.Text("status"), answer.Text("status_msg")));
        Assert.Equal([audited + " duo_push"], await server.AuditAsync());
        Assert.Equal(1, await server.ReadAsync(db => db.Set<Approval>().CountAsync(TestServer.Stop)));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Who_says_that_it_was_not_he_ends_all_that_waits_for_him(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestHost other = await server.AddHostAsync(new AddApplicationRequest("database"));
        TestPhone phone = await WithPhoneAsync(server);
        Task<TestAnswer> one = server.Host.AuthAsync("alice", "push");
        WaitingPush push = await phone.WaitingAsync();
        Task<TestAnswer> two = other.AuthAsync("alice", "push");
        await phone.WaitingAsync(not: push.Record.Transaction);

        await phone.AnswerAsync(push, ApprovalDecision.Fraud);

        Assert.Equal("fraud", (await one).Text("status"));
        Assert.Equal("deny", (await two).Text("result"));
        Assert.Equal(
            ["denied user_cancelled duo_push", "fraud user_marked_fraud duo_push"],
            (await server.AuditAsync()).Order());
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Nobody_answers_and_it_is_denied_before_a_minute_is_over(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        Task<TestAnswer> login = server.Host.AuthAsync("alice", "push");
        WaitingPush push = await phone.WaitingAsync();
        await Task.Delay(200, TestServer.Stop); // it waits by now
        server.Clock.Advance(TimeSpan.FromSeconds(55));

        TestAnswer answer = await login;
        Assert.Equal(
            ("deny", "timeout", "Login timed out."),
            (answer.Text("result"), answer.Text("status"), answer.Text("status_msg")));
        Assert.Equal(PushAnswer.Gone, await phone.AnswerAsync(push, ApprovalDecision.Approve));
        Assert.Equal(["denied no_response duo_push"], await server.AuditAsync());
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_client_of_ours_hears_every_five_seconds_that_it_waits_and_the_end_within_fifteen_answers(
        DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await WithPhoneAsync(server);
        string txid = await OpenAsync(server);
        TestRequest ask = new("GET", "/auth/v2/auth_status", ("txid", txid))
        {
            UserAgent = "sallyport-agent/1.0.0 (linux) sallyport",
        };
        Assert.Equal("waiting", (await server.Host.SendAsync(ask)).Text("result"));

        List<string?> told = [];
        while (told.LastOrDefault() is null or "waiting")
        {
            Task<TestAnswer> poll = server.Host.SendAsync(ask);
            await Task.Delay(200, TestServer.Stop); // it waits by now
            server.Clock.Advance(TimeSpan.FromSeconds(4.9));
            await Task.Delay(50, TestServer.Stop);
            Assert.False(poll.IsCompleted);
            server.Clock.Advance(TimeSpan.FromSeconds(0.1));
            told.Add((await poll).Text("result"));
        }

        Assert.Equal([.. Enumerable.Repeat("waiting", 10), "deny"], told);
        Assert.Equal(["denied no_response duo_push"], await server.AuditAsync());
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_client_of_ours_hears_of_the_approval_at_once(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        string txid = await OpenAsync(server);
        TestRequest ask = new("GET", "/auth/v2/auth_status", ("txid", txid)) { UserAgent = "sallyport-agent/1.0.0" };
        await server.Host.SendAsync(ask);
        Task<TestAnswer> poll = server.Host.SendAsync(ask);

        await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Approve);

        Assert.Equal("allow", (await poll).Text("result"));
    }

    [Fact]
    public async Task A_push_whose_client_is_gone_leaves_a_trace()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        await WithPhoneAsync(server);
        await OpenAsync(server);
        server.Clock.Advance(TimeSpan.FromSeconds(58));

        await server.Get<IEnumerable<Microsoft.Extensions.Hosting.IHostedService>>().OfType<Sweep>().Single()
            .RunOnceAsync(TestServer.Stop);

        Assert.Equal(["denied no_response duo_push"], await server.AuditAsync());
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Who_polls_for_ever_never_sees_a_16th_waiting(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        await WithPhoneAsync(server);
        string txid = await OpenAsync(server);
        List<Task<TestAnswer>> polls = [];
        for (int i = 0; i < 30; i++)
        {
            polls.Add(StatusAsync(server, txid));
        }

        await Task.Delay(500, TestServer.Stop);
        server.Clock.Advance(TimeSpan.FromSeconds(55));
        TestAnswer[] answers = await Task.WhenAll(polls);

        string?[] results = [.. answers.Where(a => (int)a.Status == 200).Select(a => a.Text("result"))];
        Assert.Equal(15, results.Length);
        Assert.Single(results, "waiting");
        Assert.Equal(14, results.Count(result => result == "deny"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_newer_login_takes_the_place_of_the_one_that_waits(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        Task<TestAnswer> owner = server.Host.AuthAsync("alice", "push");
        WaitingPush first = await phone.WaitingAsync();
        Task<TestAnswer> thief = (server.Host with { Address = "198.51.100.66" }).AuthAsync("alice", "push");
        WaitingPush second = await phone.WaitingAsync(not: first.Record.Transaction);

        Assert.Equal("198.51.100.66", second.Record.Address);
        Assert.Equal("Another login request took its place.", (await owner).Text("status_msg"));

        // What the owner was about to approve is no approval of the thief's.
        Assert.Equal(PushAnswer.Gone, await phone.AnswerAsync(first, ApprovalDecision.Approve));
        Assert.Equal(
            PushAnswer.Refused,
            await phone.SendAsync(second.Record.Transaction, phone.Sign(first.Record, ApprovalDecision.Approve)));
        Assert.False(thief.IsCompleted);
        await phone.AnswerAsync(second, ApprovalDecision.Deny);
        Assert.Equal("deny", (await thief).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task After_each_no_the_next_push_waits_longer_and_passcodes_do_not(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");
        foreach (int seconds in (int[])[10, 20, 40, 80])
        {
            await DenyAsync();
            server.Clock.Advance(TimeSpan.FromSeconds(seconds - 3));
            TestAnswer early = await server.Host.AuthAsync("alice", "push");
            Assert.StartsWith("Too many login requests were not approved. Wait ", early.Text("status_msg"));
            server.Clock.Advance(TimeSpan.FromSeconds(2));
        }

        await DenyAsync();
        Assert.Equal("allow", await server.Host.LogInAsync("alice", alice.Passcode()));
        Assert.Contains("denied frequent_attempts duo_push", await server.AuditAsync());

        async Task DenyAsync()
        {
            Task<TestAnswer> login = server.Host.AuthAsync("alice", "push");
            Assert.Equal(
                PushAnswer.Taken, await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Deny));
            Assert.Equal("deny", (await login).Text("result"));
        }
    }

    [Fact]
    public async Task Who_is_unlocked_is_pushed_to_at_once()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        TestPhone phone = await WithPhoneAsync(server);
        Task<TestAnswer> login = server.Host.AuthAsync("alice", "push");
        await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Fraud);
        await login;
        Assert.StartsWith("Too many", (await server.Host.AuthAsync("alice", "push")).Text("status_msg"));

        await server.Get<UnlockUser>().RunAsync("alice", TestServer.Stop);

        login = server.Host.AuthAsync("alice", "push");
        await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Approve);
        Assert.Equal("allow", (await login).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Pushes_that_take_each_others_place_are_no_way_round_the_pause(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        await OpenAsync(server);
        await OpenAsync(server);
        string last = await OpenAsync(server);

        TestAnswer fourth = await server.Host.AuthAsync("alice", "push");
        Assert.StartsWith("Too many login requests were not approved. Wait ", fourth.Text("status_msg"));

        // The last of them waits on. An approval ends the pause.
        Assert.Equal(PushAnswer.Taken, await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Approve));
        Assert.Equal("allow", (await StatusAsync(server, last)).Text("result"));
        Task<TestAnswer> next = server.Host.AuthAsync("alice", "push");
        await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Approve);
        Assert.Equal("allow", (await next).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_lost_answer_takes_nothing_back_that_another_gave_out(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        string txid = await OpenAsync(server);
        AuthenticationStatus status = server.Get<AuthenticationStatus>();
        IntegrationId application = await server.ReadAsync(
            db => db.Set<Application>().Select(a => a.Id).SingleAsync(TestServer.Stop));

        // It was told to wait, and its connection was gone; that is noticed after another had the verdict.
        Verdict waits = (await status.PollAsync(application, txid, isQuestion: true, TestServer.Stop))!;
        await phone.AnswerAsync(await phone.WaitingAsync(), ApprovalDecision.Approve);
        Assert.Equal("allow", (await StatusAsync(server, txid)).Text("result"));
        await status.LostAsync(waits, TestServer.Stop);

        Assert.Equal("deny", (await StatusAsync(server, txid)).Text("result"));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_client_that_gives_up_ends_its_push_and_nobody_elses(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestHost other = await server.AddHostAsync(new AddApplicationRequest("database"));
        TestPhone phone = await WithPhoneAsync(server);
        string txid = await OpenAsync(server);
        TestRequest cancel = new("POST", "/sallyport/v1/cancel", ("txid", txid));

        Assert.Equal("decided", (await other.SendAsync(cancel)).Text("result"));
        WaitingPush push = await phone.WaitingAsync();
        Assert.Equal("cancelled", (await server.Host.SendAsync(cancel)).Text("result"));

        Assert.Equal(PushAnswer.Gone, await phone.AnswerAsync(push, ApprovalDecision.Approve));
        Assert.Equal("deny", (await StatusAsync(server, txid)).Text("result"));
        Assert.Equal(["denied user_cancelled duo_push"], await server.AuditAsync());
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Who_may_not_be_let_in_any_more_is_not_whatever_he_approves(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestPhone phone = await WithPhoneAsync(server);
        Task<TestAnswer> login = server.Host.AuthAsync("alice", "push");
        WaitingPush push = await phone.WaitingAsync();
        await server.ChangeUserAsync("alice", user => user.Status = UserStatus.Disabled);

        Assert.Equal(PushAnswer.Forbidden, await phone.AnswerAsync(push, ApprovalDecision.Approve));

        Assert.Equal("deny", (await login).Text("result"));
        Assert.Equal(["denied user_disabled duo_push"], await server.AuditAsync());
    }

    private static async Task<TestPhone> WithPhoneAsync(TestServer server)
    {
        await server.AddUserAsync("alice");
        return await TestPhone.AddAsync(server, "alice");
    }

    private static async Task<string> OpenAsync(TestServer server)
    {
        server.Clock.Advance(TimeSpan.FromMilliseconds(1001));
        TestRequest request = server.Host.Auth("alice", "push1");
        TestAnswer answer = await server.Host.SendAsync(request with
        {
            Parameters = [.. request.Parameters.Where(p => p.Name != "async"), ("async", "1")],
        });
        return answer.Text("txid")!;
    }

    private static Task<TestAnswer> StatusAsync(TestServer server, string txid) =>
        server.Host.SendAsync(new("GET", "/auth/v2/auth_status", ("txid", txid)));
}
