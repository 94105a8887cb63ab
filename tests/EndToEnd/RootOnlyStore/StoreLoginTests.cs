using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.RootOnlyStore;

/// <summary>Invited, enrolled at his own terminal, and logged in by ssh with key and passcode.</summary>
public sealed class StoreLoginTests
{
    private const string Notice = "your second factor was enrolled by ada";

    [Fact]
    public async Task Who_was_invited_enrols_and_logs_in_and_is_told_of_it_once()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        Account ada = await host.World.AddAccountAsync("ada");
        (Enrolled enrolled, string confirmation) = await EnrolAsync(host);

        Login watched = await ada.SshAsync("id -un", confirmation);
        Login first = await ada.SshAsync("id -un", enrolled.Phone.Passcode(+1));
        Login second = await ada.SshAsync("id -un", enrolled.Codes[0]);

        watched.MustBeRefused(host.World);
        await host.World.Syslog.LineAsync("Trying to reuse a previously used time-based code");
        first.MustBeAllowed(host.World);
        second.MustBeAllowed(host.World);
        Assert.True(first.ToString().Split(Notice).Length == 2, first.ToString());
        Assert.DoesNotContain(Notice, second.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, host.World.Syslog.Count("Accepted google_authenticator for ada"));
    }

    [Fact]
    public async Task A_recovery_code_logs_in_once()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        Account ada = await host.World.AddAccountAsync("ada");
        (Enrolled enrolled, _) = await EnrolAsync(host);

        (await ada.SshAsync("id -un", enrolled.Codes[1])).MustBeAllowed(host.World);
        (await ada.SshAsync("id -un", enrolled.Codes[1])).MustBeRefused(host.World);
        await host.World.Syslog.LineAsync("Invalid verification code for ada");
        (await ada.SshAsync("id -un", enrolled.Codes[2])).MustBeAllowed(host.World);
        Assert.Contains("recovery codes left: 3 of 5", await host.RootDoesAsync("status", "ada"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recovery_codes_are_shown_once_and_kept_nowhere()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        await host.World.AddAccountAsync("ada");
        (Enrolled enrolled, _) = await EnrolAsync(host);

        Outcome status = await host.AsAsync("ada", "sallyport", "status");
        string entry = System.Text.Encoding.Latin1.GetString(host.Entry("ada"));

        Assert.Equal(5, enrolled.Codes.Distinct().Count());
        Assert.Equal(0, status.ExitCode);
        Assert.Contains("recovery codes left: 5 of 5", status.Output, StringComparison.Ordinal);
        Assert.All(enrolled.Codes, code =>
        {
            Assert.Equal(2, enrolled.Seen.Split(code).Length);
            Assert.DoesNotContain(code, status.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(code, entry, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task She_cannot_read_her_own_secret_back()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        await host.World.AddAccountAsync("ada");
        (Enrolled enrolled, _) = await EnrolAsync(host);
        string[] search =
        [
            "grep", "-rlF", enrolled.Phone.Secret,
            "/home", "/var/lib", "/var/log", "/var/tmp", "/etc", "/run", "/tmp", "/root",
        ];

        Outcome hers = await host.AsAsync("ada", search);
        Outcome roots = await host.Sandbox.TryAsync(search);
        Outcome status = await host.AsAsync("ada", "sallyport", "status");

        Assert.Equal("", hers.Output);
        Assert.Equal($"{StoreHost.State}/totp/ada\n", roots.Output);
        Assert.Contains($"{StoreHost.State}: Permission denied", hers.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(enrolled.Phone.Secret, status.ToString(), StringComparison.Ordinal);
        Assert.Equal(
            "700 root\n700 root\n600 root\n",
            await host.Sandbox.RunAsync(
                "stat", "-c", "%a %U", StoreHost.State, $"{StoreHost.State}/totp", $"{StoreHost.State}/totp/ada"));
    }

    [Fact]
    public async Task An_invitation_works_once()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        await host.World.AddAccountAsync("ada");
        string code = await host.InviteAsync("ada", "--replace");
        (int first, string seen, _) = await EnrolAsync(host, code);
        byte[] entry = host.Entry("ada");

        Outcome again = await host.TypingAsync("ada", $"{code}\n", "enroll", "-Q", "NONE");

        Assert.True(first == 0, seen);
        Assert.Equal(1, again.ExitCode);
        Assert.DoesNotContain("secret key", again.Output, StringComparison.Ordinal);
        Assert.Empty(host.Files("invitations"));
        Assert.Equal(entry, host.Entry("ada"));
    }

    [Fact]
    public async Task Who_has_a_factor_proves_it_and_gets_another_and_the_old_one_is_void()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        Account ada = await host.World.AddAccountAsync("ada");
        Enrolled old = await host.EnrolByRootAsync("ada");
        using var terminal = Terminal.Open(host.Sandbox, "ada", "sallyport enroll");

        await terminal.AnswerAsync("Verification code: ", old.Codes[0]);
        await terminal.AskedAsync(StoreHost.PasscodePrompt);
        Authenticator phone = StoreHost.Read(terminal.Seen).Phone;
        await terminal.TypeAsync(await host.OathToolAsync(phone.Secret));
        int code = await terminal.EndAsync();

        Assert.True(code == 0, terminal.Seen);
        Assert.NotEqual(old.Phone.Secret, phone.Secret);
        (await ada.SshAsync("id -un", old.Phone.Passcode(+1))).MustBeRefused(host.World);
        (await ada.SshAsync("id -un", phone.Passcode(+1))).MustBeAllowed(host.World);
        (await ada.SshAsync("id -un", old.Codes[1])).MustBeRefused(host.World);
        await host.World.Syslog.LineAsync("Invalid verification code for ada");
        Assert.Equal(0, host.World.Syslog.Count("Too many"));
    }

    [Fact]
    public async Task New_recovery_codes_need_a_proof_and_end_the_old_ones_and_the_secret_stays()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        Account ada = await host.World.AddAccountAsync("ada");
        Enrolled old = await host.EnrolByRootAsync("ada");

        Outcome renewed = await host.TypingAsync("ada", old.Codes[0] + "\n", "codes");
        string[] codes = StoreHost.Read(renewed.Output).Codes;

        Assert.True(renewed.ExitCode == 0, renewed.ToString());
        Assert.Equal(5, codes.Length);
        Assert.Empty(codes.Intersect(old.Codes));
        (await ada.SshAsync("id -un", old.Codes[1])).MustBeRefused(host.World);
        (await ada.SshAsync("id -un", codes[0])).MustBeAllowed(host.World);
        (await ada.SshAsync("id -un", old.Phone.Passcode())).MustBeAllowed(host.World);
    }

    private static async Task<(Enrolled Enrolled, string Confirmation)> EnrolAsync(StoreHost host)
    {
        (int code, string seen, string passcode) = await EnrolAsync(host, await host.InviteAsync("ada"));
        Assert.True(code == 0, seen);
        return (StoreHost.Read(seen), passcode);
    }

    /// <summary>At her terminal: the key is read from the screen, and the phone is oathtool.</summary>
    private static async Task<(int Code, string Seen, string Passcode)> EnrolAsync(StoreHost host, string invitation)
    {
        using var terminal = Terminal.Open(host.Sandbox, "ada", "sallyport enroll");
        await terminal.AnswerAsync(StoreHost.InvitationPrompt, invitation);
        await terminal.AskedAsync(StoreHost.PasscodePrompt);
        string passcode = await host.OathToolAsync(StoreHost.Read(terminal.Seen).Phone.Secret);
        await terminal.TypeAsync(passcode);
        return (await terminal.EndAsync(), terminal.Seen, passcode);
    }
}
