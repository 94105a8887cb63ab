using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.RootOnlyStore;

/// <summary>sallyport status --all: an exemption that nobody sees is one that stays.</summary>
public sealed class StatusOfAllTests
{
    [Fact]
    public async Task Everybody_is_there_with_what_he_has_and_who_is_not_asked_with_reason_and_end()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        foreach (string name in new[] { "ada", "bob" })
        {
            await host.World.AddAccountAsync(name);
        }

        await host.EnrolByRootAsync("ada");
        await host.InviteAsync("bob");
        host.World.Agent.Configure("""
            [policy]
            [exempt backup]
            reason = nightly copies
            until = 2999-01-01
            [exempt old-ci]
            reason = was switched off
            until = 2020-01-01
            [break_glass rescue]
            reason = last way in
            until = 2999-06-01
            """);

        Outcome all = await host.RootAsync("status", "--all");
        Outcome byUser = await host.AsAsync("ada", StoreHost.Program, "status", "--all");

        Assert.Matches("""
            ^ada     enrolled \d{4}-\d\d-\d\d \d\d:\d\d UTC, 5 recovery codes left
            backup  exempt until 2999-01-01: nightly copies
            bob     invited until \d{4}-\d\d-\d\d \d\d:\d\d UTC
            old-ci  exempt until 2020-01-01, so ASKED NOW: was switched off
            rescue  break-glass until 2999-06-01: last way in
            $
            """.TrimEnd(), all.Output);
        Assert.Equal(1, byUser.ExitCode);
        Assert.Contains("--all is for root", byUser.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_entry_that_cannot_be_read_is_named()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        await host.World.AddAccountAsync("ada");
        host.Sandbox.Write($"{StoreHost.State}/totp/ada", "torn", UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Assert.Contains("ada  CANNOT BE READ", (await host.RootAsync("status", "--all")).Output, StringComparison.Ordinal);
        Assert.Equal(64, (await host.RootAsync("status", "--all", "ada")).ExitCode);
    }
}
