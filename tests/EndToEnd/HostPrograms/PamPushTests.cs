using System.Diagnostics;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>Our module behind sshd's key, a phone, and what a person sees of it.</summary>
public sealed class Given_a_push_through_our_module
{
    private const string AutoPush = "autopush = yes";
    private const string Wait = "Approve on your phone, then press Enter; or type a passcode: ";
    private static readonly string[] Command = ["ssh", "alice@server", "id -un"];

    [Fact]
    public async Task The_text_is_seen_before_the_wait_and_Enter_waits_for_the_phone()
    {
        await using OwnHost host = await OwnHost.StartAsync(AutoPush);
        OpenLogin login = host.Open(Command);

        string prompt = await login.PromptAsync(1);
        Assert.Contains("Pushed a login request to your device", prompt, StringComparison.Ordinal);
        Assert.EndsWith(Wait, prompt, StringComparison.Ordinal);
        login.Answer("");
        await host.Phone.WaitingAsync();
        await host.Phone.RunAsync("approve");

        Login done = await login.EndAsync();
        Assert.True(done.ExitCode == 0, $"{done}\n{host.Host.Syslog}");
        Assert.Equal("alice", done.Output);
        Assert.StartsWith(
            "success user_approved duo_push alice shell 127.0.", (await host.Server.AuditAsync())[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Approved_first_and_Enter_pressed_then_he_is_let_in_as_well()
    {
        await using OwnHost host = await OwnHost.StartAsync(AutoPush);
        OpenLogin login = host.Open(Command);
        await login.PromptAsync(1);

        await host.Phone.WaitingAsync();
        await host.Phone.RunAsync("approve");
        login.Answer("");

        Login done = await login.EndAsync();
        Assert.True(done.ExitCode == 0, $"{done}\n{host.Host.Syslog}");
    }

    [Fact]
    public async Task The_number_to_type_on_the_phone_is_on_the_screen()
    {
        await using OwnHost host = await OwnHost.StartAsync(
            "autopush = no\nverified_push = yes", "", "--number-matching", "always");
        OpenLogin login = host.Open(Command);
        Assert.EndsWith("Passcode or option (1-1): ", await login.PromptAsync(1), StringComparison.Ordinal);
        login.Answer("1");

        string number = new([.. (await login.PromptAsync(2)).SkipWhile(c => !char.IsAsciiDigit(c)).TakeWhile(char.IsAsciiDigit)]);
        login.Answer("");
        await host.Phone.WaitingAsync();
        await host.Phone.RunAsync("approve", "--number", number);

        Login done = await login.EndAsync();
        Assert.True(done.ExitCode == 0, $"{done}\n{host.Host.Syslog}");
    }

    [Fact]
    public async Task A_passcode_typed_instead_lets_in_and_takes_the_push_back()
    {
        await using OwnHost host = await OwnHost.StartAsync(AutoPush);
        Authenticator app = await host.Server.AddTotpAsync("alice");
        OpenLogin login = host.Open(Command);
        await login.PromptAsync(1);
        await host.Phone.WaitingAsync();

        login.Answer(app.Passcode());

        Login done = await login.EndAsync();
        Assert.True(done.ExitCode == 0, $"{done}\n{host.Host.Syslog}");
        Assert.Equal("", await host.WaitingAsync());
    }

    [Fact]
    public async Task Denied_on_the_phone_he_is_not_pushed_again_in_the_same_connection()
    {
        await using OwnHost host = await OwnHost.StartAsync(AutoPush);
        OpenLogin login = host.Open("ssh", "-o", "NumberOfPasswordPrompts=2", "alice@server", "id -un");
        await login.PromptAsync(1);
        login.Answer("");
        await host.Phone.WaitingAsync();
        await host.Phone.RunAsync("deny");

        Assert.EndsWith("Passcode: ", await login.PromptAsync(2), StringComparison.Ordinal);
        login.Answer("1");
        Login done = await login.EndAsync();

        Assert.Equal((255, ""), (done.ExitCode, done.Output));
        Assert.Equal("", await host.WaitingAsync());
        Assert.Single(await host.Server.AuditAsync(), row => row.Contains("duo_push", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_has_no_key_makes_no_phone_ring()
    {
        await using OwnHost host = await OwnHost.StartAsync(
            AutoPush, "Match all\n    AuthenticationMethods keyboard-interactive");
        OpenLogin login = host.Open(Command);

        Assert.EndsWith("Passcode: ", await login.PromptAsync(1), StringComparison.Ordinal);
        login.Answer("1");
        Login done = await login.EndAsync();

        Assert.Equal((255, ""), (done.ExitCode, done.Output));
        Assert.DoesNotContain(await host.Server.AuditAsync(), row => row.Contains("duo_push", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_hangs_up_takes_its_push_along()
    {
        await using OwnHost host = await OwnHost.StartAsync(AutoPush);
        OpenLogin login = host.Open(Command);
        await login.PromptAsync(1);
        login.Answer("");
        await host.Phone.WaitingAsync();
        long begun = Stopwatch.GetTimestamp();

        await login.HangUpAsync();
        LogLine aborted = await host.Host.Syslog.LineAsync("Aborted Duo login for 'alice'");

        // The agent looks each second; a push that nobody takes back lasts 55 s.
        Assert.InRange(Stopwatch.GetElapsedTime(begun, aborted.At).TotalSeconds, 0, 1 + 2);
        Assert.Equal("", await host.WaitingAsync());
        Assert.StartsWith("denied user_cancelled duo_push", (await host.Server.AuditAsync())[0], StringComparison.Ordinal);
    }
}
