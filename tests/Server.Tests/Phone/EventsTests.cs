using System.Text.Json;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Authentications;
using Sallyport.Server.Phone;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Phone;

public sealed class EventsTests
{
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task What_waits_is_told_at_once_and_whenever_it_changes(DatabaseKind kind)
    {
        await using TestServer server = await PhonePushes.StartAsync(kind);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        using TestEvents events = await phone.EventsAsync();

        Assert.Equal("text/event-stream", events.Response.Content.Headers.ContentType!.ToString());
        Assert.True(events.Response.Headers.CacheControl!.NoStore);
        Assert.Empty(await events.NextAsync());
        string transaction = await server.OpenPushAsync("alice");
        JsonElement request = Assert.Single(await events.NextAsync());
        Assert.Equal(transaction, request.GetProperty("transaction").GetString());
        Assert.Equal(request.ToString(), Assert.Single(await phone.PendingAsync()).ToString());

        Assert.Equal("taken", await phone.AnswerAsync(request, ApprovalDecision.Approve));
        Assert.Empty(await events.NextAsync());
        await server.OpenPushAsync("alice");
        Assert.Single(await events.NextAsync());
    }

    [Fact]
    public async Task What_waits_at_one_node_is_told_and_answered_at_another()
    {
        await using TestServer one = await PhonePushes.StartAsync(DatabaseKind.Postgres);
        await using TestServer other = await one.AgainAsync();
        await one.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(one, "alice");
        TestPhone there = phone.At(other);
        using TestEvents events = await there.EventsAsync();
        Assert.Empty(await events.NextAsync());

        string transaction = await one.OpenPushAsync("alice");
        JsonElement request = Assert.Single(await events.NextAsync());
        Assert.Equal("taken", await there.AnswerAsync(request, ApprovalDecision.Approve));
        Assert.Empty(await events.NextAsync());
        Assert.Equal("allow allow", await one.StatusAsync(transaction));

        Assert.Equal("204", (await phone.SendAsync("DELETE", "device")).Said);
        Assert.Null(await events.LineAsync());
    }

    [Fact]
    public async Task Another_phones_are_not_told()
    {
        await using TestServer server = await PhonePushes.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        await server.AddUserAsync("bob");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        using TestPhone other = await TestPhone.ActivatedAsync(server, "bob");
        using TestEvents events = await other.EventsAsync();
        Assert.Empty(await events.NextAsync());

        await server.OpenPushAsync("alice");
        (string? line, _) = await events.LineInTimeAsync(_second);

        Assert.Equal(":", line);
    }

    [Fact]
    public async Task Where_nothing_happens_there_is_a_comment_in_fifteen_seconds_and_an_end_after_ten_minutes()
    {
        await using TestServer server = await PhonePushes.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        DateTimeOffset begun = server.Now;
        using TestEvents events = await phone.EventsAsync();
        Assert.Empty(await events.NextAsync());

        (string? line, int steps) = await events.LineInTimeAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(":", line);
        Assert.InRange(steps, 3, 4);
        Assert.Equal("", await events.LineAsync());
        while (line is not null)
        {
            (line, _) = await events.LineInTimeAsync(EventStreams.KeepAlive);
            Assert.True(line is ":" or "" or null, line);
        }

        Assert.InRange(server.Now - begun, EventStreams.Longest, EventStreams.Longest + (4 * EventStreams.KeepAlive));
        using TestEvents again = await phone.EventsAsync();
        Assert.Empty(await again.NextAsync());
    }

    [Fact]
    public async Task What_nobody_told_it_is_seen_with_the_next_comment()
    {
        await using TestServer server = await PhonePushes.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        using TestEvents events = await phone.EventsAsync();
        Assert.Empty(await events.NextAsync());
        await server.OpenPushAsync("alice");
        Assert.Single(await events.NextAsync());

        // Its time is over: no signal says so.
        (string? line, _) = await events.LineInTimeAsync(_second * 4);
        while (line is ":" or "")
        {
            (line, _) = await events.LineInTimeAsync(_second * 4);
        }

        Assert.Equal("event: pending", line);
        Assert.Equal("""data: {"requests":[]}""", await events.LineAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_ends_when_the_phone_is_removed(bool byOwner)
    {
        await using TestServer server = await PhonePushes.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        using TestEvents events = await phone.EventsAsync();
        Assert.Empty(await events.NextAsync());

        if (byOwner)
        {
            Assert.Equal("204", (await phone.SendAsync("DELETE", "device")).Said);
        }
        else
        {
            await server.Get<RemoveDevice>().RunAsync(phone.Device!, TestServer.Stop);
        }

        Assert.Null(await events.LineAsync());
    }

    [Fact]
    public async Task The_oldest_of_a_phone_ends_when_it_has_too_many()
    {
        await using TestServer server = await PhonePushes.StartAsync(DatabaseKind.Sqlite);
        await server.AddUserAsync("alice");
        using TestPhone phone = await TestPhone.ActivatedAsync(server, "alice");
        List<TestEvents> streams = [];
        for (int i = 0; i < EventStreams.MostPerPhone + 2; i++)
        {
            streams.Add(await phone.EventsAsync());
            Assert.Empty(await streams[i].NextAsync());
        }

        Assert.Null(await streams[0].LineAsync());
        Assert.Null(await streams[1].LineAsync());
        await server.OpenPushAsync("alice");
        foreach (TestEvents open in streams[2..])
        {
            Assert.Single(await open.NextAsync());
        }

        streams.ForEach(stream => stream.Dispose());
    }
}
