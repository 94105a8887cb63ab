using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;
using Command = Sallyport.EndToEnd.Dev.Command;

namespace Sallyport.EndToEnd.Systemd;

/// <summary>
/// Who follows a page at a terminal: on the host, and on a machine of one's own. Both are the booted one; what is one's own
/// is in /root, where ssh knows the host by the name that the pages use, and reaches it from another address.
/// </summary>
internal sealed partial class Reader(BootedHost host)
{
    public const string NewConnection = "sudo sallyport setup confirm";

    private const string BreakGlass = "ssh -i break-glass -o BatchMode=yes -o IdentitiesOnly=yes ops@host 'sudo id -un'";

    public static async Task<Reader> AtAsync(BootedHost host)
    {
        await host.SayAsync($$"""
            install -d -m 700 /root/.ssh
            printf '#!/bin/sh\nexec {{Away.Enter}} /usr/bin/ssh "$@"\n' >/usr/local/bin/ssh
            chmod 755 /usr/local/bin/ssh
            printf 'Host host\n HostName {{Away.Host}}\n StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n LogLevel ERROR\n NumberOfPasswordPrompts 1\n' >/root/.ssh/config
            """);
        return new(host);
    }

    /// <summary>An account with a key and sudo, as an administrator of that host has it.</summary>
    public async Task<Person> AdministratorAsync(string name)
    {
        Person person = await Person.AddAsync(host, name);
        await host.SayAsync($"echo '{name} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/{name}");
        return person;
    }

    /// <summary>Runs one command at a terminal and answers what it asks.</summary>
    public async Task<string> TypeAsync(string command, params (string Prompt, string Answer)[] answers)
    {
        using var terminal = Terminal.Open(host, command);
        foreach ((string prompt, string answer) in answers)
        {
            await terminal.AnswerAsync(prompt, answer);
        }

        int exit = await terminal.EndAsync();
        Assert.True(exit == 0, $"{command}\n{terminal.Seen}");
        return terminal.Seen;
    }

    /// <summary>sallyport setup on a host without a policy: what stands in brackets, and yes.</summary>
    public Task<string> SetUpAsync(string command) => TypeAsync(
        command, ("[all]: ", ""), ("Enrolment [invited]: ", ""), ("Exempt: ", ""), ("try it? (y/N) ", "y"));

    /// <summary>sallyport setup on one that has it.</summary>
    public Task<string> SetUpAgainAsync(string command) => TypeAsync(command, ("[all]: ", ""), ("Exempt: ", ""), ("try it? (y/N) ", "y"));

    /// <summary>Enrols by the page's command, and has the secret on the phone.</summary>
    public async Task<Authenticator> EnrolAsync(string command)
    {
        using var terminal = Terminal.Open(host, command);
        await terminal.AskedAsync(StoreHost.PasscodePrompt);
        Authenticator phone = StoreHost.Read(terminal.Seen).Phone;
        await terminal.TypeAsync(phone.Passcode());
        int exit = await terminal.EndAsync();
        Assert.True(exit == 0, terminal.Seen);
        return phone;
    }

    /// <summary>Logs in at a terminal with an invitation's code, and enrols there.</summary>
    public async Task<Authenticator> EnrolInLoginAsync(string ssh, string invitation)
    {
        using var terminal = Terminal.Open(host, ssh);
        await terminal.AnswerAsync(StoreHost.InvitationPrompt, invitation);
        await terminal.AnswerAsync("(screen reader, no UTF-8): ", "t");
        await terminal.AskedAsync(StoreHost.PasscodePrompt);
        Match secret = Secret().Match(terminal.Seen);
        Assert.True(secret.Success, terminal.Seen);
        var phone = new Authenticator(secret.Groups[1].Value);
        await terminal.TypeAsync(phone.Passcode());
        await terminal.AnswerAsync("Write the recovery codes down, then press Enter: ", "");
        await terminal.EndAsync(); // "log in again"
        return phone;
    }

    /// <summary>With the break-glass key and nothing else.</summary>
    public Task<Command> BreakGlassAsync() => host.ShellAsync("cd /root; " + BreakGlass);

    public async Task BreakGlassComesInAsync()
    {
        Command login = await BreakGlassAsync();
        Assert.True(login.ExitCode == 0, $"{login}\n{await host.SayAsync("journalctl -n 30 --no-pager")}");
        Assert.Equal("root\n", login.Output);
    }

    [GeneratedRegex("secret=([A-Z2-7]+)")]
    private static partial Regex Secret();
}
