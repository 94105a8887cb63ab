using System.Text;
using Sallyport.EndToEnd.Harness;
using Sallyport.Protocol;

namespace Sallyport.EndToEnd.Enrolment;

/// <summary>A file made by our command, behind the distribution's module and behind ours.</summary>
public sealed class LoginTests(EnrolmentHost host) : IClassFixture<EnrolmentHost>, IAsyncLifetime
{
    private const string StateFile = "/home/ada/.google_authenticator";

    public async ValueTask InitializeAsync()
    {
        Tools.MustBeThere("pamtester");
        foreach (SecondFactor factor in (SecondFactor[])[SecondFactor.Google, SecondFactor.Sallyport])
        {
            host.Sandbox.Write($"/etc/pam.d/{factor}", factor.Auth() + "\n");
        }

        if (!host.Sandbox.Exists("/etc/sallyport/sallyport.conf"))
        {
            host.Sandbox.Copy(Built.Module, $"{World.ModuleFolder(host.Sandbox)}/{SecondFactor.Sallyport.Module}");
            var agent = new Agent(host.Sandbox, TestContext.Current.CancellationToken);
            agent.Install();
            await agent.StartAsync();
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("-d -r 10 -R 30 -w 3", 30)]
    [InlineData("-d -u -W -S 60", 60)]
    [InlineData("-d -u -w 17 -S 15", 15)]
    public async Task By_the_clock_it_logs_in_through_both(string flags, int period)
    {
        string[] file = await EnrolAsync($"-t {flags} -f -q -e 2");
        var phone = new Authenticator(file[0], period);
        await phone.EarlyInStepAsync();

        Assert.True(await LogsInAsync(SecondFactor.Google, phone.Passcode()));
        Assert.False(await LogsInAsync(SecondFactor.Sallyport, phone.Passcode()));
        Assert.True(await LogsInAsync(SecondFactor.Sallyport, phone.Passcode(+1)));
        Assert.False(await LogsInAsync(SecondFactor.Google, phone.Passcode(+1)));
        Assert.True(await LogsInAsync(SecondFactor.Google, file[^1]));
        Assert.True(await LogsInAsync(SecondFactor.Sallyport, file[^2]));
        Assert.False(await LogsInAsync(SecondFactor.Google, file[^2]));
    }

    [Theory]
    [InlineData("-w 3")]
    [InlineData("-W")]
    public async Task By_counter_it_logs_in_through_both(string flags)
    {
        string[] file = await EnrolAsync($"-c -u {flags} -f -q -e 0");
        string[] codes = [.. Enumerable.Range(1, 2).Select(counter => Counted(file[0], counter))];

        // A wrong code moves the counter too, so nothing is tried twice.
        Assert.True(await LogsInAsync(SecondFactor.Sallyport, codes[0]));
        Assert.True(await LogsInAsync(SecondFactor.Google, codes[1]));
        Assert.False(await LogsInAsync(SecondFactor.Sallyport, codes[1]));
    }

    [Fact]
    public async Task A_confirmed_secret_logs_in()
    {
        using Typist ada = Typist.Start(host, Maker.Sallyport, "-t -D -u -w 3 -f -Q NONE", home: "/home/ada");
        await ada.AnswerAsync("Enter code from app: ", "");
        var phone = new Authenticator(ada.Secret);
        await ada.TypeAsync(phone.Passcode() + "\n");
        Assert.Equal(0, await ada.EndAsync());
        await host.Sandbox.RunAsync("chown", "ada:ada", StateFile);

        Assert.True(await LogsInAsync(SecondFactor.Google, phone.Passcode()));
        Assert.True(await LogsInAsync(SecondFactor.Sallyport, phone.Passcode()));
    }

    private static string Counted(string secret, int counter)
    {
        Assert.True(OtpSecret.TryParse(Encoding.ASCII.GetBytes(secret), out OtpSecret? key));
        using (key)
        {
            return Passcode.FromNumber(Hotp.Compute(key, counter), 6).Expose();
        }
    }

    private async Task<string[]> EnrolAsync(string line)
    {
        await host.Sandbox.RunAsync(
            [
                "runuser", "-u", "ada", "--", "env", "HOME=/home/ada", "/opt/sallyport/bin/google-authenticator",
                .. line.Split(' '),
            ]);
        return host.Sandbox.Read(StateFile).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private async Task<bool> LogsInAsync(SecondFactor factor, string answer)
    {
        Outcome outcome = await host.Sandbox.TryAsync(
            "sh", "-c", $"echo {answer} | pamtester {factor} ada authenticate");
        return outcome.ExitCode == 0;
    }
}
