using System.Security.Cryptography;
using Sallyport.Host;
using Sallyport.Host.Access;
using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;
using Sallyport.Host.Passcodes;

namespace Sallyport.Agent;

/// <summary>
/// One question of one caller, from his hello to the verdict. Who he is, the kernel says; what he says counts only as
/// docs/formats/agent-protocol.md, "Who may say what", has it.
/// </summary>
internal sealed class Conversation(
    ConfigurationFile configuration, Callers callers, Factors factors, ConnectionMemory proven, AgentState state,
    HopMemory hops, TimeProvider time, Trace trace)
{
    public void Serve(Connection connection)
    {
        if (connection.Peer() is not { } peer || !callers.TryEnter(peer.Uid))
        {
            return; // the caller takes the closed connection as a refusal
        }

        uint counted = peer.Uid;
        try
        {
            Hello? hello = connection.ReadHello(out string? refusal);
            if (hello is null)
            {
                Write(peer.Uid, $"refused a caller of uid {peer.Uid}, pid {peer.Pid}: {refusal}");
                return;
            }

            // su and sudo are root, whoever started them: their places are counted as his.
            if (peer.Uid == 0 && uint.TryParse(hello.ProcessUid, out uint starter) && !callers.TryEnter(starter))
            {
                Write(starter, $"refused {hello.Service} of uid {starter}: too many are open");
                connection.Log(Priority.Error, $"too many logins of uid {starter} are open");
                connection.Send(Verdict.Deny);
                return;
            }

            counted = peer.Uid == 0 && uint.TryParse(hello.ProcessUid, out starter) ? starter : counted;
            Verdict verdict = Decide(hello, peer, connection);
            CryptographicOperations.ZeroMemory(hello.AuthenticationToken);
            verdict = connection.IsBroken ? Verdict.Deny : verdict;
            if (verdict is Verdict.Allow || callers.MayLog(peer.Uid))
            {
                trace.Answer(hello, peer.Uid, verdict);
            }

            if (verdict is Verdict.Allow && hello.Op is Op.Auth && peer.Uid == 0)
            {
                Remember(hello);
            }

            connection.Send(verdict);
        }
        finally
        {
            try
            {
                connection.Finish();
            }
            finally
            {
                callers.Leave(counted);
            }
        }
    }

    private void Write(uint uid, string text)
    {
        if (callers.MayLog(uid))
        {
            trace.Write(Priority.Warning, text);
        }
    }

    private Verdict Decide(Hello hello, SysSocket.Ucred caller, Connection connection)
    {
        bool trusted = caller.Uid == 0;
        if (!trusted)
        {
            hello = hello.Unprivileged();
            if (Pwd.ByName(hello.User)?.Uid != caller.Uid)
            {
                connection.Log(Priority.Error, "only root may ask about another account");
                return Verdict.Deny;
            }
        }

        return hello.Op switch
        {
            Op.Auth => Authenticate(hello, caller, trusted, connection),
            Op.Login => LogIn(hello, caller, trusted, connection),
            Op.Account => Verdict.Ignore,
            Op.Session when trusted => Opens(hello) || IsAskedNext(hello) ? Verdict.Allow : Waived(hello, connection),
            Op.Enrol or Op.Codes or Op.Status or Op.Invite => Change(hello, caller, trusted, connection),
            _ => Verdict.Deny,
        };
    }

    private Verdict Authenticate(Hello hello, SysSocket.Ucred caller, bool trusted, Connection connection)
    {
        if (!trusted && callers.CountAttempt(caller.Uid) is var seconds and > 0)
        {
            connection.Tell($"Too many tries. Try again in {seconds} seconds.");
            return Verdict.Deny;
        }

        // The key, or whatever else came first, is accepted by now: SSH_AUTH_INFO_0 is sshd's word, and sshd is root.
        bool firstFactor = hello.SshAuthInfo.Length > 0;
        return trusted && Waive(hello, firstFactor, connection) is Verdict waived ? waived : Check(new LoginRequest(
            hello.User, hello.RemoteHost, hello.Arguments, hello.AuthenticationToken, trusted, firstFactor), hello, caller, connection);
    }

    /// <summary>
    /// sallyport-login, as the user himself: sshd has let him in so far and runs what it has to run. Whoever calls it by hand
    /// asks for what he has, a shell of his own.
    /// </summary>
    private Verdict LogIn(Hello hello, SysSocket.Ucred caller, bool trusted, Connection connection)
    {
        if (!trusted && callers.CountLogin(caller.Uid) is var seconds and > 0)
        {
            connection.Tell($"Too many logins. Try again in {seconds} seconds.");
            return Verdict.Deny;
        }

        // Of policy only what is about the account: his word about the connection spares him nothing.
        Verdict? waived = Guarded(connection, () =>
        {
            if (Waiver.For(hello.User, configuration.Current(), time.GetUtcNow()) is not Waiver waiver)
            {
                return null;
            }

            Tell(waiver, hello, connection);
            return Verdict.Allow;
        });
        if (waived is Verdict known)
        {
            return known;
        }

        var request = new LoginRequest(hello.User, trusted ? hello.RemoteHost : "", [], null, trusted, FirstFactor: true);
        Verdict verdict = Check(request, hello, caller, connection);
        if (verdict is Verdict.Allow && !hello.Headless && configuration.Current().Duo is { Motd: true })
        {
            Motd.Show(connection);
        }

        return verdict;
    }

    /// <summary>Who is let in without being asked (docs/formats/policy.md, "In which order"); null: he is asked.</summary>
    private Verdict? Waive(Hello hello, bool firstFactor, Connection connection)
    {
        return Guarded(connection, () =>
        {
            HostConfiguration current = configuration.Current();
            if (Waiver.For(hello.User, current, time.GetUtcNow()) is Waiver waiver)
            {
                if (firstFactor || hello.Arguments.Contains("after_first_factor"))
                {
                    Tell(waiver, hello, connection);
                    return Verdict.Allow;
                }

                // This line would be the only lock, and open. Asked like everybody, nobody sees who is exempt.
                connection.Log(Priority.Notice, $"{Printable.Of(hello.User)} would not be asked behind a first factor, and proved none");
            }

            if (current.Hop is Hop hop
                && hops.Spares(hop, hello.User, hello.SshConnection, hello.SshAuthInfo, () => Factor(hello.User)))
            {
                connection.Log(Priority.Notice, $"{Printable.Of(hello.User)} comes from the bastion and is not asked ([hop])");
                return Verdict.Allow;
            }

            return (Verdict?)null;
        });
    }

    /// <summary>In the log of the program and in the agent's own: nobody is let in like this without a trace.</summary>
    private void Tell(Waiver waiver, Hello hello, Connection connection)
    {
        connection.Log(waiver.Priority, waiver.Reason);
        trace.Write(waiver.Priority, $"{waiver.Reason}; service={Printable.Of(hello.Service)} rhost={Printable.Of(hello.RemoteHost)}");
    }

    private Verdict Check(LoginRequest request, Hello? hello, SysSocket.Ucred caller, Connection connection)
    {
        return Guarded(connection, () =>
        {
            Verdict verdict = factors.Ask(request, hello, caller, connection, out bool proved);
            // Of a login the connection is his own word: it counts only together with sshd's, that it opened for him.
            if (proved && hello is not null && (request.Trusted || hello.Op is Op.Login))
            {
                SetupWitness.Note(configuration, "proved", hello);
            }

            if (proved && request.Trusted && hello is not null && configuration.Current().Hop is Hop hop)
            {
                hops.Remember(hop, hello.User, hello.SshConnection, hello.SshAuthInfo, Factor(hello.User));
            }

            return verdict;
        }) ?? Verdict.Deny;
    }

    /// <summary>Which entry of the root-only store it is: another after each change. Null: none that can be read.</summary>
    private long? Factor(string user)
    {
        using TotpReading reading = state.Current().Totp.Open(user);
        return reading.Entry is not { Enrolment: var enrolment } ? null
            : HashCode.Combine(enrolment.EnrolledAt, enrolment.Notices is [.., var last] ? last.Number : 0);
    }

    private Verdict? Guarded(Connection connection, Func<Verdict?> decide)
    {
        try
        {
            return decide();
        }
        catch (Exception wrong) when (wrong is ConfigurationException or StateUnusableException)
        {
            // Said where the administrator looks first, the log of sshd or sudo; the person at the prompt learns nothing.
            connection.Log(Priority.Critical, $"every login is refused: {wrong.Message}");
            trace.Write(Priority.Critical, wrong.Message);
            return Verdict.Deny;
        }
    }

    /// <summary>What an account has for a second factor: shown, made or replaced (docs/formats/agent-protocol.md, "Ops").</summary>
    private Verdict Change(Hello hello, SysSocket.Ucred caller, bool trusted, Connection connection)
    {
        Stores stores;
        try
        {
            stores = state.Current();
        }
        catch (Exception wrong) when (wrong is ConfigurationException or StateUnusableException)
        {
            connection.Tell("The root-only store cannot be used; the log of sallyport-agent says why.");
            trace.Write(Priority.Critical, wrong.Message);
            return Verdict.Deny;
        }

        if (Pwd.ByName(hello.User) is not Account account || !TotpStore.IsName(account.Name))
        {
            connection.Tell($"There is no account {Printable.Of(hello.User)}.");
            return Verdict.Deny;
        }

        if (!trusted && hello.Op is Op.Enrol or Op.Codes && callers.CountAttempt(caller.Uid) is var seconds and > 0)
        {
            connection.Tell($"Too many tries. Try again in {seconds} seconds.");
            return Verdict.Deny;
        }

        if (EnrolmentOptions.Parse(hello.Arguments, out string? problem) is not EnrolmentOptions options)
        {
            connection.Tell(problem!);
            return Verdict.Deny;
        }

        // As a program of his own asks at any time: nothing but his name, and no part of root's word.
        bool Prove() => Check(new LoginRequest(account.Name, "", [], null, Trusted: false), null, caller, connection) is Verdict.Allow;
        void Log(string text) => trace.Write(Priority.Notice, text);
        var request = new FactorRequest(account, caller.Uid);
        return hello.Op switch
        {
            Op.Enrol => new EnrolFactor(stores.Totp, stores.Invitations, time, Prove, Log).Run(request, options, connection),
            Op.Codes => new RenewRecoveryCodes(stores.Totp, time, Prove, Log).Run(request, options, connection),
            Op.Status => new FactorStatus(stores.Totp, stores.Invitations, time).Run(request, connection),
            Op.Invite => new InviteUser(stores.Invitations, time, Log).Run(request, options, connection),
            _ => Verdict.Deny,
        };
    }

    /// <summary>
    /// For clients that never come to the auth phase, because sshd_config lets their key alone through. Unavailable: nobody
    /// knows who was meant, and the PAM line of the break-glass account may know. Whatever is known is allow or deny.
    /// </summary>
    private Verdict Waived(Hello hello, Connection connection)
    {
        HostConfiguration? current = null;
        Verdict? verdict = Guarded(connection, () =>
        {
            current = configuration.Current();
            if (Waiver.For(hello.User, current, time.GetUtcNow()) is not Waiver waiver)
            {
                return Verdict.Deny;
            }

            Tell(waiver, hello, connection);
            return Verdict.Allow;
        });
        return current is null ? Verdict.Unavailable : verdict ?? Verdict.Deny;
    }

    private void Remember(Hello hello)
    {
        if (hello.SshConnection.Length > 0 && Pwd.ByName(hello.User) is Account account)
        {
            proven.Add(account.Uid, hello.SshConnection);
        }
    }

    private bool Opens(Hello hello)
    {
        bool proven = IsProven(hello);
        if (proven)
        {
            SetupWitness.Note(configuration, "opened", hello);
        }

        return proven;
    }

    /// <summary>sallyport-login, which sshd runs in this session, asks him, and nothing else is run for him.</summary>
    private bool IsAskedNext(Hello hello)
    {
        bool next = AskedByCommand.In(hello.Arguments) is AskedByCommand asked && asked.Covers(hello.User);
        if (next)
        {
            SetupWitness.Note(configuration, "opened", hello);
        }

        return next;
    }

    // Either this PAM handle itself passed auth (sudo, login), or this ssh connection did.
    private bool IsProven(Hello hello) =>
        hello.Authenticated
        || (Pwd.ByName(hello.User) is Account account && proven.Take(account.Uid, hello.SshConnection));
}
