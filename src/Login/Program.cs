using Sallyport.Host;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;
using Sallyport.Login;

// The second factor of who was let in by sshd already: ForceCommand, or command= in authorized_keys. What is not an
// allow is exit status 1, and then nothing is run.
const int refused = 1;

Output.ToSyslog(Priority.Info, "starting Duo Unix: Login Duo");
string[] words = CommandLine.Words();
string program = words is [string first, ..] ? first : "sallyport-login";
string name = program[(program.LastIndexOf('/') + 1)..];
LoginOptions? options = CommandLine.Parse(
    program, words[1..], stopsAtFirst: Stdlib.TextOf("POSIXLY_CORRECT\0"u8) is not null, out string? problem);
if (options is null)
{
    string usage = $"Usage: {name} [-v] [-c config] [-d] [-f duouser] [-h host] [prog [args...]]";
    Output.Complain(problem is { Length: > 0 } ? $"{problem}\n{usage}" : usage);
    return refused;
}

if (options.Version)
{
    Output.Complain(name == "login_duo" ? "login_duo 2.2.3" : $"{name}, in the place of login_duo 2.2.3");
    return refused;
}

uint uid = Unistd.getuid();
bool isOther = Unistd.geteuid() != uid;
string? not = isOther && options is not { Config: null, DuoUser: null } ? "Only root may specify -c or -f"
    : isOther ? $"{name} must not be setuid: the agent keeps the secrets"
    : uid == 0 || options.Config is not null ? null
    : options.DuoUser is not null ? "Only root may specify -f without -c"
    : options.Host is not null ? "Only root may specify -h without -c"
    : null;
if (not is not null)
{
    Output.Complain(not);
    return refused;
}

try
{
    if (Pwd.ByUid(uid) is not Account account)
    {
        Output.Complain("Who are you?");
        return refused;
    }

    string? original = Stdlib.TextOf("SSH_ORIGINAL_COMMAND\0"u8);
    bool isTerminal = Unistd.isatty(0) != 0;
    var facts = new LoginFacts
    {
        Account = account,
        DuoUser = options.DuoUser,
        Host = options.Host,
        SshConnection = Stdlib.TextOf("SSH_CONNECTION\0"u8),
        Command = options.Rest.Count > 0 ? string.Join(' ', options.Rest) : original,
        IsTerminal = isTerminal,
        IsHeadless = original is not null || !isTerminal,
        Passcode = Stdlib.TakeEnv("DUO_PASSCODE\0"u8), // never the shell's
    };
    var output = new Output(toStderr: options.Debug);
    Verdict verdict = options.Config is string file ? InProcess.Run(file, facts, output) : AskAgent.Run(facts, output);
    if (verdict is not Verdict.Allow)
    {
        return refused;
    }

    Output.Complain(RunShell.Exec(account, facts.Command));
}
catch (IOException failed)
{
    Output.Complain($"{name}: {Output.Fit(failed.Message)}");
}

return refused;
