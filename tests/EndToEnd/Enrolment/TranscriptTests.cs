using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Enrolment;

/// <summary>Dialogues from the first line to the last, in 80 columns, as people see them.</summary>
public sealed class TranscriptTests(EnrolmentHost host) : IClassFixture<EnrolmentHost>
{
    private const string Question = "(y/n) ";
    private const string Prompt = "Enter code from app: ";
    private const string Names = "-l ada@example -i Example";

    [Theory]
    [InlineData("C.UTF-8", "clock-utf8.txt")]
    [InlineData("C", "clock-c.txt")]
    [InlineData("POSIX", "clock-c.txt")]
    [InlineData("", "clock-c.txt")]
    public async Task By_the_clock_with_every_question(string locale, string transcript)
    {
        const string home = "/home/ada";
        using Typist ada = Typist.Start(host, Maker.Sallyport, Names, locale, home);
        await ada.AnswerAsync(Question, "maybe\n");
        await ada.AnswerAsync(Question, "y\n");
        await ada.AnswerAsync(Prompt, "000000\n");
        await ada.AnswerAsync(Prompt, "no idea\n");
        await ada.AnswerAsync(Prompt, "-1\n");
        await ada.AnswerAsync(Prompt, "");
        await ada.TypeAsync(new Authenticator(ada.Secret).Passcode() + "\n");
        foreach (string answer in (string[])["y\n", "y\n", "y\n", "y\n"])
        {
            await ada.AnswerAsync(Question, answer);
        }

        Assert.Equal(0, await ada.EndAsync());
        Transcript.MustBe(transcript, ada.Seen);
        Assert.Equal(locale == "C.UTF-8", ada.Seen.Any(character => character > '~'));
        string[] file = host.Sandbox.Read($"{home}/.google_authenticator").Split('\n');
        Assert.Equal(
            [ada.Secret, "\" RATE_LIMIT 3 30", "\" WINDOW_SIZE 17", "\" DISALLOW_REUSE", "\" TOTP_AUTH"], file[..5]);
        Assert.All(file[5..10], code => Assert.Contains($"  {code}\n", ada.Seen, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("C.UTF-8", "counter-utf8.txt")]
    [InlineData("C", "counter-c.txt")]
    public async Task By_counter_with_every_question(string locale, string transcript)
    {
        using Typist ada = Typist.Start(host, Maker.Sallyport, Names, locale, "/home/ada");
        foreach (string answer in (string[])["n\n", "y\n", "n\n", "n\n"])
        {
            await ada.AnswerAsync(Question, answer);
        }

        Assert.Equal(0, await ada.EndAsync());
        Transcript.MustBe(transcript, ada.Seen);
    }

    [Theory]
    [InlineData("C.UTF-8", "wrong-passcodes-utf8.txt")]
    [InlineData("C", "wrong-passcodes-c.txt")]
    public async Task Five_wrong_passcodes_end_it(string locale, string transcript)
    {
        string home = host.NewHome();
        using Typist ada = Typist.Start(host, Maker.Sallyport, $"{Names} -t -d -u -w 3 -f", locale, home);
        for (int i = 0; i < 5; i++)
        {
            await ada.AnswerAsync(Prompt, "");
            await ada.TypeAsync(new Authenticator(ada.Secret).WrongPasscode() + "\n");
        }

        Assert.Equal(1, await ada.EndAsync());
        Transcript.MustBe(transcript, ada.Seen);
        Assert.Empty(Directory.GetFiles(host.Sandbox.Outside(home)));
    }

    [Theory]
    [InlineData("C.UTF-8", 40, "narrow-utf8.txt")]
    [InlineData("C", 72, "narrow-c.txt")]
    public async Task A_code_that_does_not_fit_is_not_drawn(string locale, int columns, string transcript)
    {
        using Typist ada = Typist.Start(host, Maker.Sallyport, $"{Names} -tfduWC -e 1", locale, columns: columns);

        Assert.Equal(0, await ada.EndAsync());
        Transcript.MustBe(transcript, ada.Seen);
    }

    [Fact]
    public async Task Refusals_stay_in_the_line()
    {
        string seen = "";
        foreach (string line in (string[])
            ["--help", "--version", "-z", "--rat 3", "-t -c", "-tfqduW extra", "-Q GIF", "-w 0", "-r 3", "-s ''"])
        {
            using Typist ada = Typist.Start(host, Maker.Sallyport, line);
            int code = await ada.EndAsync();
            seen += $"$ google-authenticator {line}\n{ada.Seen.Trim('\n')}\n[{code}]\n";
        }

        Transcript.MustBe("refusals.txt", seen);
    }

    [Theory]
    [InlineData("\u0003", 128 + 2)]
    [InlineData("\u0004", 1)]
    public async Task Who_leaves_leaves_nothing_behind(string key, int code)
    {
        string home = host.NewHome();
        using Typist ada = Typist.Start(host, Maker.Sallyport, "-t -C -Q NONE", home: home);
        await ada.AnswerAsync(Question, "y\n");
        await ada.AnswerAsync(Question, key);

        Assert.Equal(code, await ada.EndAsync());
        Assert.Empty(Directory.GetFiles(host.Sandbox.Outside(home)));
    }
}
