using System.Text;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.RootOnlyStore;

/// <summary>From Debian's google-authenticator to the root-only store, and back.</summary>
public sealed partial class MovingTests
{
    private const string Backup = $"{StoreHost.State}/retired/ada.google_authenticator";

    [Fact]
    public async Task A_file_in_use_moves_in_with_what_it_has_used_up()
    {
        await using StoreHost host = await StoreHost.StartAsync("grace_period=3600");
        (Account ada, Authenticator phone, string[] scratch) = await MakeAsync(
            host, "-t", "-d", "-w", "3", "-r", "10", "-R", "30", "-e", "2");
        host.World.SetPam("sshd", SecondFactor.Google.Auth("grace_period=3600"), World.AnyAccount);
        string used = phone.Passcode();
        (await ada.SshAsync("id -un", used)).MustBeAllowed(host.World);
        (await ada.SshAsync("id -un")).MustBeAllowed(host.World); // within its grace period
        host.World.SetPam("sshd", SecondFactor.Sallyport.Auth("grace_period=3600"), World.AnyAccount);
        string before = ada.State;
        Assert.Contains("\" LAST0 ", before, StringComparison.Ordinal);

        Outcome import = await host.RootAsync("import-ga", "ada");
        string[] codes = RecoveryCodes(import.Output, "ada");
        string files = await host.Sandbox.RunAsync("ls", "-A", "/home/ada");
        Login unasked = await ada.SshAsync("id -un", "");
        Login replay = await ada.SshAsync("id -un", used);
        Login old = await ada.SshAsync("id -un", scratch[0]);
        Login fresh = await ada.SshAsync("id -un", phone.Passcode(+1));
        Login recovery = await ada.SshAsync("id -un", codes[0]);

        Assert.True(import.ExitCode == 0, import.ToString());
        Assert.EndsWith("1 imported, 0 not.\n", import.Output, StringComparison.Ordinal);
        Assert.Equal(5, codes.Length);
        Assert.DoesNotContain(".google_authenticator", files, StringComparison.Ordinal);
        Assert.Equal(before, host.Sandbox.Read(Backup));
        Assert.Equal("400 root\n", await host.Sandbox.RunAsync("stat", "-c", "%a %U", Backup));
        Assert.Equal(
            "700 root\n", await host.Sandbox.RunAsync("stat", "-c", "%a %U", StoreHost.State + "/retired"));
        Assert.Matches(
            $@"(?s)\nsecret = {phone.Secret}\nmode = totp\n.*\nwindow = 3\nrate_limit = 10 30\nreuse = refuse\n",
            Encoding.Latin1.GetString(host.Entry("ada")));
        unasked.MustBeRefused(host.World);
        Assert.Single(unasked.Prompts);
        replay.MustBeRefused(host.World);
        await host.World.Syslog.LineAsync("Trying to reuse a previously used time-based code");
        old.MustBeRefused(host.World);
        fresh.MustBeAllowed(host.World);
        Assert.Contains("your second factor was moved to the root-only store by root", fresh.Errors, StringComparison.Ordinal);
        recovery.MustBeAllowed(host.World);
        Assert.Equal(0, host.World.Syslog.Count("Too many"));
    }

    [Fact]
    public async Task A_file_without_limits_gets_them()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        (Account ada, Authenticator phone, _) = await MakeAsync(host, "-t", "-D", "-w", "17", "-u", "-e", "0");

        await host.RootDoesAsync("import-ga", "ada");

        Assert.Matches(
            $@"(?s)\nsecret = {phone.Secret}\n.*\nwindow = 17\nrate_limit = 3 30\nreuse = refuse\n",
            Encoding.Latin1.GetString(host.Entry("ada")));
        string passcode = phone.Passcode();
        (await ada.SshAsync("id -un", passcode)).MustBeAllowed(host.World);
        (await ada.SshAsync("id -un", passcode)).MustBeRefused(host.World);
    }

    [Fact]
    public async Task A_counter_moves_in_and_out_and_each_code_lets_in_once()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        (Account ada, Authenticator phone, _) = await MakeAsync(host, "-c", "-w", "3", "-u", "-e", "0");
        string[] code = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => host.OathToolHotpAsync(phone.Secret, i)));
        Assert.Equal(0, (await host.DebiansModuleAsync("ada", code[1])).ExitCode);

        await host.RootDoesAsync("import-ga", "ada");
        Login replay = await ada.SshAsync("id -un", code[1]);
        Login next = await ada.SshAsync("id -un", code[3]);
        await host.RootDoesAsync("export-ga", "ada");
        string exported = ada.State;
        Outcome replayThere = await host.DebiansModuleAsync("ada", code[3]);
        string afterReplay = ada.State;
        await ada.WriteStateAsync(exported); // its counter has moved on by the wrong code
        Outcome nextThere = await host.DebiansModuleAsync("ada", code[4]);

        replay.MustBeRefused(host.World);
        next.MustBeAllowed(host.World);
        Assert.Contains("\" HOTP_COUNTER 4\n", exported, StringComparison.Ordinal);
        Assert.NotEqual(0, replayThere.ExitCode);
        Assert.Contains("\" HOTP_COUNTER 5\n", afterReplay, StringComparison.Ordinal);
        Assert.True(nextThere.ExitCode == 0, $"{nextThere}\n{host.World.Syslog}");
        Assert.False(host.HasEntry("ada"));
    }

    [Theory]
    [InlineData("GEZDGNBVGY3TQO", "its secret has 64 bits: at least 80")]
    [InlineData("GEZDGNBVGY3TQOJQ", null)]
    public async Task A_secret_under_80_bits_is_left_where_it_is(string secret, string? refusal)
    {
        await using StoreHost host = await StoreHost.StartAsync();
        Account ada = await host.World.AddAccountAsync("ada");
        await ada.WriteStateAsync($"{secret}\n\" TOTP_AUTH\n");

        Outcome import = await host.RootAsync("import-ga", "ada");

        Assert.Equal(refusal is null ? 0 : 1, import.ExitCode);
        Assert.Contains(refusal ?? "", import.Errors, StringComparison.Ordinal);
        Assert.Equal(refusal is null, host.HasEntry("ada"));
        Assert.Equal(refusal is not null, host.Sandbox.Exists(ada.StateFile));
        Assert.Equal(refusal is null ? ["ada.google_authenticator"] : [], host.Files("retired"));
    }

    [Theory]
    [InlineData("ln -s /home/bob/.google_authenticator", "it is a symbolic link, which is not followed")]
    [InlineData("ln -s /root/secret", "it is a symbolic link, which is not followed")]
    [InlineData("mkfifo -m 600", "is not a regular file")]
    [InlineData("mkdir -m 700", "is not a regular file")]
    [InlineData("install -m 644 /etc/hostname", "more permissive")]
    public async Task What_is_no_private_file_of_its_own_is_not_read(string made, string reason)
    {
        await using StoreHost host = await StoreHost.StartAsync();
        await host.World.AddAccountAsync("ada");
        Account bob = await host.World.AddAccountAsync("bob");
        await bob.EnrolAsync("TOTP_AUTH");
        host.Sandbox.Write("/root/secret", bob.State, UnixFileMode.UserRead);
        Assert.Equal(0, (await host.AsAsync("ada", "sh", "-c", $"{made} $HOME/.google_authenticator")).ExitCode);

        Outcome import = await host.RootAsync("import-ga", "ada");

        Assert.Equal(1, import.ExitCode);
        Assert.Contains(reason, import.Errors, StringComparison.Ordinal);
        Assert.Empty(host.Files("totp"));
        Assert.Empty(host.Files("retired"));
        Assert.True(host.Sandbox.Exists(bob.StateFile));
    }

    [Fact]
    public async Task Who_has_an_entry_already_keeps_it()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        (Account ada, _, _) = await MakeAsync(host, "-t", "-d", "-W", "-u");
        await host.EnrolByRootAsync("ada");
        (byte[] entry, string file) = (host.Entry("ada"), ada.State);

        Outcome import = await host.RootAsync("import-ga", "ada");

        Assert.Equal(1, import.ExitCode);
        Assert.Contains("he has another factor in the root-only store already", import.Errors, StringComparison.Ordinal);
        Assert.Equal(entry, host.Entry("ada"));
        Assert.Equal(file, ada.State);
    }

    [Fact]
    public async Task Exported_it_works_with_Debians_module_and_what_ours_let_in_does_not()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        Account ada = await host.World.AddAccountAsync("ada");
        Enrolled enrolled = await host.EnrolByRootAsync("ada");
        string used = enrolled.Phone.Passcode();
        string earlier = enrolled.Phone.Passcode(-1); // strict here, so refused there too
        string later = enrolled.Phone.Passcode(+1);
        (await ada.SshAsync("id -un", used)).MustBeAllowed(host.World);

        Outcome export = await host.RootAsync("export-ga", "ada");
        Assert.True(export.ExitCode == 0, export.ToString());
        string file = ada.State;
        string[] codes = [.. Scratch().Matches(file).Select(match => match.Value)];
        string attributes = await host.Sandbox.RunAsync("stat", "-c", "%a %U:%G", ada.StateFile);
        await ada.WriteStateAsync(RateLimit().Replace(file, "")); // more than three tries follow
        Outcome replay = await host.DebiansModuleAsync("ada", used);
        int reuses = host.World.Syslog.Count("Trying to reuse");
        Outcome before = await host.DebiansModuleAsync("ada", earlier);
        Outcome old = await host.DebiansModuleAsync("ada", enrolled.Codes[0]);
        Outcome fresh = await host.DebiansModuleAsync("ada", later);
        Outcome scratch = await host.DebiansModuleAsync("ada", codes[0]);
        Outcome scratchAgain = await host.DebiansModuleAsync("ada", codes[0]);

        Assert.Equal("400 ada:ada\n", attributes);
        Assert.StartsWith($"{enrolled.Phone.Secret}\n\" RATE_LIMIT 3 30 ", file, StringComparison.Ordinal);
        Assert.Contains("\n\" WINDOW_SIZE 3\n", file, StringComparison.Ordinal);
        Assert.Equal(5, codes.Distinct().Count());
        Assert.Empty(codes.Intersect(enrolled.Codes));
        Assert.False(host.HasEntry("ada"));
        Assert.Contains("ada: not enrolled", await host.RootDoesAsync("status", "ada"), StringComparison.Ordinal);
        Assert.NotEqual(0, replay.ExitCode);
        Assert.Equal(1, reuses);
        Assert.NotEqual(0, before.ExitCode);
        Assert.NotEqual(0, old.ExitCode);
        Assert.True(fresh.ExitCode == 0, $"{fresh}\n{host.World.Syslog}");
        Assert.True(scratch.ExitCode == 0, $"{scratch}\n{host.World.Syslog}");
        Assert.NotEqual(0, scratchAgain.ExitCode);
    }

    [Fact]
    public async Task Attempts_that_were_made_here_count_there()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        Account ada = await host.World.AddAccountAsync("ada");
        Enrolled enrolled = await host.EnrolByRootAsync("ada", "-r", "3", "-R", "600");
        foreach (int _ in Enumerable.Range(0, 3))
        {
            (await ada.SshAsync("id -un", enrolled.Phone.WrongPasscode())).MustBeRefused(host.World);
        }

        await host.RootDoesAsync("export-ga", "ada");
        Outcome fourth = await host.DebiansModuleAsync("ada", enrolled.Phone.Passcode());

        Assert.NotEqual(0, fourth.ExitCode);
        await host.World.Syslog.LineAsync("Too many concurrent login attempts");
    }

    [Theory]
    [InlineData("printf 'JBSWY3DPEHPK3PXP\\n' > $HOME/.google_authenticator; chmod 400 $HOME/.google_authenticator", true)]
    [InlineData("ln -s $HOME/elsewhere $HOME/.google_authenticator", false)]
    [InlineData("mkdir $HOME/.google_authenticator", false)]
    public async Task A_file_that_is_there_is_replaced_by_force_only(string made, bool replaceable)
    {
        await using StoreHost host = await StoreHost.StartAsync();
        Account ada = await host.World.AddAccountAsync("ada");
        Enrolled enrolled = await host.EnrolByRootAsync("ada");
        await host.AsAsync("ada", "sh", "-c", made);
        byte[] entry = host.Entry("ada");
        string[] list = ["ls", "-AlR", "--time-style=full-iso", "/home/ada"];
        string before = await host.Sandbox.RunAsync(list);

        Outcome refused = await host.RootAsync("export-ga", "ada");
        string after = await host.Sandbox.RunAsync(list);
        byte[] still = host.Entry("ada");
        Outcome forced = await host.RootAsync("export-ga", "ada", "--force");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("is there already", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, after);
        Assert.Equal(entry, still);
        Assert.Equal(replaceable ? 0 : 1, forced.ExitCode);
        Assert.Equal(replaceable, !host.HasEntry("ada"));
        Outcome search = await host.Sandbox.TryAsync("grep", "-q", enrolled.Phone.Secret, ada.StateFile);
        Assert.Equal(replaceable, search.ExitCode == 0);
        Assert.False(host.Sandbox.Exists("/home/ada/elsewhere"));
    }

    /// <summary>Two secrets that count, or none, would be the end of "one time" or of the login.</summary>
    [Theory]
    [InlineData("error=EIO", "so it is the one that counts: Input/output error")]
    [InlineData("signal=KILL", "")]
    public async Task Broken_off_between_file_and_entry_the_entry_counts_and_it_can_be_done_again(string fault, string said)
    {
        await using StoreHost host = await StoreHost.StartAsync();
        Account ada = await host.World.AddAccountAsync("ada");
        Enrolled enrolled = await host.EnrolByRootAsync("ada");
        string used = enrolled.Phone.Passcode();
        (await ada.SshAsync("id -un", used)).MustBeAllowed(host.World);

        Outcome broken = await host.Sandbox.TryAsync(
            "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=unlinkat", "-e", $"inject=unlinkat:{fault}:when=1",
            StoreHost.Program, "export-ga", "ada");
        Login replay = await ada.SshAsync("id -un", used);
        Login next = await ada.SshAsync("id -un", enrolled.Phone.Passcode(+1));
        await host.RootDoesAsync("export-ga", "ada", "--force");
        Outcome there = await host.DebiansModuleAsync("ada", enrolled.Phone.Passcode(+1));

        Assert.NotEqual(0, broken.ExitCode);
        Assert.Contains(said, broken.Errors, StringComparison.Ordinal);
        replay.MustBeRefused(host.World);
        next.MustBeAllowed(host.World);
        Assert.False(host.HasEntry("ada"));
        Assert.NotEqual(0, there.ExitCode); // the code was used since the file was first written
        await host.World.Syslog.LineAsync("Trying to reuse a previously used time-based code");
    }

    [Fact]
    public async Task What_Debians_module_cannot_do_is_not_exported()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        Account ada = await host.World.AddAccountAsync("ada");
        await host.EnrolByRootAsync("ada", "--digits", "8");
        byte[] entry = host.Entry("ada");

        Outcome export = await host.RootAsync("export-ga", "ada");

        Assert.Equal(1, export.ExitCode);
        Assert.Contains("knows six digits only", export.Errors, StringComparison.Ordinal);
        Assert.Equal(entry, host.Entry("ada"));
        Assert.False(host.Sandbox.Exists(ada.StateFile));
    }

    /// <summary>An account and its file, made by Debian's own command.</summary>
    private static async Task<(Account Ada, Authenticator Phone, string[] Scratch)> MakeAsync(
        StoreHost host, params string[] flags)
    {
        Account ada = await host.World.AddAccountAsync("ada");
        Outcome made = await host.AsAsync("ada", ["google-authenticator", "-f", "-q", "-C", "-Q", "NONE", .. flags]);
        Assert.True(made.ExitCode == 0, made.ToString());
        string file = ada.State;
        return (ada, new Authenticator(file.Split('\n')[0]), [.. Scratch().Matches(file).Select(m => m.Value)]);
    }

    private static string[] RecoveryCodes(string said, string user) =>
        Regex.Match(said, $"(?m)^{user}: recovery codes ([0-9 ]+)$").Groups[1].Value.Split(' ');

    [GeneratedRegex("^[1-9][0-9]{7}$", RegexOptions.Multiline)]
    private static partial Regex Scratch();

    [GeneratedRegex("^\" RATE_LIMIT .*\n", RegexOptions.Multiline)]
    private static partial Regex RateLimit();
}
