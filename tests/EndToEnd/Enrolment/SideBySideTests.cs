namespace Sallyport.EndToEnd.Enrolment;

/// <summary>The distribution's google-authenticator and ours, given the same command line and answers.</summary>
public sealed class SideBySideTests(EnrolmentHost host) : IClassFixture<EnrolmentHost>
{
    /// <summary>Lines that ask nothing and write a file.</summary>
    public static TheoryData<string> Unasked { get; } =
    [
        "-t -f -d -w 3 -r 3 -R 30 -q",
        "-t -f -D -w 1 -u -q",
        "-t -f -d -W -u -q",
        "-t -f -D -W -r 10 -R 600 -q",
        "-t -f -d -w 21 -r 1 -R 15 -C -Q NONE",
        "-t -f -d -w 17 -u -C -q",
        "-t -f -d -W -u -q -S 1",
        "-t -f -d -W -u -q -S 30",
        "-t -f -d -W -u -q -S 60 -e 0",
        "-c -f -w 3 -r 3 -R 30",
        "-c -f -W -u -q",
        "-c -f -w 21 -u -q -S 60",
        "-c -f -w 5 -u -C -Q none",
        "-t -f -d -W -u -q -e 1",
        "-t -f -d -W -u -q -e 10",
        "-t -f -d -W -u -q -l label -i issuer",
        "-t -f -d -W -u -C -Q NONE -l '' -i ''",
        "-t -f -d -W -u -C -Q NONE -l 'a b&c=d?e%f#g' -i 'Example, Inc.'",
        "-t -f -d -W -u -q -s .google_authenticator",
        "-t -f -d -W -u -q -s \"$HOME/.google_authenticator\"",
        "-t -f -d -W -u -q -s ./../${HOME##*/}/.google_authenticator",
        "-tfqduW -Q ANSI",
        "-tfqduW -Qutf8",
        "-tfqduW -C -C -CC",
        "-tfqdue3 -w7",
        "-tfqdue3 -w 7 --",
        "-tfqduWe 3 --label label",
        "--time-based --force --quiet --disallow-reuse --no-rate-limit --minimal-window",
        "--time-based --force --quiet --allow-reuse --rate-limit=3 --rate-time=30 --window-size=3",
        "--counter-based --force --no-confirm --no-rate-limit --window-size 9 --qr-mode=NONE --emergency-codes=2",
        "--time-based --force --quiet --disallow-reuse -uW --step-size=45 --secret=.google_authenticator",
        "--t --fo --qu --d --no-r --m --st 45 --em=1 --la=x --is=y",
        "-tfqduw ' 3'",
        "-tfqduw +3",
        "-tfqduw 03",
        "-tfqduw '\t3'",
    ];

    /// <summary>Lines that are refused, or answered with the help, before anything is asked.</summary>
    public static TheoryData<string> Refused { get; } =
    [
        "-c -t", "-t -c", "-tt", "-cc", "-t -d -c", "-d -t -c",
        "-d", "-D", "-d -r 3 -R 30", "-r 3 -d", "-R 30 -d", "-t -d -D", "-t -dd", "-t -DD", "-D -d -c", "-d -D",
        "-c -d", "-c -D", "-d -c", "-D -c", "-c -d -d", "-d -c -d", "-d -c -z", "-c -d -r 3", "-c -d foo",
        "-f -f", "-ff", "-q -q", "-l a -l b", "-i a -i b", "-l '' -l ''", "-f -f -h",
        "-Q foo", "-Q ''", "-Q NONE -Q ANSI", "-Q NONE -Q foo", "-Q 'UTF 8'",
        "-r 0", "-r 11", "-r -1", "-r ''", "-r 3x", "-r 0x3", "-r 3.0", "-r '3 '", "-r x", "-r 3 -r 3", "-r 3 -r 99",
        "-r 4294967299", "-r 18446744073709551619", "-R 14", "-R 601", "-R x", "-R 30 -R 30", "-R 30 -R 99",
        "-r 3", "-R 30", "-t -r 3",
        "-u -r 3", "-u -R 30", "-u -r 3 -R 30", "-u -r 99", "-u -R 99", "-r 3 -u", "-R 30 -u", "-r 3 -R 30 -u",
        "-u -u", "-u -u -r 3",
        "-s ''", "--secret=", "-s a -s b", "-s a -s ''",
        "-S 0", "-S 61", "-S x", "-S 30 -S 30", "-S 30 -S 99",
        "-w 0", "-w 22", "-w x", "-w 3 -w 3", "-w 3 -w 99", "-w 3 -W", "-W -w 3", "-W -W", "-w 99 -W", "-w 4294967299",
        "-e -1", "-e 11", "-e x", "-e 3 -e 3", "-e 3 -e 99", "-w5e1",
        "-z", "-tz", "-t -f -z", "-zh", "-CCz", "-:", "-ctz", "-d -z", "-t -- -z -z --help-me-not -h",
        "--foo", "--foo=3", "--rat 3", "--rat=3", "--s", "--no", "--q", "--helpme", "---",
        "--rate-l", "-r", "-Q", "--secret", "-tl", "--help=3", "--time-based=3", "--t=",
        "-h", "-th", "--help", "--h", "--he", "-h -z", "-h foo", "-t -h -c", "-u -h -r 3",
    ];

    /// <summary>Every way through the questions, of lines that leave some to be asked.</summary>
    public static TheoryData<string, string> Asked { get; } =
    [
        .. from mode in (string[])["", "-t "]
           from reuse in "yn"
           from window in "yn"
           from rate in "yn"
           select ($"{mode}-C -Q NONE", $"{(mode == "" ? "y\n" : "")}y\n{reuse}\n{window}\n{rate}\n"),
        .. from mode in (string[])["", "-c "]
           from window in "yn"
           from rate in "yn"
           select ($"{mode}-Q NONE", $"{(mode == "" ? "n\n" : "")}y\n{window}\n{rate}\n"),
        ("-t -q", "y\ny\ny\ny\n"),
        ("-t -q -f", "n\nn\nn\n"),
        ("-t -q -d", "y\ny\ny\n"),
        ("-t -q -D -w 4", "y\nn\n"),
        ("-t -q -D -W -f", "y\n"),
        ("-t -q -d -w 4 -u", "y\n"),
        ("-t -q -d -f -r 2 -R 20", "y\n"),
        ("-t -q -f -S 15", "y\ny\ny\n"),
        ("-c -q -W", "y\ny\n"),
        ("-c -q -u", "y\ny\n"),
        // Only the first character counts, a line need not end, and whatever else there is asks again.
        ("-q", "Yes, please\nYES\nnever\nNo\nyellow"),
        ("-q", "\n y\n?\n0\ny\n\n\n\ny\n1\ny\n-\ny\n\t\ny\n"),
    ];

    /// <summary>Inputs that end too early.</summary>
    public static TheoryData<string, string> CutShort { get; } =
    [
        ("", ""), ("-C", "y\n"), ("-C", "y\ny\n"), ("-C", "y\ny\ny\n"), ("-C", "y\ny\ny\ny\n"), ("-C", "y\ny\ny\nx\n"),
        ("-t", ""), ("-t", "\n"), ("-c", ""), ("-c", "y\n"), ("-c", "y\nn\n"), ("-t -q -f", ""), ("-t -q -f", "y\n"),
    ];

    [Theory]
    [MemberData(nameof(Unasked))]
    public async Task The_same_file_is_written_unasked(string line)
    {
        (EnrolmentResult theirs, EnrolmentResult ours) = await BothAsync(line);

        Assert.Equal(0, theirs.ExitCode);
        Assert.NotNull(theirs.File);
        Assert.Equal(0, theirs.Questions);
        MustBeAlike(theirs, ours);
        Assert.Equal("", ours.Errors);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task The_same_lines_are_refused_in_the_same_words(string line)
    {
        (EnrolmentResult theirs, EnrolmentResult ours) = await BothAsync(line);

        if (line.StartsWith("-t -- ", StringComparison.Ordinal))
        {
            Assert.Equal((0, 1), (theirs.ExitCode, ours.ExitCode)); // see Given_what_we_do_otherwise
            return;
        }

        Assert.Null(theirs.File);
        MustBeAlike(theirs, ours);
        Assert.Empty(ours.Left);
        Assert.Equal(theirs.ExitCode == 0, ours.Errors == "");
        Assert.Equal(theirs.ExitCode == 0, ours.Output.Contains("--emergency-codes", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Asked))]
    public async Task The_same_answers_make_the_same_file(string line, string answers)
    {
        (EnrolmentResult theirs, EnrolmentResult ours) = await BothAsync(line, answers);

        Assert.Equal(0, theirs.ExitCode);
        Assert.NotNull(theirs.File);
        Assert.NotEqual(0, theirs.Questions);
        MustBeAlike(theirs, ours);
    }

    [Theory]
    [MemberData(nameof(CutShort))]
    public async Task Without_an_answer_nothing_is_written(string line, string answers)
    {
        (EnrolmentResult theirs, EnrolmentResult ours) = await BothAsync(line, answers);

        Assert.Equal(1, theirs.ExitCode);
        Assert.Equal(1, ours.ExitCode);
        Assert.Equal(theirs.Questions, ours.Questions);
        Assert.Empty(ours.Left);
        Assert.Contains("nothing was written", ours.Errors, StringComparison.Ordinal); // theirs: a misleading errno
    }

    [Theory]
    [InlineData("-t -C", "n\n")]
    [InlineData("-c", "n\n")]
    [InlineData("", "y\nn\n")]
    public async Task A_no_to_the_file_is_no_error(string line, string answers)
    {
        string confirm = line == "" ? "-C " : "";
        (EnrolmentResult theirs, EnrolmentResult ours) = await BothAsync(confirm + line, answers);

        Assert.Equal(0, theirs.ExitCode);
        MustBeAlike(theirs, ours);
        Assert.Empty(ours.Left);
    }

    [Fact]
    public async Task A_file_that_is_there_is_replaced_whatever_is_in_it()
    {
        const string old = "printf 'AAAAAAAA\n\" TOTP_AUTH\n' >.google_authenticator; chmod 600 .google_authenticator";
        (EnrolmentResult theirs, EnrolmentResult ours) = await BothAsync("-tfqduW", before: old);

        Assert.DoesNotContain("AAAAAAAA", ours.File, StringComparison.Ordinal);
        MustBeAlike(theirs, ours);
    }

    private async Task<(EnrolmentResult Theirs, EnrolmentResult Ours)> BothAsync(
        string line, string answers = "", string before = "")
    {
        Task<EnrolmentResult> theirs = host.RunAsync(Maker.Original, line, answers, before);
        Task<EnrolmentResult> ours = host.RunAsync(Maker.Sallyport, line, answers, before);
        return (await theirs, await ours);
    }

    private static void MustBeAlike(EnrolmentResult theirs, EnrolmentResult ours)
    {
        Assert.Equal(
            (theirs.ExitCode, theirs.Questions, theirs.Settings, theirs.Mode),
            (ours.ExitCode, ours.Questions, ours.Settings, ours.Mode));
        Assert.Equal(theirs.LastError, ours.LastError);
        Assert.Equal(theirs.FirstError, ours.FirstError);
        Assert.Equal(theirs.Left, ours.Left);
    }
}
