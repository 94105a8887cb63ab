using Sallyport.EndToEnd.Enrolment;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Setup;

/// <summary>What an administrator is asked and shown in a terminal of 80 columns.</summary>
public sealed class Given_an_administrator_at_a_terminal
{
    private const string Asked = "or names of groups [all]: ";
    private const string Enrolment = "Enrolment [invited]: ";
    private const string Exempt = "Exempt: ";
    private const string BreakGlass = "Break-glass: ";
    private const string Agrees = "Put this in place, and try it? (y/N) ";

    [Fact]
    public async Task What_is_answered_is_put_in_place()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await host.Sandbox.RunAsync("useradd", "deploy");
        using var terminal = Terminal.Open(host.Sandbox, "root", "sallyport setup");
        await terminal.AnswerAsync(Asked, "");
        await terminal.AnswerAsync(Enrolment, "");
        await terminal.AnswerAsync(Exempt, "bob until tomorrow");
        await terminal.AnswerAsync(Exempt, "bob:2099-01-01:backup at night");
        await terminal.AnswerAsync(Exempt, "deploy:2099-01-02:releases");
        await terminal.AnswerAsync(Exempt, "");
        await terminal.AnswerAsync(BreakGlass, "ops:2099-12-31:sealed key in the safe");
        await terminal.AnswerAsync(Agrees, "y");

        Assert.Equal(0, await terminal.EndAsync());
        Transcript.MustBe("setup-questions.txt", terminal.Seen);
        Assert.Equal("bob", (await host.LoginAsync("bob")).Output);
        Assert.Equal(255, (await host.LoginAsync("alice")).ExitCode);
    }

    [Fact]
    public async Task Enter_is_no_and_nothing_is_changed()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> before = host.Snapshot();
        using var terminal = Terminal.Open(host.Sandbox, "root", $"sallyport setup '{SetupHost.BreakGlass}'");
        await terminal.AnswerAsync(Asked, "");
        await terminal.AnswerAsync(Enrolment, "");
        await terminal.AnswerAsync(Exempt, "");
        await terminal.AnswerAsync(Agrees, "");

        Assert.Equal(1, await terminal.EndAsync());
        Assert.EndsWith("Nothing is changed.\n", terminal.Seen, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
    }

    [Fact]
    public async Task Without_a_break_glass_account_it_says_so_and_changes_nothing()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> before = host.Snapshot();
        using var terminal = Terminal.Open(host.Sandbox, "root", "sallyport setup");
        await terminal.AnswerAsync(Asked, "");
        await terminal.AnswerAsync(Enrolment, "deny");
        await terminal.AnswerAsync(Exempt, "");
        await terminal.AnswerAsync(BreakGlass, "");

        Assert.Equal(1, await terminal.EndAsync());
        Assert.Contains("name an account for the day when nothing else works", terminal.Seen, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
    }
}
