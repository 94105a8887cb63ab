using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.RootOnlyStore;

/// <summary>The file system of the state directory has no room left.</summary>
public sealed class EnrolmentDiskFullTests
{
    private const string Full = "Nothing was changed: No space left on device.";

    [Fact]
    public async Task No_enrolment_is_made_the_old_entry_stays_and_a_right_passcode_logs_in()
    {
        await using StoreHost host = await StoreHost.StartAsync(room: "256k");
        Account ada = await host.World.AddAccountAsync("ada");
        await host.World.AddAccountAsync("bob");
        Enrolled enrolled = await host.EnrolByRootAsync("ada");
        byte[] before = host.Entry("ada");
        await FillAsync(host);

        Outcome replaced = await host.RootAsync("enroll", "--user", "ada", "-C", "-f", "-Q", "NONE");
        Outcome first = await host.RootAsync("enroll", "--user", "bob", "-C", "-Q", "NONE");
        Outcome codes = await host.RootAsync("codes", "ada");
        byte[] after = host.Entry("ada");
        string[] files = host.Files("totp");
        string passcode = enrolled.Phone.Passcode();
        Login login = await ada.SshAsync("id -un", passcode);
        Login replay = await ada.SshAsync("id -un", passcode);

        Assert.All([replaced, first, codes], refused =>
        {
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains(Full, refused.Errors, StringComparison.Ordinal);
            Assert.Empty(StoreHost.Read(refused.Output).Codes);
        });
        Assert.Equal(before, after);
        Assert.Equal(["ada"], files);
        login.MustBeAllowed(host.World);
        replay.MustBeRefused(host.World);
        Assert.NotEqual(before, host.Entry("ada"));
    }

    [Fact]
    public async Task Who_was_invited_is_refused_and_enrols_with_the_same_invitation_when_there_is_room()
    {
        await using StoreHost host = await StoreHost.StartAsync(room: "256k");
        Account ada = await host.World.AddAccountAsync("ada");
        string invitation = await host.InviteAsync("ada");
        await FillAsync(host);

        (int refused, string said) = await EnrolAsync(host, invitation);
        string[] files = host.Files("totp");
        await host.Sandbox.RunAsync("rm", $"{StoreHost.State}/filler");
        (int room, string seen) = await EnrolAsync(host, invitation);

        Assert.Equal(1, refused);
        Assert.Contains(Full, said, StringComparison.Ordinal);
        Assert.DoesNotContain("Recovery codes", said, StringComparison.Ordinal);
        Assert.Empty(files);
        Assert.True(room == 0, seen);
        (await ada.SshAsync("id -un", StoreHost.Read(seen).Phone.Passcode(+1))).MustBeAllowed(host.World);
    }

    [Fact]
    public async Task No_invitation_is_given_that_could_not_be_kept()
    {
        await using StoreHost host = await StoreHost.StartAsync(room: "256k");
        await host.World.AddAccountAsync("ada");
        await FillAsync(host);

        Outcome invited = await host.RootAsync("invite", "ada");

        Assert.Equal(1, invited.ExitCode);
        Assert.Contains("No space left on device", invited.Errors, StringComparison.Ordinal);
        Assert.Equal("", invited.Output);
        Assert.Empty(host.Files("invitations"));
    }

    [Fact]
    public async Task An_import_leaves_the_file_in_the_home_where_it_was()
    {
        await using StoreHost host = await StoreHost.StartAsync(room: "256k");
        Account ada = await host.World.AddAccountAsync("ada");
        await ada.EnrolAsync("TOTP_AUTH", "DISALLOW_REUSE");
        string before = ada.State;
        await FillAsync(host);

        Outcome import = await host.RootAsync("import-ga", "ada");

        Assert.Equal(1, import.ExitCode);
        Assert.Contains("No space left on device", import.Errors, StringComparison.Ordinal);
        Assert.Equal(before, ada.State);
        Assert.Empty(host.Files("totp"));
        (await ada.SshAsync("id -un", ada.Phone.Passcode())).MustBeAllowed(host.World);
    }

    private static async Task<(int Code, string Seen)> EnrolAsync(StoreHost host, string invitation)
    {
        using var terminal = Terminal.Open(host.Sandbox, "ada", "sallyport enroll");
        await terminal.AnswerAsync(StoreHost.InvitationPrompt, invitation);
        await terminal.AskedAsync(StoreHost.PasscodePrompt);
        await terminal.TypeAsync(await host.OathToolAsync(StoreHost.Read(terminal.Seen).Phone.Secret));
        return (await terminal.EndAsync(), terminal.Seen);
    }

    private static async Task FillAsync(StoreHost host)
    {
        Outcome dd = await host.Sandbox.TryAsync("dd", "if=/dev/zero", $"of={StoreHost.State}/filler", "bs=4k");
        Assert.Contains("No space left on device", dd.Errors, StringComparison.Ordinal);
    }
}
