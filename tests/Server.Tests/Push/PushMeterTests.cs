using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Push;

public sealed class PushMeterTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task However_a_push_ends_it_is_counted_once_as_it_was_audited(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        ConcurrentQueue<string> counted = [];
        using MeterListener listener = Listen(server, counted);
        TestHost other = await server.AddHostAsync(new AddApplicationRequest("database"));
        await server.AddUserAsync("alice");
        TestPhone phone = await TestPhone.AddAsync(server, "alice");

        // Superseded, then approved.
        Task<TestAnswer> first = server.Host.AuthAsync("alice", "push");
        WaitingPush push = await phone.WaitingAsync();
        Task<TestAnswer> second = server.Host.AuthAsync("alice", "push1");
        push = await phone.WaitingAsync(not: push.Record.Transaction);
        await phone.AnswerAsync(push, ApprovalDecision.Approve);
        await Task.WhenAll(first, second);

        // Nobody answers: a client that waits, and one that is gone.
        first = server.Host.AuthAsync("alice", "push");
        await phone.WaitingAsync();
        await Task.Delay(200, TestServer.Stop); // it waits by now
        server.Clock.Advance(TimeSpan.FromSeconds(55));
        await first;
        await OpenAsync(other);
        server.Clock.Advance(TimeSpan.FromSeconds(58));
        await server.Get<IEnumerable<Microsoft.Extensions.Hosting.IHostedService>>().OfType<Sweep>().Single()
            .RunOnceAsync(TestServer.Stop);

        // Reported, and what else waits with it; cancelled; and its phone is removed.
        await OpenAsync(server.Host);
        push = await phone.WaitingAsync();
        await OpenAsync(other);
        await phone.AnswerAsync(push, ApprovalDecision.Fraud);
        await server.Get<UnlockUser>().RunAsync("alice", TestServer.Stop);
        await other.SendAsync(new("POST", "/sallyport/v1/cancel", ("txid", await OpenAsync(other))));
        await OpenAsync(other);
        KnownPhone known = (await server.Get<FindPhone>().RunAsync(phone.Key, TestServer.Stop))!;
        await server.Get<RemovePhone>().RunAsync(known, null, TestServer.Stop);

        string[] audited =
        [
            "denied no_response duo_push", "denied no_response duo_push", "denied superseded duo_push",
            "denied user_cancelled duo_push", "denied user_cancelled duo_push", "denied user_mistake duo_push",
            "fraud user_marked_fraud duo_push", "success user_approved duo_push",
        ];
        Assert.Equal(audited, (await server.AuditAsync()).Order(StringComparer.Ordinal));
        Assert.Equal(audited, counted.Order(StringComparer.Ordinal));
    }

    private static MeterListener Listen(TestServer server, ConcurrentQueue<string> counted)
    {
        object scope = server.Get<IMeterFactory>();
        MeterListener listener = new()
        {
            InstrumentPublished = (instrument, it) =>
            {
                if (instrument.Name == "sallyport.authentications" && instrument.Meter.Scope == scope)
                {
                    it.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(
            (_, value, tags, _) => counted.Enqueue(string.Join(' ', tags.ToArray().Select(tag => tag.Value))));
        listener.Start();
        return listener;
    }

    /// <summary>Its id; nobody waits for it.</summary>
    private static async Task<string> OpenAsync(TestHost host)
    {
        host.Server.Clock.Advance(TimeSpan.FromMilliseconds(1001));
        TestRequest request = host.Auth("alice", "push1");
        TestAnswer answer = await host.SendAsync(request with
        {
            Parameters = [.. request.Parameters.Where(p => p.Name != "async"), ("async", "1")],
        });
        return answer.Text("txid")!;
    }
}
