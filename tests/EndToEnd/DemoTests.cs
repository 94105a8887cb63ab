using System.Diagnostics;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

/// <summary>./dev demo, as a newcomer sees it. It uses one folder, so its tests take turns: they are one class.</summary>
public sealed class Given_the_demo
{
    private static readonly string _root = Path.GetDirectoryName(Path.GetDirectoryName(Built.SandboxScript))!;
    private static readonly string _folder = Path.Combine(_root, "out", "demo");

    [Fact]
    public async Task It_shows_logins_and_refusals_and_leaves_nothing()
    {
        using Process demo = Start();
        string shown = await demo.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string errors = await demo.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await demo.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(demo.ExitCode == 0, shown + errors);
        Assert.Equal(7, Count(shown, "=> logged in"));
        Assert.Equal(10, Count(shown, "=> refused"));
        Assert.Equal(5, Count(shown, "you are "));
        Assert.Contains("Enter the number ", shown, StringComparison.Ordinal);
        Assert.Contains("then press Enter; or type a passcode: ", shown, StringComparison.Ordinal);
        Assert.Contains("The login server cannot be reached, and this host lets nobody in without it.", shown, StringComparison.Ordinal);
        Assert.Contains("phone: Approved.", shown, StringComparison.Ordinal);
        Assert.Contains("phone: Denied, and reported", shown, StringComparison.Ordinal);
        Assert.Contains("Duo two-factor login for dora", shown, StringComparison.Ordinal);
        Assert.Contains("Incorrect passcode. Please try again.", shown, StringComparison.Ordinal);
        Assert.Contains("log: Accepted google_authenticator for ada", shown, StringComparison.Ordinal);
        Assert.Contains("log: Trying to reuse a previously used time-based code", shown, StringComparison.Ordinal);
        Assert.Contains("Too many tries. Try again in ", shown, StringComparison.Ordinal);
        Assert.Contains("log: No secret configured for user cyd", shown, StringComparison.Ordinal);
        Assert.Contains("cannot reach sallyport-agent", shown, StringComparison.Ordinal);
        NothingIsLeft();
    }

    [Fact]
    public async Task Kept_it_prints_a_command_that_logs_in_and_ends_when_told_to()
    {
        using Process demo = Start("--keep");
        string secret = "";
        string command = "";
        while (command.Length == 0 && await demo.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is string line)
        {
            secret = line.StartsWith("or type the key: ", StringComparison.Ordinal) ? line[17..] : secret;
            command = line.StartsWith("nsenter ", StringComparison.Ordinal) ? line : "";
        }

        Assert.NotEqual("", command);
        string script = $"export ANSWER=$(oathtool --totp --base32 {secret}) SSH_ASKPASS={_folder}/askpass "
            + $"SSH_ASKPASS_REQUIRE=force; {command} whoami </dev/null";
        using Process ssh = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true })!;
        string user = await ssh.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await ssh.WaitForExitAsync(TestContext.Current.CancellationToken);
        using Process kill = Process.Start("kill", ["-TERM", $"{demo.Id}"]);
        await demo.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal("ada\n", user);
        Assert.Equal(143, demo.ExitCode);
        NothingIsLeft();
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo(Path.Combine(_root, "eng", "demo.sh"), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    // The sandbox's mounts are in a namespace of its own; what could be left is a process that still runs in it.
    private static void NothingIsLeft()
    {
        Assert.False(Directory.Exists(_folder), $"{_folder} is left");
        Assert.DoesNotContain(Directory.EnumerateDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out _)),
            process => CommandLine(process).Contains("/etc/ssh/demo.conf", StringComparison.Ordinal));
        Assert.DoesNotContain("cyd:", File.ReadAllText("/etc/passwd"), StringComparison.Ordinal);
    }

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(process + "/cmdline");
        }
        catch (IOException)
        {
            return ""; // ended while we looked
        }
    }

    private static int Count(string text, string what) => text.Split(what).Length - 1;
}
