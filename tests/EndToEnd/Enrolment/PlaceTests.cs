using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Enrolment;

/// <summary>What lies where the file should go, and a disk that has no room for it.</summary>
public sealed class PlaceTests(EnrolmentHost host) : IClassFixture<EnrolmentHost>
{
    private const string Line = "-t -f -d -u -W -C -Q NONE";
    private const string Old = "OLDSECRETOLDSECRETOLDSECRET22222";

    private static string OldFile => $"printf '{Old}\\n' >.google_authenticator";

    [Fact]
    public async Task A_temporary_file_that_was_left_behind_is_no_obstacle()
    {
        // The original wants FILE~ for itself, and after an abort refuses until somebody removes it by hand.
        const string stale = "touch .google_authenticator~";
        EnrolmentResult theirs = await host.RunAsync(Maker.Original, Line, before: stale);
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, Line, before: stale);

        Assert.Equal((1, 0), (theirs.ExitCode, ours.ExitCode));
        Assert.Equal([".google_authenticator", ".google_authenticator~"], ours.Left);
    }

    [Theory]
    [InlineData("ln -s target .google_authenticator; touch target", "symbolic link", ".google_authenticator target")]
    [InlineData("ln -s nowhere .google_authenticator", "symbolic link", ".google_authenticator")]
    [InlineData("mkfifo .google_authenticator", "not a regular file", ".google_authenticator")]
    [InlineData("mkdir .google_authenticator", "Is a directory", ".google_authenticator")]
    public async Task What_is_no_plain_file_stays_and_no_secret_is_shown(string before, string reason, string left)
    {
        // The original replaces links and FIFOs, and finds out about a directory after the app has scanned.
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, Line, before: before);

        Assert.Equal((1, ""), (ours.ExitCode, ours.Output));
        Assert.StartsWith("Failed to write new secret: ", ours.LastError, StringComparison.Ordinal);
        Assert.Contains(reason, ours.LastError, StringComparison.Ordinal);
        Assert.Equal(left.Split(' '), ours.Left);
        Assert.DoesNotContain("regular file,", ours.Mode, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_that_appears_during_the_dialogue_is_refused_too()
    {
        string home = host.NewHome();
        using Typist ada = Typist.Start(host, Maker.Sallyport, "-t -d -u -W -C -Q NONE", home: home);
        await ada.AnswerAsync("(y/n) ", "");
        await host.Sandbox.RunAsync("ln", "-s", "/etc/passwd", $"{home}/.google_authenticator");
        string passwd = host.Sandbox.Read("/etc/passwd");
        await ada.TypeAsync("y\n");

        Assert.Equal(1, await ada.EndAsync());
        Assert.Contains("symbolic link", ada.Seen, StringComparison.Ordinal);
        Assert.Equal(passwd, host.Sandbox.Read("/etc/passwd"));
        Assert.Equal(".google_authenticator\n", await host.Sandbox.RunAsync("ls", "-A", home));
        Assert.Equal("/etc/passwd\n", await host.Sandbox.RunAsync("readlink", $"{home}/.google_authenticator"));
    }

    [Theory]
    [InlineData("nofolder/file", "Failed to create \"nofolder/file\" (No such file or directory)")]
    [InlineData("nofolder/", "Failed to create \"nofolder/\" (No such file or directory)")]
    [InlineData("/dev/null/file", "Failed to create \"/dev/null/file\" (Not a directory)")]
    public async Task A_folder_that_is_not_there_is_named_as_the_original_does(string file, string error)
    {
        EnrolmentResult theirs = await host.RunAsync(Maker.Original, $"{Line} -s {file}");
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, $"{Line} -s {file}");

        Assert.Equal((1, error), (theirs.ExitCode, theirs.LastError));
        Assert.Equal((1, error, ""), (ours.ExitCode, ours.LastError, ours.Output));
    }

    [Fact]
    public async Task Who_may_not_write_there_is_told_before_he_scans()
    {
        string folder = host.NewHome();
        await host.Sandbox.RunAsync("install", "-d", "-m", "755", folder);
        Outcome ours = await host.Sandbox.TryAsync(
            "runuser", "-u", "ada", "--", "env", $"HOME={folder}",
            "/opt/sallyport/bin/google-authenticator", "-t", "-f", "-d", "-u", "-W", "-C", "-Q", "NONE");

        Assert.Equal((1, ""), (ours.ExitCode, ours.Output));
        Assert.Equal($"Failed to create \"{folder}/.google_authenticator\" (Permission denied)\n", ours.Errors);
    }

    [Fact]
    public async Task A_folder_that_may_be_searched_but_not_listed_will_do()
    {
        string folder = host.NewHome();
        await host.Sandbox.RunAsync("install", "-d", "-m", "300", "-o", "ada", "-g", "ada", folder);
        Outcome ours = await host.Sandbox.TryAsync(
            "runuser", "-u", "ada", "--", "env", $"HOME={folder}",
            "/opt/sallyport/bin/google-authenticator", "-t", "-f", "-d", "-u", "-W", "-q");

        Assert.True(ours.ExitCode == 0, $"{ours}");
        string found = await host.Sandbox.RunAsync("stat", "-c", "%a %U", $"{folder}/.google_authenticator");
        Assert.Equal("400 ada\n", found);
    }

    [Fact]
    public async Task A_full_disk_leaves_the_old_file_and_nothing_else()
    {
        // The original deletes the old, working file here, which with nullok switches the second factor off.
        const string full = "mount -t tmpfs -o size=64k tmpfs . && cd \"$HOME\"";
        string before = $"{full}; {OldFile}; dd if=/dev/zero of=filler bs=4k 2>&1";
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, Line, before: before);

        Assert.Equal(1, ours.ExitCode);
        Assert.Equal("Failed to write new secret: No space left on device", ours.LastError);
        Assert.Equal($"{Old}\n", ours.File);
        Assert.Equal([".google_authenticator", "filler"], ours.Left);
    }

    [Fact]
    public async Task A_disk_that_cannot_be_written_leaves_the_old_file_and_shows_no_secret()
    {
        string before = $"{OldFile}; mount --bind . . && mount -o remount,bind,ro . && cd \"$HOME\"";
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, Line, before: before);

        Assert.Equal((1, ""), (ours.ExitCode, ours.Output));
        Assert.Contains("Read-only file system", ours.LastError, StringComparison.Ordinal);
        Assert.Equal($"{Old}\n", ours.File);
    }

    [Fact]
    public async Task A_secret_is_never_in_the_arguments_or_the_environment()
    {
        string home = host.NewHome();
        using Typist ada = Typist.Start(host, Maker.Sallyport, "-t -d -u -W -C -Q NONE", home: home);
        await ada.AnswerAsync("(y/n) ", "");
        string visible = await host.Sandbox.RunAsync(
            "sh", "-c", "cat /proc/$(pidof google-authenticator)/cmdline /proc/$(pidof google-authenticator)/environ");

        Assert.Contains("google-authenticator", visible, StringComparison.Ordinal);
        Assert.DoesNotContain(ada.Secret, visible, StringComparison.Ordinal);
        await ada.TypeAsync("n\n");
        Assert.Equal(0, await ada.EndAsync());
    }
}
