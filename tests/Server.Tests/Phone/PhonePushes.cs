using Sallyport.Server.Applications;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Phone;

/// <summary>Logins that wait for a phone, as a host opens them.</summary>
internal static class PhonePushes
{
    public static Task<TestServer> StartAsync(DatabaseKind kind, NumberMatching matching = NumberMatching.Never) =>
        TestServer.StartAsync(kind, new("bastion") { NumberMatching = matching, TerminalDevices = true });

    extension(TestServer server)
    {
        /// <summary>The transaction's id.</summary>
        public async Task<string> OpenPushAsync(string user)
        {
            server.Clock.Advance(TimeSpan.FromMilliseconds(1001));
            TestAnswer answer = await server.Host.SendAsync(new(
                "POST",
                "/auth/v2/auth",
                [
                    ("username", user), ("factor", "push"), ("device", "auto"), ("async", "1"), ("hostname", "web1"),
                    ("ipaddr", "203.0.113.5"), ("pushinfo", "Server+IP=192.0.2.2"),
                ]));
            return answer.Text("txid")!;
        }

        /// <summary>"allow allow", "deny deny", "waiting pushed".</summary>
        public async Task<string> StatusAsync(string transaction)
        {
            server.Clock.Advance(TimeSpan.FromMilliseconds(1001));
            TestAnswer answer = await server.Host.SendAsync(
                new("GET", "/auth/v2/auth_status", [("txid", transaction)]));
            return $"{answer.Text("result")} {answer.Text("status")}";
        }
    }
}
