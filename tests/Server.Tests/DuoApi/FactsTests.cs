using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Server.DuoApi;
using Sallyport.Server.Persistence;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.DuoApi;

/// <summary>Facts about Duo's clients that no other test is about; the numbers are those of the facts.</summary>
public sealed class FactsTests : IAsyncLifetime
{
    private TestServer _server = null!;

    private TestHost Host => _server.Host;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync(DatabaseKind.Sqlite);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>The text that is signed is written out here, by hand.</summary>
    [Theory]
    [InlineData("username=alice&hostname=web+1&ipaddr=1.2.3.4")] // as SDKs send a form: as it was put together
    [InlineData("ipaddr=%31.2.3.4&username=alice&hostname=web%201")]
    [InlineData("hostname=web%201&ipaddr=1.2.3.4&username=%61lic%65")]
    public async Task Facts_7_2_parameters_are_decoded_and_encoded_again_before_the_signature_is_checked(string body)
    {
        await _server.EnrolAsync("alice");
        string date = _server.Now.ToString("r", CultureInfo.InvariantCulture);
        string text = $"{date}\nPOST\n{_server.Address.Host}\n/auth/v2/preauth\n"
            + "hostname=web%201&ipaddr=1.2.3.4&username=alice";
        string mac = Convert.ToHexStringLower(
            HMACSHA512.HashData(Encoding.ASCII.GetBytes(Host.Skey), Encoding.ASCII.GetBytes(text)));

        TestAnswer answer = await Host.SendAsync(new("POST", "/auth/v2/preauth")
        {
            Body = Encoding.ASCII.GetBytes(body),
            Authorization = "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Host.Ikey}:{mac}")),
        });

        Assert.Equal("auth", answer.Text("result"));
    }

    [Fact]
    public void Facts_7_2_signatures_are_compared_in_constant_time()
    {
        string root = SliceDependencyTests.RepositoryRoot();
        string verify = File.ReadAllText(Path.Combine(root, "src", "Protocol", "Duo", "DuoSignature.cs"));

        Assert.Equal(2, verify.Split("CryptographicOperations.FixedTimeEquals(").Length);
        Assert.DoesNotContain("SequenceEqual", verify, StringComparison.Ordinal);
        Assert.DoesNotContain("break;", verify, StringComparison.Ordinal); // also the first that fits ends nothing
    }

    /// <summary>Python's SDK, told to wait, sends the same bytes again: they were not decided yet.</summary>
    [Fact]
    public async Task Facts_7_2_what_was_told_to_wait_may_come_again_with_the_same_signature()
    {
        TestUser alice = await _server.EnrolAsync("alice");
        TestRequest login = Host.Auth("alice", alice.Passcode());
        TestAnswer told;
        await using (await BusyAsync())
        {
            told = await Host.SendAsync(login);
        }

        TestAnswer again = await Host.SendAsync(login);

        Assert.Equal((HttpStatusCode.TooManyRequests, 42901), (told.Status, told.Code));
        Assert.Equal("allow", again.Text("result"));
    }

    [Fact]
    public async Task Facts_7_6_enter_and_garbage_are_counted_as_wrong_codes()
    {
        TestUser alice = await _server.EnrolAsync("alice");
        foreach (string typed in (string[])["\n", "", " ", "push1", "hunter2"])
        {
            Assert.Equal("deny", await Host.LogInAsync("alice", typed));
        }

        TestAnswer right = await Host.AuthAsync("alice", alice.Passcode());

        Assert.Equal("deny", right.Text("result"));
        Assert.StartsWith("Too many wrong passcodes.", right.Text("status_msg"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("login_duo/1.11.3 (x86_64-pc-linux-gnu) libduo/1.11.3", true)]
    [InlineData("pam_duo/2.2.3 (x86_64-pc-linux-gnu) libduo/2.2.3", true)]
    [InlineData("login_duo/2.2.4 (x86_64-pc-linux-gnu) libduo/2.2.4", false)]
    [InlineData("pam_duo/3.0.0", false)]
    [InlineData("Duo API Python/5.6.1", false)]
    [InlineData("login_duo/garbage", false)]
    public async Task Facts_7_10_clients_that_may_fail_open_are_named_in_the_log(string userAgent, bool isOld)
    {
        await _server.EnrolAsync("alice");

        await Host.SendAsync(Host.Preauth("alice") with { UserAgent = userAgent });

        Assert.Equal(isOld, _server.Log.Lines.Any(line => line.Contains("up to 2.2.3", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Facts_7_11_before_2_2_the_link_is_in_the_status()
    {
        await _server.AddUserAsync("ada");
        await _server.ChangeUserAsync(
            "ada", u => (u.InvitationMac, u.InvitedUntil) = ([1], _server.Now.AddHours(1)));

        TestAnswer answer = await Host.SendAsync(new("POST", "/rest/v1/preauth.json", ("user", "ada")));

        Assert.Equal("enroll", answer.Text("result"));
        Assert.Equal("Please enroll at https://sallyport.example/portal", answer.Text("status"));
    }

    /// <summary>Logins of somebody else fill all places, behind an act that does not end before this does.</summary>
    private async Task<IAsyncDisposable> BusyAsync()
    {
        Crowd crowd = new(_server.Get<Transactions>());
        TestHost elsewhere = Host with { Address = "198.51.100.9" };
        for (int i = 0; !crowd.IsTurnedAway; i++)
        {
            crowd.Add(elsewhere.Sign(elsewhere.Auth("nobody", "000000", ("n", $"{i}"))));
            await Task.Delay(i < DuoRequests.MostAtOnce ? 0 : 50, TestServer.Stop);
        }

        return crowd;
    }

    private sealed class Crowd : IAsyncDisposable
    {
        private readonly HttpClient _http = new();
        private readonly TaskCompletionSource _gate = new();
        private readonly List<Task<HttpResponseMessage>> _waiting = [];
        private readonly Task<bool> _held;

        public Crowd(Transactions transactions) => _held = transactions.RunAsync(
            async (_, _) =>
            {
                await _gate.Task;
                return true;
            },
            CancellationToken.None);

        public bool IsTurnedAway => _waiting.Any(one => one.IsCompleted);

        public void Add(HttpRequestMessage request) => _waiting.Add(_http.SendAsync(request, TestServer.Stop));

        public async ValueTask DisposeAsync()
        {
            _gate.SetResult();
            await _held;
            await Task.WhenAll(_waiting);
            _http.Dispose();
        }
    }
}
