using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Enrolment;

namespace Sallyport.EndToEnd.RootOnlyStore;

/// <summary>`sallyport enroll` from the first line to the last, in 80 columns, as people see it.</summary>
public sealed partial class StoreTranscriptTests
{
    [Theory]
    [InlineData("C.UTF-8", "store-invited-utf8.txt")]
    [InlineData("C", "store-invited-c.txt")]
    public async Task Invited(string locale, string transcript)
    {
        await using StoreHost host = await StartAsync();
        string invitation = await host.InviteAsync("ada");
        using var ada = Terminal.Open(host.Sandbox, "ada", "sallyport enroll", locale);
        await ada.AnswerAsync(
            StoreHost.InvitationPrompt, invitation.Replace('-', ' ').ToLowerInvariant());
        await ada.AnswerAsync(StoreHost.PasscodePrompt, "000000");
        await ada.AnswerAsync(StoreHost.PasscodePrompt, "no idea");
        await ada.AskedAsync(StoreHost.PasscodePrompt);
        await ada.TypeAsync(await host.OathToolAsync(StoreHost.Read(ada.Seen).Phone.Secret));

        Assert.Equal(0, await ada.EndAsync());
        MustBe(transcript, ada.Seen);
        Assert.True(host.HasEntry("ada"));
        Assert.Equal(locale == "C.UTF-8", ada.Seen.Any(character => character > '~'));
    }

    [Theory]
    [InlineData("C.UTF-8", "store-uninvited.txt")]
    [InlineData("C", "store-uninvited.txt")]
    public async Task Not_invited(string locale, string transcript)
    {
        await using StoreHost host = await StartAsync();
        using var ada = Terminal.Open(host.Sandbox, "ada", "sallyport enroll", locale);

        Assert.Equal(1, await ada.EndAsync());
        MustBe(transcript, ada.Seen);
        Assert.False(host.HasEntry("ada"));
    }

    [Theory]
    [InlineData("C.UTF-8", "store-wrong-invitation.txt")]
    [InlineData("C", "store-wrong-invitation.txt")]
    public async Task With_the_wrong_invitation(string locale, string transcript)
    {
        await using StoreHost host = await StartAsync();
        await host.InviteAsync("ada");
        using var ada = Terminal.Open(host.Sandbox, "ada", "sallyport enroll", locale);
        await ada.AnswerAsync(StoreHost.InvitationPrompt, "AAAA-BBBB-CCCC-DDDD");

        Assert.Equal(1, await ada.EndAsync());
        MustBe(transcript, ada.Seen);
        Assert.False(host.HasEntry("ada"));
    }

    [Theory]
    [InlineData("C.UTF-8", "store-wrong-passcodes-utf8.txt")]
    [InlineData("C", "store-wrong-passcodes-c.txt")]
    public async Task Five_wrong_passcodes_end_it(string locale, string transcript)
    {
        await using StoreHost host = await StartAsync();
        string invitation = await host.InviteAsync("ada");
        using var ada = Terminal.Open(host.Sandbox, "ada", "sallyport enroll", locale);
        await ada.AnswerAsync(StoreHost.InvitationPrompt, invitation);
        for (int i = 0; i < 5; i++)
        {
            await ada.AskedAsync(StoreHost.PasscodePrompt);
            await ada.TypeAsync(StoreHost.Read(ada.Seen).Phone.WrongPasscode());
        }

        Assert.Equal(1, await ada.EndAsync());
        MustBe(transcript, ada.Seen);
        Assert.False(host.HasEntry("ada"));
        Assert.Equal(["ada"], host.Files("invitations"));
    }

    [Theory]
    [InlineData("C.UTF-8", "store-replaced-utf8.txt")]
    [InlineData("C", "store-replaced-c.txt")]
    public async Task Of_who_is_enrolled_already(string locale, string transcript)
    {
        await using StoreHost host = await StartAsync();
        Enrolled old = await host.EnrolByRootAsync("ada");
        using var ada = Terminal.Open(host.Sandbox, "ada", "sallyport enroll", locale);
        await ada.AnswerAsync("Verification code: ", old.Phone.Passcode());
        await ada.AskedAsync(StoreHost.PasscodePrompt);
        await ada.TypeAsync(await host.OathToolAsync(StoreHost.Read(ada.Seen).Phone.Secret));

        Assert.Equal(0, await ada.EndAsync());
        MustBe(transcript, ada.Seen);
    }

    [Fact]
    public async Task Refusals_stay_in_the_line()
    {
        await using StoreHost host = await StartAsync();
        await host.EnrolByRootAsync("ada");
        string seen = "";
        foreach ((string user, string line) in new[]
        {
            ("ada", "enroll -C"), ("ada", "enroll --user root"), ("ada", "enroll -q"), ("ada", "invite ada"),
            ("ada", "codes -n 10"), ("ada", "import-ga ada"),
            ("ada", "export-ga ada"), ("ada", "enroll --socket /nowhere"), ("ada", "status root"),
            ("root", "invite nobody-of-that-name"), ("root", "invite"), ("root", "invite ada --expires=91d"),
            ("root", "import-ga ada"), ("root", "export-ga"), ("root", "enroll --user ada -S 61"),
        })
        {
            using var terminal = Terminal.Open(host.Sandbox, user, $"sallyport {line}");
            int code = await terminal.EndAsync();
            Assert.NotEqual(0, code);
            seen += $"{(user == "root" ? '#' : '$')} sallyport {line}\n{terminal.Seen.Trim('\n')}\n[{code}]\n";
        }

        MustBe("store-refusals.txt", seen);
    }

    private static async Task<StoreHost> StartAsync()
    {
        StoreHost host = await StoreHost.StartAsync();
        await host.World.AddAccountAsync("ada");
        return host;
    }

    private static void MustBe(string transcript, string seen) =>
        Transcript.MustBe(transcript, Proof().Replace(Answer().Replace(seen, "$1INVITATION"), "$1PASSCODE"));

    // As it was typed: in groups of four.
    [GeneratedRegex(@"^(Invitation code: )(?!AAAA)[a-zA-Z2-7]{4}([- ][a-zA-Z2-7]{4}){3}$", RegexOptions.Multiline)]
    private static partial Regex Answer();

    [GeneratedRegex("^(Verification code: )[0-9]{6}$", RegexOptions.Multiline)]
    private static partial Regex Proof();
}
