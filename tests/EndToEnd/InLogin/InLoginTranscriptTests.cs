using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Enrolment;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.InLogin;

/// <summary>What a person sees in a terminal of 80 columns when ssh itself asks and shows.</summary>
public sealed partial class InLoginTranscriptTests
{
    private const string Policy = "[totp]\nhome_files = no\n[policy]\nenrolment = invited\nafter_enrolment = allow\n";

    [Theory]
    [InlineData("C.UTF-8", "", "in-login-utf8.txt")]
    [InlineData("C", "t", "in-login-text-c.txt")]
    public async Task Enrolment_over_ssh(string locale, string choice, string transcript)
    {
        await using StoreHost host = await StoreHost.StartAsync();
        await host.World.AddAccountAsync("ada");
        host.World.Agent.Configure(Policy);
        string invitation = await host.InviteAsync("ada");
        using var ada = Terminal.Open(host.Sandbox, "root", "ssh ada@server id -un", locale);
        await ada.AnswerAsync(StoreHost.InvitationPrompt, invitation);
        await ada.AnswerAsync("(screen reader, no UTF-8): ", choice);
        await ada.AnswerAsync(StoreHost.PasscodePrompt, "000000");
        await ada.AskedAsync(StoreHost.PasscodePrompt);
        await ada.TypeAsync(new Authenticator(Secret().Match(ada.Seen).Groups[1].Value).Passcode());
        await ada.AnswerAsync("Write the recovery codes down, then press Enter: ", "");

        Assert.Equal(0, await ada.EndAsync());
        Assert.EndsWith("ada\n", ada.Seen, StringComparison.Ordinal);
        Assert.Equal(choice.Length == 0, Transcript.Drawn(ada.Seen).Length > 0);
        Assert.Equal(choice.Length == 0, ada.Seen.Any(character => character > '~'));
        Transcript.MustBe(transcript, Grouped().Replace(Link().Replace(Typed().Replace(
            ada.Seen, "$1INVITATION"), "otpauth:$1"), "  SECRET"));
    }

    [GeneratedRegex("secret=([A-Z2-7]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Secret();

    [GeneratedRegex("^(.*Invitation code: ).*$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Typed();

    // The one line that may be longer than the screen.
    [GeneratedRegex("^  otpauth:(.*)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Link();

    [GeneratedRegex("^  [A-Z2-7]{4}( [A-Z2-7]{4}){7}$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Grouped();
}
