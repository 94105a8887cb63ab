using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Enrolment;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Users;

/// <summary>`sallyport user` as an administrator sees it, in 80 columns.</summary>
public sealed partial class UserTranscriptTests
{
    [Fact]
    public async Task A_colleague_comes_loses_her_phone_and_leaves()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        await host.ShAsync("cp /root/.ssh/id_ed25519.pub /root/alice.pub");
        string seen = await SeenAsync(host, "user add alice --key-file=/root/alice.pub --host=bastion.example.com", 0);
        await host.Store.EnrolByRootAsync("alice");
        seen += await SeenAsync(host, "user add alice --key-file=/root/alice.pub", 1);
        seen += await SeenAsync(host, "user reset alice", 0, "y");
        seen += await SeenAsync(host, "user remove alice", 1, "n");
        seen += await SeenAsync(host, "user remove alice --keep-home", 0, "y");

        MustBe("user-one.txt", seen);
    }

    [Fact]
    public async Task Refusals_stay_in_the_line()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        await host.ShAsync("cp /root/.ssh/id_ed25519.pub /root/alice.pub; printf 'name,key\\n-o,x\\nbob,ssh-dss AAAA\\n' > /root/users.csv");
        string seen = "";
        foreach ((string line, int code) in new[]
        {
            ("user add alice --key=ssh-dss", 1), ("user add --from=/root/users.csv", 1), ("user add root --existing --key-file=/root/alice.pub", 1),
            ("user reset alice", 1), ("user remove root", 1), ("user remove alice --yes", 1),
        })
        {
            seen += await SeenAsync(host, line, code);
        }

        MustBe("user-refusals.txt", seen);
    }

    [Theory]
    [InlineData("user", "add, list, reset or remove")]
    [InlineData("user make alice", "add, list, reset or remove")]
    [InlineData("user add alice", "one of --key, --key-file and --from")]
    [InlineData("user add alice --key=x --key-file=y", "one of --key, --key-file and --from")]
    [InlineData("user add --key=x", "whom?")]
    [InlineData("user add alice bob --key=x", "unexpected argument 'bob'")]
    [InlineData("user add alice --from=x", "unexpected argument 'alice'")]
    [InlineData("user add --from=x --groups=sudo", "--groups is not for --from")]
    [InlineData("user add alice --key=x --groups=no-such-group", "--groups takes groups that there are")]
    [InlineData("user add alice --key=x --shell=/bin/nothing", "/bin/nothing is not a shell of /etc/shells")]
    [InlineData("user add alice --key=x --expires=91d", "--expires takes 60s to 90d")]
    [InlineData("user add alice --key=x --host=a\u001bb", "--host takes a name or an address")]
    [InlineData("user add alice --key=x --yes", "--yes is not for that")]
    [InlineData("user list --kill", "--kill is not for that")]
    [InlineData("user list alice", "unexpected argument 'alice'")]
    [InlineData("user reset", "whom?")]
    [InlineData("user reset alice --key=x", "--key is not for that")]
    [InlineData("user remove alice --existing", "--existing is not for that")]
    public async Task A_wrong_line_is_told_with_the_usage(string line, string said)
    {
        await using UsersHost host = await UsersHost.StartAsync();

        Outcome wrong = await host.Store.RootAsync(line.Split(' '));

        Assert.Equal(64, wrong.ExitCode);
        Assert.StartsWith("sallyport user", wrong.Errors, StringComparison.Ordinal);
        Assert.Contains(said, wrong.Errors.Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains("usage: sallyport user add", wrong.Errors, StringComparison.Ordinal);
    }

    private static async Task<string> SeenAsync(UsersHost host, string line, int code, string? answer = null)
    {
        using var terminal = Terminal.Open(host.Sandbox, "root", $"sallyport {line}");
        if (answer is not null)
        {
            await terminal.AnswerAsync("(y/n) ", answer);
        }

        Assert.Equal(code, await terminal.EndAsync());
        Assert.All(terminal.Seen.Split('\n'), shown => Assert.InRange(shown.Length, 0, 80));
        return $"# sallyport {line}\n{terminal.Seen.Trim('\n')}\n[{code}]\n";
    }

    private static void MustBe(string transcript, string seen) => Transcript.MustBe(
        transcript, Moment().Replace(Fingerprint().Replace(Code().Replace(seen, "INVITATION"), "SHA256:FINGERPRINT"), "MOMENT"));

    [GeneratedRegex("[A-Z2-7]{4}(-[A-Z2-7]{4}){3}")]
    private static partial Regex Code();

    [GeneratedRegex("SHA256:[A-Za-z0-9+/]{43}")]
    private static partial Regex Fingerprint();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d \d\d:\d\d UTC")]
    private static partial Regex Moment();
}
