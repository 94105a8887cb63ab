using Sallyport.EndToEnd.Harness;
using Command = Sallyport.EndToEnd.Dev.Command;

namespace Sallyport.EndToEnd.Systemd;

/// <summary>
/// An account on a booted host, with a key, and with the state file that google-authenticator would have written. The
/// same secret is in the person's phone, which oathtool plays.
/// </summary>
internal sealed class Person
{
    private const string Secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"; // RFC 6238 appendix B

    private const string Options =
        "-i /root/.ssh/id_ed25519 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR " +
        "-o NumberOfPasswordPrompts=1 -o ConnectTimeout=20";

    private readonly BootedHost _host;
    private readonly string _name;

    private Person(BootedHost host, string name)
    {
        _host = host;
        _name = name;
    }

    public static async Task<Person> AddAsync(BootedHost host, string name)
    {
        await host.SayAsync($"""
            useradd -m -s /bin/bash {name}
            [ -e /root/.ssh/id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
            install -d -m 700 -o {name} -g {name} /home/{name}/.ssh
            install -m 600 -o {name} -g {name} /root/.ssh/id_ed25519.pub /home/{name}/.ssh/authorized_keys
            """);
        return new(host, name);
    }

    public Task EnrolAsync() => _host.SayAsync($"""
        printf '{Secret}\n" TOTP_AUTH\n' >/home/{_name}/.google_authenticator
        chown {_name}: /home/{_name}/.google_authenticator
        chmod 400 /home/{_name}/.google_authenticator
        """);

    public static async Task<string> PasscodeAsync() =>
        (await Command.RunAsync("oathtool", ["--totp", "-b", Secret])).Succeeded().Output.Trim();

    /// <summary>A login with the key that answers every prompt with the passcode; each prompt is left in /root/prompts.</summary>
    public Task<Command> SshAsync(string passcode) => SshAsync(passcode, "id -un");

    /// <summary>The same, with a command of its own.</summary>
    public Task<Command> SshAsync(string passcode, string command) => SshAsync(passcode, "", command);

    /// <summary>The same, but at the prompt it waits for the file /root/go.</summary>
    public Task<Command> SshAndWaitAtThePromptAsync(string passcode) =>
        SshAsync(passcode, "while [ ! -e /root/go ]; do sleep 0.02; done", "id -un");

    private Task<Command> SshAsync(string passcode, string beforeTheAnswer, string command) => _host.ShellAsync($"""
        printf '%s\n' '#!/bin/sh' 'echo "$1" >>/root/prompts' '{beforeTheAnswer}' 'echo {passcode}' >/root/answer.new
        chmod +x /root/answer.new
        mv /root/answer.new /root/answer
        SSH_ASKPASS=/root/answer SSH_ASKPASS_REQUIRE=force {Away.Enter} ssh {Options} {_name}@{Away.Host} '{command}' </dev/null
        """);
}
