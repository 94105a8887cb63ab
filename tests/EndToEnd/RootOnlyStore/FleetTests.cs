using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;
using Sallyport.Protocol;

namespace Sallyport.EndToEnd.RootOnlyStore;

/// <summary>A thousand accounts with state files move in by one command.</summary>
public sealed partial class FleetTests
{
    private const int FirstUid = 20_000;

    // They need a line in passwd, and a home with a file in it.
    private const string MakeAccounts = """
        my ($count, $uid) = @ARGV;
        open(my $passwd, ">>", "/etc/passwd") or die;
        for my $i (0 .. $count - 1) {
            my ($name, $id) = (sprintf("u%04d", $i), $uid + $i);
            print $passwd "${name}:x:${id}:${id}::/home/${name}:/bin/sh\n";
            mkdir("/home/$name", 0700) or die;
            open(my $file, ">", "/home/$name/.google_authenticator") or die;
            my $secret = join("", map { chr(65 + (int($i / 26 ** $_) % 26)) } 0 .. 31);
            print $file "$secret\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n12345678\n";
            close($file);
            chmod(0400, "/home/$name/.google_authenticator");
            chown($id, $id, "/home/$name", "/home/$name/.google_authenticator");
        }
        """;

    // Dies by SIGKILL as it asks for that fsync: there is one behind each step of each account, about six in all.
    private const string KillAtSync = """
        strace -qq -o /dev/null -e trace=fsync -e inject=fsync:signal=KILL:when="$1" \
            sallyport import-ga --all --recovery-codes=/root/codes
        exit $?
        """;

    [Fact]
    public async Task A_thousand_accounts_move_in_with_progress()
    {
        const int count = 1000;
        await using StoreHost host = await StartAsync(count);

        Outcome import = await host.RootAsync("import-ga", "--all", "--recovery-codes=/root/codes");

        Assert.True(import.ExitCode == 0, import.ToString());
        Assert.Equal($"{count} imported, 0 not.\n", import.Output);
        string[] progress = import.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.InRange(progress.Length, count / 100, (count / 100) + 1); // and the accounts of the machine
        Assert.All(progress, line => Assert.Matches(@"^\d+00 of \d{4} accounts looked at, \d+ imported, 0 not$", line));
        Assert.Equal("600\n", await host.Sandbox.RunAsync("stat", "-c", "%a", "/root/codes"));
        Assert.Equal(Names(count), Codes(host));
        MustBeIn(host, count);
    }

    [Theory]
    [InlineData(1000, 3001)]
    [InlineData(60, 1)]
    [InlineData(60, 180)]
    [InlineData(60, 181)]
    [InlineData(60, 182)]
    [InlineData(60, 183)]
    [InlineData(60, 184)]
    [InlineData(60, 185)]
    [InlineData(60, 186)]
    public async Task Killed_on_the_way_and_run_again_all_are_in_and_none_twice(int count, int sync)
    {
        await using StoreHost host = await StartAsync(count);

        Outcome killed = await host.Sandbox.TryAsync(
            "sh", "-c", KillAtSync, "sh", sync.ToString(CultureInfo.InvariantCulture));
        int left = Names(count).Count(name => host.Sandbox.Exists($"/home/{name}/.google_authenticator")
            || host.Sandbox.Exists($"/home/{name}/.google_authenticator~sallyport"));
        string[] first = Codes(host);
        Outcome again = await host.RootAsync("import-ga", "--all", "--recovery-codes=/root/codes");
        string[] shown = Codes(host);
        int unfinished = host.Files("totp").Count(name => name.StartsWith(".new-", StringComparison.Ordinal));
        await host.World.Agent.KillAsync();
        await host.World.Agent.StartAsync(); // deletes it
        Outcome third = await host.RootAsync("import-ga", "--all");

        Assert.True(killed.ExitCode == 128 + 9, killed.ToString());
        Assert.InRange(left, sync == 1 ? count : count / 4, sync == 1 ? count : count * 3 / 4);
        Assert.True(again.ExitCode == 0, again.ToString());
        Assert.Equal($"{left} imported, 0 not.\n", again.Output);
        Assert.Equal("0 imported, 0 not.\n", third.Output);
        Assert.InRange(first.Length, count - left, count - left + 1); // its codes were shown, but it was not done
        Assert.InRange(unfinished, 0, 1);
        Assert.Equal(Names(count), shown.Distinct());
        Assert.InRange(shown.Length, count, count + 1);
        MustBeIn(host, count);
    }

    private static async Task<StoreHost> StartAsync(int count)
    {
        StoreHost host = await StoreHost.StartAsync();
        await host.Sandbox.RunAsync("perl", "-e", MakeAccounts, $"{count}", $"{FirstUid}");
        return host;
    }

    /// <summary>Each has its own secret, in the store and in the backup, and nothing in his home.</summary>
    private static void MustBeIn(StoreHost host, int count)
    {
        Assert.Equal(Names(count), host.Files("totp"));
        Assert.Equal(Names(count).Select(name => name + ".google_authenticator"), host.Files("retired"));
        foreach ((string name, int number) in Names(count).Select((name, number) => (name, number)))
        {
            string entry = Encoding.Latin1.GetString(host.Entry(name));
            Assert.Contains($"\nsecret = {Secret(number)}\n", entry, StringComparison.Ordinal);
            Assert.Contains("\nrecovery_4 = ", entry, StringComparison.Ordinal);
            _ = TotpEntry.TryParse(Encoding.Latin1.GetBytes(entry), out TotpEntry? parsed);
            Assert.True(parsed is not null, $"the entry of {name} cannot be read");
            parsed.Dispose();
            Assert.StartsWith(
                Secret(number) + "\n", host.Sandbox.Read($"{StoreHost.State}/retired/{name}.google_authenticator"),
                StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFileSystemEntries(host.Sandbox.Outside($"/home/{name}")));
        }
    }

    private static string[] Names(int count) =>
        [.. Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"u{i:D4}"))];

    /// <summary>Whose recovery codes were written, in their order, as often as they were.</summary>
    private static string[] Codes(StoreHost host) => host.Sandbox.Exists("/root/codes")
        ? [.. CodesLine().Matches(host.Sandbox.Read("/root/codes")).Select(match => match.Groups[1].Value)]
        : [];

    private static string Secret(int number) => string.Concat(
        Enumerable.Range(0, 32).Select(place => (char)('A' + (place > 5 ? 0 : number / (int)Math.Pow(26, place) % 26))));

    [GeneratedRegex(@"^(u\d{4}): recovery codes(?: [1-9]\d{7}){5}$", RegexOptions.Multiline)]
    private static partial Regex CodesLine();
}
