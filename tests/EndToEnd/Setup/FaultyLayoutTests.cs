using Sallyport.EndToEnd.Doctor;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Setup;

/// <summary>
/// setup on each layout that is wrong and has shown its harm: it mends what it writes anyway, and then the harm is gone; or
/// it changes nothing, and says what is wrong and what to do.
/// </summary>
public sealed class Given_a_layout_that_does_harm
{
    private const string BreakGlass = "--break-glass=warden:2099-12-31:sealed key in the safe";

    // No reason not to set a host up: its people are asked by the server when it is back (BootedSetupTests).
    private const string Away = "a server that is not there";

    // What setup's own lines win over, or replace. All others it refuses.
    private static readonly HashSet<string> _mended =
    [
        "the key is enough", "nothing is said of methods", "both steps, or one",
        "a drop-in that nobody includes", "a drop-in that comes too late", "the code is enough", "both steps, or the code",
        "a password past PAM", "without PAM", "ours is optional", "ours is sufficient", "ours is ignored where it refuses",
        "nullok", "a module that is not there", "the module of another machine", "google's module beside ours",
        "a break-glass account that the session line does not know", "a break-glass account whose end PAM has otherwise",
        "a break-glass account that stands twice on the line",
        "a drop-in that sshd has not read", "a drop-in that is gone, and that sshd still obeys",
    ];

    // Refused by another word than doctor's: files that cannot be read as they are, or a fault that would be another one.
    private static readonly Dictionary<string, string> _words = new()
    {
        ["any method is enough"] = "must appear alone in AuthenticationMethods",
        ["a state folder that others can enter"] = "mode 0700",
        ["keyboard-interactive is off for all"] = "Mend them until sshd -t says nothing",
        ["keys are off for all"] = "Mend them until sshd -t says nothing",
        ["a line that sshd does not know"] = "Mend them until sshd -t says nothing",
        ["PAM without our line"] = "docs/how-to/key-and-passcode.md does it by hand",
        ["a break-glass account that sallyport.conf has ended, and PAM has not"] = "key-alone-refused (",
        ["a key that nobody knows"] = "/etc/sallyport/sallyport.conf:2: ",
        ["an exemption that has ended, and no session line"] = "exempt-past (/etc/sallyport/sallyport.conf:",
    };

    public static TheoryData<string> Mended => [.. FaultyLayouts.All.Keys.Where(_mended.Contains)];

    public static TheoryData<string> Refused => [.. FaultyLayouts.All.Keys.Where(layout => !_mended.Contains(layout) && layout != Away)];

    [Theory]
    [MemberData(nameof(Mended))]
    public async Task It_is_mended(string layout)
    {
        Fault fault = FaultyLayouts.All[layout];
        await using DoctorHost host = await DoctorHost.StartAsync(fault.Layout, PrepareAsync);
        string state = host.Alice.State;
        await fault.Harm(host);

        Outcome plan = await SetupAsync(host, "plan", "--json");
        Outcome setup = await SetupAsync(host);

        Assert.True(setup.ExitCode == 0, $"{setup}\n{host.World.Syslog}");
        Assert.Equal(0, plan.ExitCode);
        await host.Alice.WriteStateAsync(state); // as if no code had been used
        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => fault.Harm(host));
        (await host.SshAsync(["alice@server", "id -un"])).MustBeRefused(host.World);
        (await host.Alice.SshAsync("id -un", host.Alice.Phone.WrongPasscode(), "correct horse")).MustBeRefused(host.World);
        await host.Alice.WriteStateAsync(state);
        (await host.Alice.SshAsync("id -un", host.Alice.Phone.Passcode())).MustBeAllowed(host.World);
        Diagnosis diagnosis = await host.DoctorAsync();
        Assert.True(!diagnosis.Serious.Contains(fault.Id), diagnosis.Text);
        Assert.DoesNotContain(diagnosis.Findings, finding => finding.Severity == "error");
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task It_is_refused_and_nothing_is_changed(string layout)
    {
        // setup makes the folder that it would keep its journal in, and no more.
        const string files = "find /etc /home -printf '%p %M %U %G %T@ %l\\n' | sort; "
            + "find /etc/ssh /etc/pam.d /etc/sallyport /etc/passwd /etc/shadow /etc/group /var/lib/sallyport -type f -exec sha256sum {} +";
        Fault fault = FaultyLayouts.All[layout];
        await using DoctorHost host = await DoctorHost.StartAsync(fault.Layout, PrepareAsync);
        await fault.Harm(host);
        string before = await host.Sandbox.RunAsync("sh", "-c", files);

        Outcome plan = await SetupAsync(host, "plan", "--json");
        Outcome setup = await SetupAsync(host);

        Assert.True(setup.ExitCode == 1, $"{setup}\n{host.World.Syslog}");
        Assert.Equal(before, await host.Sandbox.RunAsync("sh", "-c", files));
        string why = _words.GetValueOrDefault(layout, fault.Id);
        Assert.Contains(why, setup.Errors, StringComparison.Ordinal);
        Assert.True(_words.ContainsKey(layout) || setup.Errors.Contains("To mend it: ", StringComparison.Ordinal), setup.Errors);
        Assert.Equal(1, plan.ExitCode);
        Assert.Contains(why, plan.Output + plan.Errors, StringComparison.Ordinal);
    }

    private static Task<Outcome> SetupAsync(DoctorHost host, params string[] words) =>
        host.Sandbox.TryAsync(["sh", "-c", "yes | \"$@\"", "sh", "/usr/bin/sallyport", "setup", .. words, BreakGlass]);

    /// <summary>A place for the agent's state, and an account for break-glass that has logged in once.</summary>
    private static async Task PrepareAsync(DoctorHost host)
    {
        await host.World.AddAccountAsync("warden");
        await host.Sandbox.RunAsync("sh", "-ec", """
            printf %-292s x | dd status=none of=/var/log/lastlog bs=292 conv=notrunc seek=$(id -u warden)
            install -d -m 0700 /var/lib/sallyport
            """);
        await host.World.Agent.KillAsync();
        await host.World.Agent.StartAsync();
    }
}
