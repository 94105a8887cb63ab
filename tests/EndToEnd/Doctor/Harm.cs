using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Doctor;

/// <summary>What a faulty layout does to people, shown by real logins.</summary>
internal static class Harm
{
    /// <summary>In, without having been asked.</summary>
    public static Func<DoctorHost, Task> KeyAlone(string user = "alice", params string[] options) => async host =>
    {
        Login login = await host.SshAsync([.. options, $"{user}@server", "id -un"]);
        login.MustBeAllowed(host.World);
        Assert.Equal((user, 0), (login.Output, login.Prompts.Count));
    };

    public static async Task WrongCode(DoctorHost host) =>
        (await host.Alice.SshAsync("id -un", host.Alice.Phone.WrongPasscode())).MustBeAllowed(host.World);

    public static async Task CodeWithoutKey(DoctorHost host)
    {
        Login login = await host.SshAsync(
            ["-o", "PubkeyAuthentication=no", "alice@server", "id -un"], host.Alice.Phone.Passcode());
        login.MustBeAllowed(host.World);
    }

    /// <summary>Key and password, and no code.</summary>
    public static async Task Password(DoctorHost host)
    {
        Login login = await host.SshAsync(["alice@server", "id -un"], "correct horse");
        login.MustBeAllowed(host.World);
        Assert.DoesNotContain("Verification code", string.Join('\n', login.Prompts), StringComparison.Ordinal);
    }

    /// <summary>Not even with the key and the right code.</summary>
    public static async Task Nobody(DoctorHost host)
    {
        string code = host.Alice.Phone.Passcode();
        Login login = await host.Alice.SshAsync("id -un", code, code);
        Assert.True(login.ExitCode != 0 && login.Output.Length == 0, $"let in:\n{login}\n{host.World.Syslog}");
    }

    /// <summary>An account that logs in by its key alone is kept out.</summary>
    public static async Task NoRobot(DoctorHost host) =>
        Assert.NotEqual(0, (await host.SshAsync(["robot@server", "id -un"])).ExitCode);

    /// <summary>Behind a right code, she reaches more than the command that she is kept to.</summary>
    public static async Task Forwarding(DoctorHost host)
    {
        Login login = await host.SshAsync(["-W", "127.0.1.1:22", "alice@server"], host.Alice.Phone.Passcode());
        Assert.StartsWith("SSH-2.0-", login.Output, StringComparison.Ordinal);
    }

    /// <summary>By the key alone, to an account without a shell.</summary>
    public static async Task Sftp(DoctorHost host)
    {
        Login login = await host.World.Client.RunAsync(["sh", "-c", "echo pwd | sftp -q -b - drop@server"]);
        login.MustBeAllowed(host.World);
        Assert.Empty(login.Prompts);
    }

    /// <summary>By the key alone, from an account without a shell to whatever this host reaches.</summary>
    public static async Task ForwardingAlone(DoctorHost host)
    {
        Login login = await host.SshAsync(["-W", "127.0.1.1:22", "drop@server"]);
        Assert.StartsWith("SSH-2.0-", login.Output, StringComparison.Ordinal);
        Assert.Empty(login.Prompts);
    }

    /// <summary>Something of her own runs before the command that she is kept to.</summary>
    public static async Task RcFile(DoctorHost host)
    {
        (await host.Alice.SshAsync("id", host.Alice.Phone.Passcode())).MustBeAllowed(host.World);
        Assert.True(host.Sandbox.Exists("/home/alice/was-here"));
    }

    /// <summary>She is still looking for her phone.</summary>
    public static async Task TooSlow(DoctorHost host)
    {
        OpenLogin login = host.Alice.OpenSsh("id -un");
        await login.PromptedAsync();
        await host.NobodyLogsInAsync();
        login.Answer(host.Alice.Phone.Passcode());
        (await login.EndAsync()).MustBeRefused(host.World);
    }

    /// <summary>Her client offers another key first.</summary>
    public static async Task TwoKeys(DoctorHost host)
    {
        await host.Sandbox.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/.ssh/other");
        (await host.SshAsync(["-i", "/root/.ssh/other", "alice@server", "id -un"], host.Alice.Phone.Passcode()))
            .MustBeRefused(host.World);
    }

    /// <summary>A service of this host, and not of sshd, is refused.</summary>
    public static async Task NoSu(DoctorHost host) =>
        Assert.NotEqual(0, (await host.Sandbox.TryAsync("su", "alice", "-c", "id -un")).ExitCode);

    public static async Task NoRoot(DoctorHost host)
    {
        host.Sandbox.Write("/root/.google_authenticator", host.Alice.State, UnixFileMode.UserRead);
        (await host.SshAsync(["root@server", "id -un"], host.Alice.Phone.Passcode())).MustBeRefused(host.World);
    }

    public static async Task NoRestart(DoctorHost host) =>
        Assert.NotEqual(0, (await host.Sandbox.TryAsync("/usr/sbin/sshd", "-p", "2022")).ExitCode);
}
