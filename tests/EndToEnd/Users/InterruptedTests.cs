using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Users;

/// <summary>A run over a file that is killed somewhere, and run again.</summary>
public sealed class InterruptedTests
{
    private static readonly string[] Names = ["alice", "bob", "carol", "dave"];

    // Without -f: the tools of the distribution that it has started go on, as they do when only it is killed.
    private const string Killed = """
        strace -qq -o /root/trace -e trace="$1" -e inject="$1":signal=KILL:when="$2" \
            sallyport user add --from=/root/users.csv --letters=/root/letters
        exit $?
        """;

    [Theory]
    [InlineData("vfork", 1)] // before the first useradd
    [InlineData("vfork", 2)]
    [InlineData("vfork", 4)]
    [InlineData("vfork", 5)]
    [InlineData("vfork", 7)]
    [InlineData("mkdirat", 1)] // .ssh
    [InlineData("mkdirat", 3)]
    [InlineData("renameat", 1)] // authorized_keys, invitation
    [InlineData("renameat", 2)]
    [InlineData("renameat", 3)]
    [InlineData("renameat", 4)]
    [InlineData("fsync", 2)]
    [InlineData("fsync", 5)] // the letter
    [InlineData("fsync", 9)]
    public async Task Everybody_is_there_after_the_next_run_with_one_code_that_works(string call, int number)
    {
        await using UsersHost host = await StartAsync();

        Outcome killed = await host.Sandbox.TryAsync("sh", "-c", Killed, "sh", call, $"{number}");
        await host.ShAsync("while pidof useradd usermod userdel; do sleep 0.05; done; true");
        Outcome again = await host.DoesAsync("add", "--from=/root/users.csv", "--letters=/root/letters");

        Assert.True(killed.ExitCode == 128 + 9, killed.ToString());
        await MustBeWholeAsync(host, again);
    }

    [Fact]
    public async Task Killed_at_any_moment_of_the_clock_it_goes_on_too()
    {
        await using UsersHost host = await StartAsync();
        Outcome killed = await host.Sandbox.TryAsync("sh", "-c", """
            sallyport user add --from=/root/users.csv --letters=/root/letters &
            while ! grep -q '^bob:' /etc/passwd; do :; done
            kill -KILL $!
            wait $!
            """);
        await host.ShAsync("while pidof useradd usermod userdel; do sleep 0.05; done; true");

        Outcome again = await host.DoesAsync("add", "--from=/root/users.csv", "--letters=/root/letters");

        Assert.Equal(128 + 9, killed.ExitCode);
        Assert.Contains("1 of 4: alice was there, with this key", again.Errors, StringComparison.Ordinal);
        await MustBeWholeAsync(host, again);
    }

    [Fact]
    public async Task A_tool_that_is_killed_makes_it_take_back_what_was_made()
    {
        await using UsersHost host = await StartAsync();
        string before = await host.ShAsync("cat /etc/passwd; ls /home");

        Outcome failed = await host.Sandbox.TryAsync("sh", "-c", """
            strace -f -qq -o /dev/null -e trace=fsync -e inject=fsync:signal=KILL:when=12 \
                sallyport user add --from=/root/users.csv
            """);

        Assert.Equal(1, failed.ExitCode);
        Assert.Contains("alice (line 2): useradd: exit code 137", failed.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("added", failed.Errors, StringComparison.Ordinal);
        Assert.Equal(before, await host.ShAsync("cat /etc/passwd; ls /home"));
        await host.DoesAsync("add", "--from=/root/users.csv", "--letters=/root/letters");
    }

    [Fact]
    public async Task What_is_not_finished_is_nobodys_with_another_key()
    {
        await using UsersHost host = await StartAsync();
        await host.Sandbox.TryAsync("sh", "-c", Killed, "sh", "mkdirat", "1");
        await host.ShAsync("ssh-keygen -q -t ed25519 -N '' -f /root/other");

        Outcome other = await host.UserAsync("add", "alice", "--key-file=/root/other.pub", "--existing");
        await host.DoesAsync("remove", "alice", "--yes");
        await host.DoesAsync("add", "alice", "--key-file=/root/other.pub");

        Assert.Equal(1, other.ExitCode);
        Assert.Contains("an account is there that was not finished, with another key", other.Errors, StringComparison.Ordinal);
    }

    private static async Task<UsersHost> StartAsync()
    {
        UsersHost host = await UsersHost.StartAsync();
        host.Sandbox.Write("/root/users.csv", "name,key\n" + string.Concat(Names.Select(name => $"{name},{host.Key}\n")));
        return host;
    }

    /// <summary>The last letter to each holds, and lets him enrol.</summary>
    private static async Task MustBeWholeAsync(UsersHost host, Outcome again)
    {
        string letters = host.Sandbox.Read("/root/letters");
        foreach (string name in Names)
        {
            Assert.True(await host.ExistsAsync(name), $"{name}: {again}");
            Assert.Equal(host.Key + "\n", host.Sandbox.Read($"/home/{name}/.ssh/authorized_keys"));
            Assert.True(host.Sandbox.Exists($"/home/{name}/.profile"), name);
            using var person = Terminal.Open(host.Sandbox, name, "sallyport enroll");
            await person.AnswerAsync(StoreHost.InvitationPrompt,
                UsersHost.CodeIn(letters[letters.LastIndexOf($"To {name},", StringComparison.Ordinal)..]));
            await person.AskedAsync(StoreHost.PasscodePrompt);
        }

        Assert.Equal("", await host.ShAsync("grep unfinished /etc/passwd || true"));
        // What was never given its name holds a hash that no code is known for.
        Assert.Equal(Names, host.Store.Files("invitations").Where(name => !name.Contains('~')));
    }
}
