using System.Diagnostics;
using System.Globalization;
using Sallyport.EndToEnd.Harness;
using Command = Sallyport.EndToEnd.Dev.Command;

namespace Sallyport.EndToEnd.Systemd;

/// <summary>A newcomer with a fresh host, the archive of the programs and a phone.</summary>
public sealed class Given_a_newcomer_with_a_fresh_host(ITestOutputHelper output)
{
    private const string Carry = "1. Carry the files there";
    private const string Programs = "2. The programs";
    private const string WorstDay = "3. A way in for the worst day";
    private const string Once = "4. Try it once";
    private const string Factor = "5. Your second factor";
    private const string SetUp = "6. Set it up";
    private const string Confirm = "7. Confirm";

    private const string Installed =
        "etc/sallyport usr/bin/sallyport usr/lib/*/security/pam_sallyport.so usr/libexec/sallyport usr/share/sallyport";

    private readonly HowTo _page = HowTo.Read("ec2.md");
    private readonly List<(string Step, TimeSpan Took)> _steps = [];

    [Fact]
    public async Task Seven_steps_and_the_key_alone_is_refused()
    {
        await using BootedHost host = await BootedHost.StartAsync();
        Reader reader = await Reader.AtAsync(host);
        Person admin = await reader.AdministratorAsync("admin");
        await PackAsync(host);
        string key = _page.Commands(Carry).Split('\n')[0];
        string carry = _page.Commands(Carry).Split('\n')[1];
        Authenticator? phone = null;

        await StepAsync(Carry, async () =>
        {
            await reader.TypeAsync(key, ("(empty for no passphrase): ", ""), ("same passphrase again: ", ""));
            await host.SayAsync($"cd /root; {carry}");
        });
        await StepAsync(Programs, () => _page.FollowAsync(host, Programs));
        await StepAsync(WorstDay, () => host.SayAsync($"cd /home/admin\n{_page.Commands(WorstDay)}"));
        await StepAsync(Once, () => reader.TypeAsync(_page.Commands(Once)));
        await StepAsync(Factor, async () => phone = await reader.EnrolAsync(_page.Commands(Factor)));
        await StepAsync(SetUp, () => reader.SetUpAsync(_page.Commands(SetUp)));
        string passcode = phone!.Passcode(+1); // enrolling has used up the one of now
        await StepAsync(Confirm, () => reader.TypeAsync(_page.Commands(Confirm), ("Verification code: ", passcode)));
        long confirmed = Stopwatch.GetTimestamp();
        Report();

        Assert.Contains("setup: confirmed", await host.SayAsync("sallyport setup status"), StringComparison.Ordinal);
        Command keyAlone = await host.ShellAsync("ssh -o BatchMode=yes admin@host id -un");
        Assert.Equal((255, ""), (keyAlone.ExitCode, keyAlone.Output));
        Assert.Equal((255, ""), await LoginAsync(admin, phone.WrongPasscode()));
        Assert.Equal((255, ""), await LoginAsync(admin, passcode)); // it was used
        await phone.UntilNextAsync(passcode);
        TimeSpan limit = TimeSpan.FromSeconds(30.5) - Stopwatch.GetElapsedTime(confirmed); // three attempts in 30 s
        await Task.Delay(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, TestContext.Current.CancellationToken);
        Assert.Equal((0, "admin\n"), await LoginAsync(admin, phone.Passcode()));
        await reader.BreakGlassComesInAsync();

        await _page.FollowAsync(host, "Going back");
        Assert.Equal("admin\n", (await host.ShellAsync("ssh -o BatchMode=yes admin@host id -un")).Succeeded().Output);
    }

    // As `tar -C DESTDIR -czf …` of provision.md, and then they are nowhere but in it.
    private static Task<string> PackAsync(BootedHost host) => host.SayAsync($"""
        cd /
        tar -czf /root/sallyport-x86_64.tar.gz {Installed} usr/lib/systemd/system/sallyport-*
        rm -r {Installed} usr/lib/systemd/system/sallyport-*
        systemctl daemon-reload
        """);

    private static async Task<(int ExitCode, string Output)> LoginAsync(Person admin, string passcode)
    {
        Command login = await admin.SshAsync(passcode);
        return (login.ExitCode, login.Output);
    }

    private async Task StepAsync(string step, Func<Task> follow)
    {
        long begun = Stopwatch.GetTimestamp();
        await follow();
        _steps.Add((step, Stopwatch.GetElapsedTime(begun)));
    }

    private void Report()
    {
        foreach ((string step, TimeSpan took) in _steps)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds,6:F1} s  {step}, {_page.Count(step)} commands"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{_steps.Sum(step => step.Took.TotalSeconds),6:F1} s  of the machine in all, {_page.Count([.. _steps.Select(step => step.Step)])} commands"));
    }
}
