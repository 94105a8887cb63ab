using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Authentications;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Push;

/// <summary>
/// Random walks of clients, phones, the clock and crashes through docs/formats/transaction.md, on both databases, with
/// two nodes on PostgreSQL. Whatever happens: nobody is let in without a valid signature over the right record, and no
/// allow is given out twice.
/// </summary>
public sealed class InterleavingTests
{
    private const int Steps = 50;

    public static TheoryData<DatabaseKind, int> Walks()
    {
        TheoryData<DatabaseKind, int> walks = [];
        for (int seed = 1; seed <= 6; seed++)
        {
            walks.Add(DatabaseKind.Sqlite, seed);
            walks.Add(DatabaseKind.Postgres, seed);
        }

        // And one that nobody has seen. Its seed is in its name.
        walks.Add(DatabaseKind.Sqlite, RandomNumberGenerator.GetInt32(1000, int.MaxValue));
        walks.Add(DatabaseKind.Postgres, RandomNumberGenerator.GetInt32(1000, int.MaxValue));
        return walks;
    }

    [Theory]
    [MemberData(nameof(Walks))]
    public async Task No_path_allows_without_an_approval_and_none_is_redeemed_twice(DatabaseKind kind, int seed)
    {
        await using Walk walk = await Walk.BeginAsync(kind, new Dice(seed));
        for (int step = 0; step < Steps; step++)
        {
            await walk.StepAsync();
            await walk.CheckAsync();
        }

        await walk.EndAsync();
    }

    private sealed class Walk(TestServer first, Dice dice) : IAsyncDisposable
    {
        private readonly List<TestServer> _nodes = [first];
        private readonly List<TestServer> _gone = [];
        private readonly List<TestPhone> _phones = [];
        private readonly List<TestHost> _hosts = [first.Host];
        private readonly List<Login> _logins = [];
        private readonly List<(string Transaction, string Jws)> _sent = [];
        private readonly ConcurrentDictionary<string, bool> _approved = new(); // rightly, by the phone that was asked
        private readonly ConcurrentDictionary<string, int> _allowsById = new();
        private readonly Dictionary<string, AuthenticationState> _seen = [];
        private int _allows;

        private TestServer Node => _nodes[dice.Next(_nodes.Count)];

        public static async Task<Walk> BeginAsync(DatabaseKind kind, Dice dice)
        {
            TestServer server = await TestServer.StartAsync(kind);
            Walk walk = new(server, dice);
            TestHost database = await server.AddHostAsync(new AddApplicationRequest("database"));
            walk._hosts.Add(database);
            await server.ChangeAsync(db => db.Set<Application>().Where(a => a.IntegrationKey == database.Ikey)
                .ExecuteUpdateAsync(a => a.SetProperty(x => x.NumberMatching, NumberMatching.Always), TestServer.Stop));
            foreach (string user in (string[])["alice", "bob"])
            {
                await server.AddUserAsync(user);
                walk._phones.Add(await TestPhone.AddAsync(server, user));
                walk._phones.Add(await TestPhone.AddAsync(server, user));
            }

            if (kind is DatabaseKind.Postgres)
            {
                walk._nodes.Add(await server.AgainAsync());
            }

            return walk;
        }

        /// <summary>One thing, or a few at the same moment.</summary>
        public async Task StepAsync()
        {
            first.Clock.Advance(TimeSpan.FromMilliseconds(dice.Next(1, 1500)));
            List<Task> together = [];
            for (int i = dice.Next(1, 4); i > 0; i--)
            {
                together.Add(dice.Next(21) switch
                {
                    < 5 => OpenAsync(dice.Next(2) == 0),
                    < 7 => PollAsync(),
                    7 => BreakAsync(),
                    < 10 => SendAgainAsync(),
                    < 15 => AnswerAsync(),
                    15 => LieAsync(),
                    16 => CancelAsync(),
                    17 => Node.Get<IEnumerable<Microsoft.Extensions.Hosting.IHostedService>>()
                        .OfType<Sweep>().Single().RunOnceAsync(TestServer.Stop),
                    18 => DisableAsync(),
                    19 => CutAsync(),
                    _ => Task.CompletedTask,
                });
            }

            await Task.WhenAll(together);
            await Task.Delay(dice.Next(20), TestServer.Stop);
            switch (dice.Next(25))
            {
                case 0:
                    await CrashAsync();
                    break;
                case 1 or 2:
                    first.Clock.Advance(TimeSpan.FromSeconds(dice.Next(60)));
                    break;
            }
        }

        /// <summary>What holds at any moment.</summary>
        public async Task CheckAsync()
        {
            // Before the rows are read: what has arrived by now was marked before.
            int allows = Volatile.Read(ref _allows);
            int[] byId = [.. _allowsById.Values];
            List<Authentication> rows = await Node.ReadAsync(
                db => db.Set<Authentication>().AsNoTracking().ToListAsync(TestServer.Stop));
            foreach (Authentication row in rows)
            {
                if (row.State is AuthenticationState.Allowed)
                {
                    Assert.True(_approved.ContainsKey(row.TransactionId), "allowed, and nobody approved it");
                }

                if (_seen.TryGetValue(row.TransactionId, out AuthenticationState before)
                    && before is AuthenticationState.Denied)
                {
                    Assert.Equal(AuthenticationState.Denied, row.State);
                }

                Assert.InRange(row.Answers, 0, 15);
                _seen[row.TransactionId] = row.State;
            }

            Assert.All(byId, times => Assert.Equal(1, times));
            Assert.True(allows <= rows.Count(row => row.IsRedeemed), "an allow was given out twice");
        }

        /// <summary>Everything comes to its end, and has left its trace.</summary>
        public async Task EndAsync()
        {
            await Task.Delay(200, TestServer.Stop);
            first.Clock.Advance(TimeSpan.FromSeconds(58));
            await Task.WhenAll(_logins.Select(login => login.Answer)).WaitAsync(TimeSpan.FromSeconds(30), TestServer.Stop);
            await Node.Get<IEnumerable<Microsoft.Extensions.Hosting.IHostedService>>().OfType<Sweep>().Single()
                .RunOnceAsync(TestServer.Stop);
            await CheckAsync();
            await Node.ReadAsync(async db =>
            {
                Assert.Empty(await db.Set<PendingPush>().ToListAsync(TestServer.Stop));
                List<Authentication> rows = await db.Set<Authentication>().ToListAsync(TestServer.Stop);
                List<AuditEvent> events = await db.Set<AuditEvent>()
                    .Where(e => e.TransactionId != null).ToListAsync(TestServer.Stop);
                Assert.DoesNotContain(rows, row => row.State is AuthenticationState.Waiting);
                foreach (Authentication row in rows)
                {
                    string[] told = [.. events.Where(e => e.TransactionId == row.TransactionId).Select(e => e.Reason)];
                    Assert.Single(told, reason => reason != Reasons.UserDisabled || told.Length == 1);
                }

                List<Approval> kept = await db.Set<Approval>().ToListAsync(TestServer.Stop);
                Assert.All(kept, k => Assert.NotNull(new ApprovalEvidence(k.At, k.PublicKey, k.Jws).Verify()));
                string[] allowed = [.. events.Where(e => e.Reason == Reasons.UserApproved).Select(e => e.TransactionId!)];
                Assert.Equal(allowed.Length, allowed.Distinct().Count());
                Assert.All(allowed, id => Assert.Contains(id, kept.Select(k => k.TransactionId)));
                return true;
            });
        }

        public async ValueTask DisposeAsync()
        {
            foreach (TestServer node in _nodes.Concat(_gone).Where(node => node != first))
            {
                await node.DisposeAsync();
            }

            await first.DisposeAsync();
        }

        private async Task OpenAsync(bool isAsync)
        {
            TestHost host = _hosts[dice.Next(_hosts.Count)] with
            {
                Address = dice.Next(3) == 0 ? "198.51.100.66" : "203.0.113.5",
            };
            TestRequest request = host.Auth(dice.Next(2) == 0 ? "alice" : "bob", $"push{dice.Next(1, 3)}");
            if (isAsync)
            {
                request = request with
                {
                    Parameters = [.. request.Parameters.Where(p => p.Name != "async"), ("async", "1")],
                };
            }

            Login login = Begin(host with { Server = Node }, request);
            if (isAsync)
            {
                await login.Answer;
            }
        }

        private Login Begin(TestHost host, TestRequest request)
        {
            Login login = new(host, request);
            login.Answer = SendAsync(login);
            _logins.Add(login);
            return login;
        }

        private async Task SendAsync(Login login)
        {
            try
            {
                using HttpClient client = new();
                using HttpRequestMessage request = login.Host.Sign(login.Request);
                using HttpResponseMessage response = await client.SendAsync(request, login.Break.Token);
                string body = await response.Content.ReadAsStringAsync(login.Break.Token);
                using var json = System.Text.Json.JsonDocument.Parse(body);
                if (!json.RootElement.TryGetProperty("response", out var answer))
                {
                    return;
                }

                login.Id = answer.TryGetProperty("txid", out var id) ? id.GetString() : null;
                if (answer.TryGetProperty("result", out var result) && result.GetString() == "allow")
                {
                    Interlocked.Increment(ref _allows);
                    if (login.Request.Method == "GET")
                    {
                        _allowsById.AddOrUpdate(login.Request.Parameters[0].Value, 1, (_, times) => times + 1);
                    }
                }
            }
            catch (Exception lost) when (lost is HttpRequestException or OperationCanceledException or IOException)
            {
                // The connection broke, or the node is gone.
            }
        }

        private Task PollAsync()
        {
            if (Any(_logins.Where(login => login.Id is not null)) is { } opened)
            {
                Begin(opened.Host with { Server = Node }, new("GET", "/auth/v2/auth_status", ("txid", opened.Id!)));
            }

            return Task.CompletedTask;
        }

        private async Task BreakAsync()
        {
            if (Any(_logins.Where(login => !login.Answer.IsCompleted)) is { } waiting)
            {
                await waiting.Break.CancelAsync();
            }
        }

        private Task SendAgainAsync()
        {
            if (Any(_logins.Where(login => login.Request.Method == "POST" && login.Break.IsCancellationRequested))
                is { } broken)
            {
                Begin(broken.Host with { Server = Node }, broken.Request);
            }

            return Task.CompletedTask;
        }

        private async Task AnswerAsync()
        {
            TestPhone phone = _phones[dice.Next(_phones.Count)] with { Server = Node };
            ApprovalDecision decision = (ApprovalDecision)dice.Next(1, 7) is var drawn && (int)drawn <= 3
                ? drawn
                : ApprovalDecision.Approve;
            foreach (WaitingPush push in await phone.Server.Get<ListPushes>().RunAsync(phone.Id, TestServer.Stop))
            {
                string? number = decision is ApprovalDecision.Approve && push.Digits is not null
                    ? await NumberAsync(push)
                    : null;
                bool isWrong = number is not null && dice.Next(2) == 0;
                string jws = phone.Sign(push.Record, decision, isWrong ? WrongOf(number!) : number);
                if (decision is ApprovalDecision.Approve && !isWrong)
                {
                    _approved[push.Record.Transaction] = true;
                    lock (_sent)
                    {
                        _sent.Add((push.Record.Transaction, jws));
                    }
                }

                await phone.SendAsync(push.Record.Transaction, jws);
            }
        }

        /// <summary>What the login's screen shows; of a login that is over by now, anything.</summary>
        private async Task<string> NumberAsync(WaitingPush push) => await Node.ReadAsync(db => db.Set<PendingPush>()
            .Where(p => p.TransactionId == push.Record.Transaction).Select(p => p.Number)
            .SingleOrDefaultAsync(TestServer.Stop)) ?? "00";

        private static string WrongOf(string number) => (number[0] == '9' ? '0' : '9') + number[1..];

        /// <summary>A replay, an alteration, or another's phone.</summary>
        private async Task LieAsync()
        {
            TestPhone phone = _phones[dice.Next(_phones.Count)] with { Server = Node };
            PendingPush? push = await Node.ReadAsync(
                db => db.Set<PendingPush>().AsNoTracking().FirstOrDefaultAsync(TestServer.Stop));
            if (push is null)
            {
                return;
            }

            ApprovalRecord record = push.ToRecord(new ServerName("sallyport.example"));
            (string, string)[] sent;
            lock (_sent)
            {
                sent = [.. _sent];
            }

            string jws = dice.Next(3) switch
            {
                0 when sent.Length > 0 => sent[dice.Next(sent.Length)].Item2,
                1 => phone.Sign(record with { Address = "192.0.2.9" }, ApprovalDecision.Approve),
                _ => (Any(_phones.Where(other => other.Id != push.DeviceId)) ?? phone)
                    .Sign(record, ApprovalDecision.Approve),
            };
            if (_approved.ContainsKey(push.TransactionId))
            {
                return; // it would be no lie
            }

            PushAnswer answer = await phone.SendAsync(push.TransactionId, jws);
            Assert.True(answer is PushAnswer.Refused or PushAnswer.Gone, $"a lie was taken: {answer}");
        }

        private async Task CancelAsync()
        {
            if (Any(_logins.Where(login => login.Id is not null)) is { } opened)
            {
                await (opened.Host with { Server = Node }).SendAsync(
                    new("POST", "/sallyport/v1/cancel", ("txid", opened.Id!)));
            }
        }

        private async Task DisableAsync()
        {
            string user = dice.Next(2) == 0 ? "alice" : "bob";
            await Node.Get<DisableUser>().RunAsync(user, TestServer.Stop);
            await Node.Get<EnableUser>().RunAsync(user, TestServer.Stop);
        }

        /// <summary>Nodes that live lose their locks for a moment, and are taken for gone.</summary>
        private Task<int> CutAsync() => Node.ReadAsync(async db => db is Persistence.PostgresDbContext
            ? await db.Database.ExecuteSqlAsync(
                $"""
                SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """,
                TestServer.Stop)
            : 0);

        /// <summary>
        /// A node goes, with all that waits at it, and another comes. Killed, it had no time to say that nobody waits there.
        /// </summary>
        private async Task CrashAsync()
        {
            TestServer node = Node;
            _nodes.Remove(node);
            _gone.Add(node);
            long? killed = dice.Next(2) == 0 ? node.Get<Persistence.Node>().Id : null;
            string[] held = await node.ReadAsync(db => db.Set<Authentication>()
                .Where(a => killed != null && a.Waiter == killed).Select(a => a.TransactionId).ToArrayAsync(TestServer.Stop));
            await node.StopAsync();
            TestServer next = await first.AgainAsync();
            await next.ReadAsync(db => db.Set<Authentication>()
                .Where(a => held.Contains(a.TransactionId) && a.Waiter == Persistence.Node.None)
                .ExecuteUpdateAsync(a => a.SetProperty(x => x.Waiter, killed), TestServer.Stop));
            _nodes.Add(next);
        }

        private T? Any<T>(IEnumerable<T> some)
            where T : class
        {
            T[] all = [.. some];
            return all.Length == 0 ? null : all[dice.Next(all.Length)];
        }
    }

    private sealed class Login(TestHost host, TestRequest request)
    {
        public TestHost Host { get; } = host;

        public TestRequest Request { get; } = request;

        public CancellationTokenSource Break { get; } = new();

        public Task Answer { get; set; } = Task.CompletedTask;

        public string? Id { get; set; }
    }

    /// <summary>The same numbers for the same seed, on every machine (SplitMix64).</summary>
    private sealed class Dice(int seed)
    {
        private ulong _state = (ulong)seed;

        public int Next(int end)
        {
            unchecked
            {
                ulong z = _state += 0x9E3779B97F4A7C15;
                z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
                z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
                return (int)((z ^ (z >> 31)) % (ulong)end);
            }
        }

        public int Next(int begin, int end) => begin + Next(end - begin);
    }
}
