using System.Net;
using System.Text;
using Sallyport.Host;
using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;
using Sallyport.Host.Passcodes;

namespace Sallyport.Agent;

/// <summary>
/// What is asked of who is asked: a passcode of this host, or with [duo] the server's factor, where a passcode of this
/// host is taken, too.
/// </summary>
internal sealed class Factors(
    ConfigurationFile configuration, AgentState state, Callers callers, DuoConnections connections,
    ConnectionMemory pushed, TimeProvider time, Trace trace, CancellationToken ending)
{
    public const string UserAgent = "sallyport-agent";

    /// <param name="hello">Null: who changes his factor proves the one on this host, and no other.</param>
    /// <param name="proved">He proved a factor; else an allow is a policy's.</param>
    /// <exception cref="ConfigurationException">Nobody knows what is asked.</exception>
    /// <exception cref="StateUnusableException">Nobody knows what is used up.</exception>
    public Verdict Ask(LoginRequest request, Hello? hello, SysSocket.Ucred caller, IConversation conversation, out bool proved)
    {
        Stores stores = state.Current();
        HostConfiguration current = configuration.Current();
        LoginEnrolment? enrolment = current.Policy is Policy policy
            ? new(stores.Totp, stores.Invitations, time, policy, text => trace.Write(Priority.Notice, text))
            : null;
        TotpFactor passcodes = new(
            time, stores.Locks, stores.SpentCodes, stores.Decoy, stores.Totp, current, enrolment);
        if (hello is null || current.Duo is not DuoSettings duo || Pwd.ByName(hello.User) is null)
        {
            return AskHere(passcodes, request, hello, caller, conversation, out proved);
        }

        proved = false;
        return AccountOf(hello, duo) is Account account
            ? AskServer(duo, account, request, hello, caller, conversation, passcodes, current, stores, out proved)
            : Verdict.Deny; // su, called by a uid that has no account
    }

    /// <summary>A login of others than root is not counted before: only who tries a passcode of this host is.</summary>
    private Verdict AskHere(
        TotpFactor passcodes, LoginRequest request, Hello? hello, SysSocket.Ucred caller, IConversation conversation,
        out bool proved)
    {
        proved = false;
        if (hello is { Op: Op.Login, Headless: true, AuthenticationToken: null } && !request.Trusted)
        {
            conversation.Log(Priority.Warning, $"{Printable.Of(request.User)} cannot be asked for a passcode: no terminal, no DUO_PASSCODE");
            return Verdict.Deny; // no try, so none is counted
        }

        if (hello?.Op is Op.Login && !request.Trusted && callers.CountAttempt(caller.Uid) is var seconds and > 0)
        {
            conversation.Tell($"Too many tries. Try again in {seconds} seconds.");
            return Verdict.Deny;
        }

        // DUO_PASSCODE: all that a program has which nobody can ask.
        if (hello is { Op: Op.Login, AuthenticationToken: byte[] token })
        {
            request = request with { Token = token, Arguments = [hello.Headless ? "use_first_pass" : "try_first_pass"] };
        }

        return passcodes.Authenticate(request, conversation, out proved);
    }

    private Verdict AskServer(
        DuoSettings duo, Account account, LoginRequest request, Hello hello, SysSocket.Ucred caller, IConversation conversation,
        TotpFactor passcodes, HostConfiguration current, Stores stores, out bool proved)
    {
        proved = false;
        if (ModuleOptions.Parse(request.Arguments, out string? problem) is not ModuleOptions options)
        {
            conversation.Log(Priority.Error, problem!);
            return Verdict.Deny;
        }

        request = request with { User = account.Name };
        HostPasscode passcode = new(
            new TotpFactor(time, stores.Locks, stores.SpentCodes, stores.Decoy, stores.Totp, current), request,
            () => request.Trusted || callers.CountAttempt(caller.Uid) == 0);
        DuoFactor factor = new(
            duo, new DuoClient(duo, connections, UserAgent, time), Login(hello, account, duo, caller, options),
            conversation, time, passcode, stores.Offline, stores.Bypasses);
        DuoOutcome outcome;
        try
        {
            outcome = factor.Run();
        }
        finally
        {
            if (factor.HasPushed && hello.SshConnection.Length > 0 && request.Trusted)
            {
                pushed.Add(account.Uid, hello.SshConnection);
            }
        }

        proved = factor.Proved;
        switch (outcome)
        {
            case DuoOutcome.Allowed when factor.Bypass is string bypass:
                // In the agent's own log, too: that of sallyport-login is written by a program of the user's.
                trace.Write(Priority.Alert, $"{Printable.Of(account.Name)} is let in without the server: {bypass}");
                return Verdict.Allow;
            case DuoOutcome.Allowed:
                return Verdict.Allow;

            // Who has a passcode here is asked for it, whatever the server does not ask.
            case DuoOutcome.NotAsked or DuoOutcome.NotEnrolled when current.Policy is not null || passcode.Exists(conversation):
                return AskHere(passcodes, request, hello, caller, conversation, out proved);
            case DuoOutcome.NotAsked:
                return Verdict.Allow;
            case DuoOutcome.NotEnrolled:
                conversation.Tell(factor.EnrolmentText);
                return Verdict.Deny;
            default:
                return Verdict.Deny;
        }
    }

    /// <summary>Who is asked: of su to root the account that calls it, unless [duo] su = target. Null: there is none.</summary>
    private static Account? AccountOf(Hello hello, DuoSettings duo)
    {
        Account? account = Pwd.ByName(hello.User);
        return account is { Uid: 0 } && hello.Service is "su" or "su-l" && !duo.SuTarget
            ? uint.TryParse(hello.ProcessUid, out uint caller) ? Pwd.ByUid(caller) : null
            : account;
    }

    private DuoLogin Login(
        Hello hello, Account account, DuoSettings duo, SysSocket.Ucred caller, ModuleOptions options)
    {
        bool trusted = caller.Uid == 0;
        bool isLogin = hello.Op is Op.Login;
        string[] connection = hello.SshConnection.Split(' ');
        string? host = connection.Length > 2 ? AddressIn(connection[2]) : null;
        string? client = AddressIn(connection[0]) ?? AddressIn(hello.RemoteHost);
        bool overSsh = hello.SshConnection.Length > 0 || hello.SshAuthInfo.Length > 0;
        ClientLink link = ClientLink.Of(hello.SshConnection);
        return new DuoLogin
        {
            Account = account,
            ServerName = trusted && hello.DuoUser.Length > 0 ? hello.DuoUser : null,
            Address = trusted ? client ?? (duo.FallbackLocalIp ? host : null) : null,
            HostAddress = host,

            ClaimedAddress = trusted ? null : client,
            Command = hello.Service == "sudo" && trusted ? CommandOf(caller.Pid) : hello.Command,
            IsHeadless = isLogin && hello.Headless,
            Passcode = isLogin ? hello.AuthenticationToken : null,
            MayPush = isLogin || (trusted && (options.AfterFirstFactor || HasKey(hello.SshAuthInfo))),
            ShowsTexts = isLogin || !overSsh,
            IsLost = () => ending.IsCancellationRequested || link.IsLost(),
            HasPushed = !isLogin && trusted && overSsh && pushed.Has(account.Uid, hello.SshConnection),
        };
    }

    /// <summary>What sudo was called with, from the kernel: its environment is its caller's.</summary>
    private static string CommandOf(int pid)
    {
        try
        {
            using FileStream file = new($"/proc/{pid}/cmdline", FileMode.Open, FileAccess.Read);
            byte[] words = new byte[1024];
            int length = file.ReadAtLeast(words, words.Length, throwOnEndOfStream: false);
            return Encoding.Latin1.GetString(words, 0, length).Replace('\0', ' ').TrimEnd();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static bool HasKey(string authInfo) =>
        authInfo.Split('\n').Any(line => line.StartsWith("publickey ", StringComparison.Ordinal));

    /// <summary>A number, as sshd knows it; a name is what a foreign DNS says.</summary>
    private static string? AddressIn(string text) =>
        IPAddress.TryParse(text, out IPAddress? address) ? HostConfiguration.Plain(address).ToString() : null;
}
