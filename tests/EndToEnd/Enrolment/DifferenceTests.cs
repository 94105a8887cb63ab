using Sallyport.EndToEnd.Harness;
using Sallyport.Protocol;

namespace Sallyport.EndToEnd.Enrolment;

/// <summary>What we do otherwise than the original, on purpose. Each test says why.</summary>
public sealed class DifferenceTests(EnrolmentHost host) : IClassFixture<EnrolmentHost>
{
    private const string Prompt = "Enter code from app: ";
    private const string Unasked = "-t -f -d -u -w 3 -Q NONE -e 1";

    [Theory]
    [InlineData("extra")]
    [InlineData("-tfqduW extra")]
    [InlineData("-tfqduW -- -q")]
    [InlineData("-")]
    [InlineData("'' -tfqduW")]
    public async Task A_word_that_is_no_option_is_an_error(string line)
    {
        // The original shows its usage and ends with 0, so a script with a slip in it believes that it has enrolled.
        EnrolmentResult theirs = await host.RunAsync(Maker.Original, line);
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, line);

        Assert.Equal((0, 1), (theirs.ExitCode, ours.ExitCode));
        Assert.Equal("Failed to parse command line", ours.LastError);
        Assert.Empty(ours.Left);
    }

    [Fact]
    public async Task The_secret_has_160_bits()
    {
        // RFC 4226 recommends them; the original has them since 1.11.
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, "-tfqduW");

        Assert.True(Base32.TryDecode(ours.File!.Split('\n')[0], out byte[]? secret));
        Assert.Equal(20, secret.Length);
    }

    [Fact]
    public async Task Each_secret_and_each_code_is_another()
    {
        EnrolmentResult[] results =
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.RunAsync(Maker.Sallyport, "-tfqduW -e 10")));

        Assert.Distinct(results.Select(result => result.File!.Split('\n')[0]));
        string[] codes = [.. results.SelectMany(result => result.Codes)];
        Assert.Equal(200, codes.Length);
        Assert.Distinct(codes);
        Assert.Equal("123456789", string.Concat(codes.Select(code => code[0]).Distinct().Order()));
    }

    [Theory]
    [InlineData("ANSI_INVERSE")]
    [InlineData("ansi-grey")]
    [InlineData("Utf8_Inverse")]
    [InlineData("UTF8-GREY")]
    public async Task The_ways_of_drawing_that_1_11_has_are_understood(string mode)
    {
        // Debian 12's 1.08 refuses them.
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, $"-tfduWC -Q {mode}");

        Assert.Equal(0, ours.ExitCode);
        Assert.NotEmpty(Transcript.Drawn(ours.Output));
    }

    [Fact]
    public async Task It_tells_its_version()
    {
        // As 1.11 does; 1.08 knows no --version.
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, "--version -z");

        Assert.Equal((0, "google-authenticator 1.11 (Sallyport)\n"), (ours.ExitCode, ours.Output));
    }

    [Fact]
    public async Task A_wrong_passcode_is_not_answered_with_the_right_one()
    {
        // The original prints the right one, so typing it back proves nothing.
        using Typist theirs = Typist.Start(host, Maker.Original, Unasked);
        await theirs.AnswerAsync("Enter code from app (-1 to skip): ", "000000\n");
        await theirs.AnswerAsync("Enter code from app (-1 to skip): ", "-1\n");
        Assert.Equal(0, await theirs.EndAsync());
        using Typist ours = Typist.Start(host, Maker.Sallyport, Unasked);
        await ours.AnswerAsync(Prompt, "000000\n");
        await ours.AnswerAsync(Prompt, "");
        string[] right = [.. Enumerable.Range(-2, 5).Select(new Authenticator(ours.Secret).Passcode)];

        Assert.Contains("(correct code ", theirs.Seen, StringComparison.Ordinal);
        Assert.All(right, passcode => Assert.DoesNotContain(passcode, ours.Seen, StringComparison.Ordinal));
        Assert.EndsWith("Code incorrect. Try again.\n" + Prompt, ours.Seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_confirmation_cannot_be_skipped()
    {
        // In the original -1 skips it, and the account is locked out by an app that never scanned.
        EnrolmentResult theirs = await host.RunAsync(Maker.Original, Unasked, "-1\n");
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, Unasked, "-1\n-1\n-1\n-1\n-1\n-1\n");

        Assert.Equal((0, 1), (theirs.ExitCode, ours.ExitCode));
        Assert.Contains("-C (--no-confirm)", ours.Output, StringComparison.Ordinal);
        Assert.Empty(ours.Left);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, true)]
    [InlineData(-3, false)]
    [InlineData(3, false)]
    public async Task A_passcode_confirms_one_step_late_too(int steps, bool confirms)
    {
        // The original takes the current step's alone; who types slowly would be told that he is wrong.
        using Typist ada = Typist.Start(host, Maker.Sallyport, Unasked);
        await ada.AnswerAsync(Prompt, "");
        await new Authenticator(ada.Secret).EarlyInStepAsync();
        await ada.TypeAsync(new Authenticator(ada.Secret).Passcode(steps).Insert(3, " ") + "\n");
        if (!confirms)
        {
            await ada.AnswerAsync(Prompt, "\u0004");
        }

        Assert.Equal(confirms ? 0 : 1, await ada.EndAsync());
        Assert.Equal(confirms, ada.Seen.Contains("Code confirmed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_confirmation_goes_by_the_period_of_the_secret()
    {
        using Typist ada = Typist.Start(host, Maker.Sallyport, $"{Unasked} -S 60");
        await ada.AnswerAsync(Prompt, "");
        await ada.TypeAsync(new Authenticator(ada.Secret, stepSeconds: 60).Passcode() + "\n");

        Assert.Equal(0, await ada.EndAsync());
    }

    [Theory]
    [InlineData("-t -d", false)]
    [InlineData("-c", false)]
    public async Task Without_confirmation_no_passcode_is_shown(string mode, bool shown)
    {
        // The original shows "code 1", which means nothing where the clock moves the passcodes.
        EnrolmentResult theirs = await host.RunAsync(Maker.Original, $"{mode} -C -f -u -W -Q NONE");
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, $"{mode} -C -f -u -W -Q NONE");

        Assert.Contains("code 1 is", theirs.Output, StringComparison.Ordinal);
        Assert.Equal(shown, ours.Output.Contains("code 1 is", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_first_code_of_a_counter_is_the_right_one()
    {
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, "-c -f -u -W -Q NONE");

        byte[] line = System.Text.Encoding.ASCII.GetBytes(ours.File!.Split('\n')[0]);
        Assert.True(OtpSecret.TryParse(line, out OtpSecret? secret));
        string code = Passcode.FromNumber(Hotp.Compute(secret, 1), 6).Expose();
        Assert.Contains($"Your verification code for code 1 is {code}\n", ours.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_home_that_cannot_be_found_ends_it_before_the_secret_is_shown()
    {
        // In the original this comes last, when the app has the secret already.
        EnrolmentResult theirs = await host.RunAsync(Maker.Original, "-c -Q NONE", before: "HOME=home");
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, "-c -Q NONE", before: "HOME=home");
        EnrolmentResult none = await host.RunAsync(Maker.Sallyport, "-c -Q NONE", before: "unset HOME");
        EnrolmentResult named = await host.RunAsync(Maker.Sallyport, "-c -f -W -u -q -s named", before: "unset HOME");

        Assert.Equal((1, "Cannot determine home directory"), (theirs.ExitCode, theirs.LastError));
        Assert.Equal((1, "Cannot determine home directory", ""), (ours.ExitCode, ours.LastError, ours.Output));
        Assert.Equal((1, "Cannot determine home directory", ""), (none.ExitCode, none.LastError, none.Output));
        Assert.Equal(["named"], named.Left);
    }

    [Fact]
    public async Task An_output_that_nobody_reads_writes_no_file()
    {
        // Who never saw the secret would be locked out.
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, "-c -f -W -u >/dev/full");

        Assert.Equal(1, ours.ExitCode);
        Assert.Empty(ours.Left);
    }
}
