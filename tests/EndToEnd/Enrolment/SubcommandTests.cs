using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Enrolment;

/// <summary>The command under its own name.</summary>
public sealed class SubcommandTests(EnrolmentHost host) : IClassFixture<EnrolmentHost>
{
    [Theory]
    [InlineData("", "usage: sallyport COMMAND")]
    [InlineData("enrol", "there is no command 'enrol'")]
    [InlineData("--home-file", "there is no command '--home-file'")]
    public async Task What_it_does_not_know_is_a_usage_error_that_says_what_to_do(string line, string told)
    {
        Outcome ours = await RunAsync(host.NewHome(), line);

        Assert.Equal((64, ""), (ours.ExitCode, ours.Output));
        Assert.Contains(told, ours.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "usage: sallyport COMMAND")]
    [InlineData("enroll --help", "usage: sallyport enroll [OPTION...]")]
    public async Task It_helps(string line, string told)
    {
        Outcome ours = await RunAsync(host.NewHome(), line);

        Assert.Equal((0, ""), (ours.ExitCode, ours.Errors));
        Assert.StartsWith(told, ours.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("enroll --home-file -t -f -d -u -W -q")]
    [InlineData("enroll -tfqduW --home")]
    public async Task Enroll_into_the_home_file_is_google_authenticator(string line)
    {
        string home = host.NewHome();
        Outcome ours = await RunAsync(home, line);

        Assert.True(ours.ExitCode == 0, $"{ours}");
        Assert.Contains(
            "\n\" WINDOW_SIZE 3\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n",
            host.Sandbox.Read($"{home}/.google_authenticator"), StringComparison.Ordinal);
    }

    private Task<Outcome> RunAsync(string home, string line) => host.Sandbox.TryAsync(
        ["env", $"HOME={home}", "sh", "-c", "mkdir -p \"$HOME\"; exec \"$@\"", "sh", "/opt/sallyport/bin/sallyport",
         .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
}
