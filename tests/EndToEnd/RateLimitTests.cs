using System.Globalization;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

public sealed class RateLimitTests
{
    [Fact]
    public async Task After_three_tries_even_the_right_passcode_is_refused_unasked_and_the_wait_is_told()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("RATE_LIMIT 3 600", "TOTP_AUTH");
        foreach (int _ in Enumerable.Range(0, 3))
        {
            (await alice.SshAsync("id -un", alice.Phone.WrongPasscode())).MustBeRefused(world);
        }

        Login login = await alice.SshAsync("id -un", alice.Phone.Passcode());

        login.MustBeRefused(world);
        Assert.Empty(login.Prompts);
        await world.Syslog.LineAsync("Too many concurrent login attempts");
        Assert.Matches(@"Try again in (5\d\d|60[01]) seconds", login.Errors);
    }

    [Fact]
    public async Task Hanging_up_at_the_prompt_is_a_try()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("RATE_LIMIT 1 600", "TOTP_AUTH");
        string before = alice.State;
        OpenLogin open = alice.OpenSsh("id -un");
        await open.PromptedAsync();

        await open.HangUpAsync();
        await Wait.UntilAsync(() => alice.State != before, "the try is noted", TestContext.Current.CancellationToken);

        (await alice.SshAsync("id -un", alice.Phone.Passcode())).MustBeRefused(world);
        await world.Syslog.LineAsync("Too many concurrent login attempts");
    }

    [Fact]
    public async Task Tries_that_are_old_enough_no_longer_count()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        string old = (Now() - 31).ToString(CultureInfo.InvariantCulture);
        await alice.EnrolAsync($"RATE_LIMIT 3 30 {old} {old} {old}", "TOTP_AUTH");

        (await alice.SshAsync("id -un", alice.Phone.Passcode())).MustBeAllowed(world);
    }

    private static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
}
