using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.Server;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>
/// Everything that rides on ssh and shows no menu, one login after the other, as fast as they go. 3.11 is the table's number
/// in the facts about Duo's clients.
/// </summary>
public sealed class Given_programs_that_ride_on_ssh
{
    private const string Bytes = "/root/bytes";

    [Theory]
    [InlineData(OwnHost.Pam)]
    [InlineData(OwnHost.Forced)]
    public async Task Facts_3_11_each_needs_one_push_and_works_once_it_is_approved(string way)
    {
        await using OwnHost host = await StartAsync("autopush = yes");
        string[] commands = Commands(way, "-o BatchMode=no");
        foreach (string command in commands)
        {
            OpenLogin login = host.Open("sh", "-c", command);
            login.Answer("");
            await host.Phone.WaitingAsync();
            Assert.False(host.Sandbox.Exists(Transfers.There));
            await host.Phone.RunAsync("approve");

            await MustHaveWorkedAsync(host, command, await login.EndAsync());
        }

        string[] audit = await host.Server.AuditAsync();
        Assert.Equal(commands.Length, audit.Length);
        Assert.All(audit, row => Assert.StartsWith("success user_approved duo_push ", row, StringComparison.Ordinal));

        // What is forwarded is behind the module; sallyport-login is too late for it, so its sshd forwards nothing.
        OpenLogin forward = host.Open("sh", "-c", $"sleep 1 | ssh -W 127.0.1.1:22 alice@{way} | head -c 8");
        forward.Answer("");
        if (way == OwnHost.Pam)
        {
            await host.Phone.WaitingAsync();
            await host.Phone.RunAsync("approve");
        }

        Assert.Equal(way == OwnHost.Pam ? "SSH-2.0-" : "", (await forward.EndAsync()).Output);

        OpenLogin denied = host.Open("sh", "-c", commands[0]);
        denied.Answer("");
        await host.Phone.WaitingAsync();
        await host.Phone.RunAsync("deny");
        Assert.NotEqual(0, (await denied.EndAsync()).ExitCode);
        Assert.False(host.Sandbox.Exists(Transfers.There));
    }

    [Fact]
    public async Task Facts_3_11_a_passcode_in_the_environment_is_enough_for_each_and_the_shell_has_none()
    {
        await using OwnHost host = await StartAsync("accept_env_factor = yes");
        foreach (string command in Commands(OwnHost.Forced, "-o SendEnv=DUO_PASSCODE"))
        {
            string code = await host.Server.AddBypassCodeAsync("alice");
            await MustHaveWorkedAsync(host, command, await RunAsync(code, command));
        }

        string last = await host.Server.AddBypassCodeAsync("alice");
        const string see = "ssh -o SendEnv=DUO_PASSCODE alice@forced 'env; tr \"\\0\" \"\\n\" </proc/$$/environ'";
        Login seen = await RunAsync(last, see);
        Login again = await RunAsync(last, see);

        Assert.Contains("SSH_CONNECTION=", seen.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("DUO_PASSCODE", seen.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(last, seen.Output, StringComparison.Ordinal);
        Assert.Equal((1, ""), (again.ExitCode, again.Output)); // used up

        Task<Login> RunAsync(string code, string command) =>
            host.Host.Client.RunAsync(["env", $"DUO_PASSCODE={code}", "sh", "-c", command]);
    }

    private static async Task<OwnHost> StartAsync(string lines)
    {
        OwnHost host = await OwnHost.StartAsync(lines);
        await host.ForceAsync();
        host.Sandbox.Write(Transfers.Here, Transfers.Letter);
        await host.Sandbox.RunAsync("sh", "-c", $"head -c 300000 /dev/urandom >{Bytes}");
        return host;
    }

    private static string[] Commands(string way, string options) =>
    [
        .. Transfers.To(way, options),
        $"ssh {options} alice@{way} 'tee {Transfers.There}' <{Bytes} | cmp - {Bytes}", // as git does, both ways
        $"[ \"$(ssh -n {options} alice@{way} 'cat; echo over')\" = over ]",
        $"out=$(ssh {options} alice@{way} 'echo out; echo err >&2; exit 7' 2>/tmp/err); "
            + "[ \"$? $out $(tail -n 1 /tmp/err)\" = '7 out err' ]",
    ];

    private static async Task MustHaveWorkedAsync(OwnHost host, string command, Login login)
    {
        Assert.True(login.ExitCode == 0, $"{command}: {login}\n{host.Host.Syslog}");
        if (command.Contains(Bytes, StringComparison.Ordinal))
        {
            await host.Sandbox.RunAsync("cmp", Bytes, Transfers.There);
        }
        else if (command.Contains(Transfers.There, StringComparison.Ordinal))
        {
            Assert.Equal(Transfers.Letter, host.Sandbox.Read(Transfers.There));
        }

        await host.Sandbox.RunAsync("rm", "-f", Transfers.There);
    }
}
