using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

public sealed class SimultaneousLoginTests
{
    private const int Logins = 16;

    [Theory]
    [InlineData("passcode", 10)]
    [InlineData("scratch code", 3)]
    public async Task Of_sixteen_with_one_code_exactly_one_gets_in(string kind, int rounds)
    {
        await using World world = await World.StartAsync();
        await world.Agent.SlowDiskAsync();
        Account alice = await world.AddAccountAsync("alice");
        for (int round = 1; round <= rounds; round++)
        {
            await alice.EnrolAsync(Authenticator.Create(), "TOTP_AUTH", "DISALLOW_REUSE", "12345678");
            OpenLogin[] logins = [.. Enumerable.Range(0, Logins).Select(_ => alice.OpenSsh("id -un"))];
            await Task.WhenAll(logins.Select(login => login.PromptedAsync()));

            string code = kind == "scratch code" ? "12345678" : alice.Phone.Passcode();
            foreach (OpenLogin login in logins)
            {
                login.Answer(code);
            }

            Login[] ended = await Task.WhenAll(logins.Select(login => login.EndAsync()));
            Assert.True(ended.Count(login => login.ExitCode == 0) == 1, $"round {round}: {world.Syslog}");
            Assert.Equal(Logins - 1, ended.Count(login => login.ExitCode == 255));
        }
    }

    [Fact]
    public async Task Different_scratch_codes_all_get_in()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        string[] codes = ["11111111", "22222222", "33333333", "44444444"];
        await alice.EnrolAsync(["TOTP_AUTH", .. codes]);
        OpenLogin[] logins = [.. codes.Select(_ => alice.OpenSsh("id -un"))];
        await Task.WhenAll(logins.Select(login => login.PromptedAsync()));

        foreach ((OpenLogin login, string code) in logins.Zip(codes))
        {
            login.Answer(code);
        }

        foreach (Login login in await Task.WhenAll(logins.Select(login => login.EndAsync())))
        {
            login.MustBeAllowed(world);
        }

        Assert.Equal($"{alice.Phone.Secret}\n\" TOTP_AUTH\n", alice.State);
    }
}
