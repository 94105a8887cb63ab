using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Authentications;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.DuoApi;

/// <summary>What a host reports of logins that it let in by itself.</summary>
public sealed partial class BypassTests
{
    private const string Path = "/sallyport/v1/bypasses";
    private const string Id = "6f1f64a2-0d5c-4c43-9a53-1f4a9d1e7b10";

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_report_is_entered_as_the_hosts_word(DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestUser alice = await server.EnrolAsync("alice");

        TestAnswer answer = await SendAsync(server.Host, ("time", Seconds(server.Now.AddHours(-1))));

        Assert.Equal("entered", answer.Text("result"));
        AuditEvent entered = Assert.Single(await EventsAsync(server));
        Assert.Equal(
            ("success", "host_report", "not_available", "alice", alice.Key, "web1", "203.0.113.5", "bastion"),
            (entered.Result, entered.Reason, entered.Factor, entered.UserName, entered.UserKey, entered.HostName,
                entered.AccessAddress, entered.ApplicationName));
        Assert.Equal(
            (server.Now, $"let in at 2026-11-25T11:00:00Z, by the host's own report {Id}: failsafe"),
            (entered.At, entered.Detail));
        Assert.Equal(("127.0.0.1", server.Host.Ikey), (entered.ClientAddress, entered.ApplicationKey));
        Assert.Empty(await server.AuditAsync()); // no login that this server decided
        Assert.Contains(
            server.Log.Lines,
            line => line.StartsWith("web1 of bastion reports that it let alice in by itself", StringComparison.Ordinal));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task The_same_id_again_is_answered_alike_and_entered_once_and_another_applications_is_another(
        DatabaseKind kind)
    {
        await using TestServer server = await TestServer.StartAsync(kind);
        TestHost other = await server.AddHostAsync(new AddApplicationRequest("database"));

        foreach (TestAnswer answer in (TestAnswer[])[
            await SendAsync(server.Host),
            await SendAsync(server.Host),
            await SendAsync(server.Host, ("id", Id.ToUpperInvariant()), ("username", "mallory"))])
        {
            Assert.Equal("entered", answer.Text("result"));
        }

        Assert.Equal("alice", Assert.Single(await EventsAsync(server)).UserName);
        Assert.Single(server.Log.Lines, line => line.Contains("by itself", StringComparison.Ordinal));
        await SendAsync(other);
        await SendAsync(server.Host, ("id", Guid.CreateVersion7(server.Now).ToString()));
        Assert.Equal(3, (await EventsAsync(server)).Count);
    }

    [Fact]
    public async Task Of_many_at_two_nodes_one_is_entered()
    {
        await using TestServer one = await TestServer.StartAsync(DatabaseKind.Postgres);
        await using TestServer two = await one.AgainAsync();

        for (int round = 0; round < 5; round++)
        {
            string id = Guid.CreateVersion7(one.Now.AddSeconds(round)).ToString();
            TestAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 16)
                .Select(i => SendAsync(i % 2 == 0 ? one.Host : two.Host, ("id", id))));

            Assert.All(answers, answer => Assert.Equal("entered", answer.Text("result")));
            Assert.Equal(round + 1, (await EventsAsync(one)).Count);
        }

        Assert.Equal(5, one.Log.Lines.Concat(two.Log.Lines).Count(line => line.Contains("by itself", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("id", "")]
    [InlineData("id", "6f1f64a20d5c4c439a531f4a9d1e7b10")]
    [InlineData("id", "{6f1f64a2-0d5c-4c43-9a53-1f4a9d1e7b10}")]
    [InlineData("id", "00000000-0000-0000-0000-000000000000")]
    [InlineData("username", "")]
    [InlineData("username", "al\u001b[2Jice")]
    [InlineData("hostname", "")]
    [InlineData("hostname", "web1\n")]
    [InlineData("hostname", "\u202eweb1")]
    [InlineData("ipaddr", "203.0.113.5\r")]
    [InlineData("time", "")]
    [InlineData("time", "yesterday")]
    [InlineData("time", "-1")]
    [InlineData("time", "+1764072000")]
    [InlineData("time", "1764072000.5")]
    [InlineData("time", "0")]
    [InlineData("time", "99999999999")]
    [InlineData("reason", "")]
    [InlineData("reason", "fail\tsafe")]
    public async Task What_is_not_as_it_should_be_is_refused_by_its_name(string name, string value)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);

        TestAnswer refused = await SendAsync(server.Host, (name, value));

        Assert.Equal((value.Length == 0 ? 40001 : 40002, name), (refused.Code, refused.Detail));
        Assert.Empty(await EventsAsync(server));
    }

    [Theory]
    [InlineData("username", 256)]
    [InlineData("hostname", 255)]
    [InlineData("ipaddr", 255)]
    [InlineData("reason", 512)]
    public async Task A_text_has_its_length_and_no_more(string name, int most)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);

        TestAnswer longer = await SendAsync(server.Host, (name, new string('a', most + 1)));
        TestAnswer longest = await SendAsync(server.Host, (name, new string('a', most)));

        Assert.Equal((40002, name), (longer.Code, longer.Detail));
        Assert.Equal("entered", longest.Text("result"));
    }

    [Theory]
    [InlineData(300, true)]
    [InlineData(301, false)]
    [InlineData(-90 * 86400, true)]
    [InlineData(-90 * 86400 - 1, false)]
    public async Task A_time_is_neither_to_come_nor_too_long_ago(int seconds, bool isTaken)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);

        TestAnswer answer = await SendAsync(server.Host, ("time", Seconds(server.Now.AddSeconds(seconds))));

        Assert.Equal(isTaken ? HttpStatusCode.OK : HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(isTaken ? 1 : 0, (await EventsAsync(server)).Count);
    }

    [Theory]
    [InlineData("id")]
    [InlineData("username")]
    [InlineData("hostname")]
    [InlineData("time")]
    [InlineData("reason")]
    public async Task What_is_missing_is_refused_by_its_name(string name)
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);

        TestAnswer refused = await server.Host.SendAsync(
            new("POST", Path, [.. Good(server).Where(p => p.Name != name)]));

        Assert.Equal((40001, name), (refused.Code, refused.Detail));
        Assert.Empty(await EventsAsync(server));
    }

    [Fact]
    public async Task Without_an_address_it_is_entered_and_a_parameter_that_is_there_twice_or_unknown_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync(DatabaseKind.Sqlite);
        (string Name, string Value)[] good = Good(server);

        TestAnswer twice = await server.Host.SendAsync(new("POST", Path, [.. good, ("reason", "failsafe")]));
        TestAnswer unknown = await server.Host.SendAsync(new("POST", Path, [.. good, ("failmode", "open")]));
        TestAnswer entered = await server.Host.SendAsync(new("POST", Path, [.. good.Where(p => p.Name != "ipaddr")]));
        TestAnswer again = await SendAsync(server.Host, ("id", Guid.Empty.ToString()[..35] + "1"), ("ipaddr", "host.example.org"));

        Assert.Equal((40002, "reason"), (twice.Code, twice.Detail));
        Assert.Equal((40002, "unknown parameter"), (unknown.Code, unknown.Detail));
        Assert.Equal("entered", entered.Text("result"));
        Assert.Equal("entered", again.Text("result"));
        Assert.Equal([null, null], (await EventsAsync(server)).Select(e => e.AccessAddress));
    }

    [Fact]
    public async Task It_is_signed_with_a_date_by_an_application_that_is_there()
    {
        await using TestServer server = await TestServer.StartAsync(
            DatabaseKind.Sqlite, new("bastion") { LegacyClients = true });
        TestRequest request = new("POST", Path, Good(server));

        TestAnswer unsigned = await server.Host.SendAsync(request with { Authorization = "" });
        TestAnswer foreign = await (server.Host with { Skey = new string('x', 40) }).SendAsync(request);
        TestAnswer nobodys = await (server.Host with { Ikey = "DIAAAAAAAAAAAAAAAAAA" }).SendAsync(request);
        TestAnswer late = await server.Host.SendAsync(request with { ClockError = 301 });
        TestAnswer undated = await server.Host.SendAsync(
            request with { Version = DuoSignatureVersion.V1, Digest = DuoDigest.Sha1 });
        TestAnswer asked = await server.Host.SendAsync(request with { Method = "GET" });

        Assert.Equal(
            [40101, 40103, 40102, 40105, 40103, 40501],
            ((TestAnswer[])[unsigned, foreign, nobodys, late, undated, asked]).Select(answer => answer.Code));
        Assert.Equal("date is not signed", undated.Detail);
        Assert.Empty(await EventsAsync(server));
    }

    [Fact]
    public void The_page_has_its_parameters_and_no_other()
    {
        string root = SliceDependencyTests.RepositoryRoot();
        string page = File.ReadAllText(System.IO.Path.Combine(root, "docs", "reference", "duo-api.md"));
        string said = page.Split("### bypasses\n", 2)[1].Split("\n### ", 2)[0];

        Assert.Equal(["hostname", "id", "ipaddr", "reason", "time", "username"],
            Row().Matches(said).Select(row => row.Groups[1].Value).Order());
        Assert.Contains($"at most {ReportBypass.Oldest.TotalDays} days behind", said, StringComparison.Ordinal);
    }

    private static Task<TestAnswer> SendAsync(TestHost host, params (string Name, string Value)[] other) =>
        host.SendAsync(new("POST", Path, [.. Good(host.Server).ExceptBy(other.Select(o => o.Name), p => p.Name), .. other]));

    private static (string Name, string Value)[] Good(TestServer server) =>
    [
        ("id", Id), ("username", "alice"), ("hostname", "web1"), ("ipaddr", "203.0.113.5"),
        ("time", Seconds(server.Now)), ("reason", "failsafe"),
    ];

    private static string Seconds(DateTimeOffset at) =>
        at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    private static Task<List<AuditEvent>> EventsAsync(TestServer server) =>
        server.ReadAsync(db => db.Set<AuditEvent>().Where(e => e.Action == "bypass_report").ToListAsync(TestServer.Stop));

    [GeneratedRegex(@"^\| `(\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
