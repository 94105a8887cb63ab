using Sallyport.Host.Configuration;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;
using Sallyport.Protocol;

namespace Sallyport.Host.Passcodes;

/// <summary>One login: who, from where, and with which PAM line.</summary>
/// <param name="Trusted">
/// The caller is root (sshd, sudo, login). Another caller asks for himself only, and his failures leave no trace that
/// could lock him out elsewhere.
/// </param>
/// <param name="FirstFactor">sshd says that it has accepted a key, or another method, of this user before.</param>
internal sealed record LoginRequest(
    string User, string RemoteHost, IReadOnlyList<string> Arguments, byte[]? Token, bool Trusted, bool FirstFactor = false);

/// <summary>
/// A passcode against the state file of google-authenticator, with its semantics where
/// docs/reference/compatibility.md does not say otherwise. Top to bottom, this file is a login, and TotpFactor.Check.cs its end.
/// </summary>
internal sealed partial class TotpFactor(
    TimeProvider time, FileLocks locks, SpentCodes spentCodes, Decoy? decoy, TotpStore store,
    HostConfiguration configuration, LoginEnrolment? enrolment = null)
{
    /// <param name="proved">A passcode or recovery code was right; an allow without one is policy's or the line's.</param>
    public Verdict Authenticate(LoginRequest request, IConversation conversation, out bool proved)
    {
        proved = false;
        if (ModuleOptions.Parse(request.Arguments, out string? problem) is not ModuleOptions options)
        {
            conversation.Log(Priority.Error, problem!);
            return Verdict.Deny;
        }

        var login = new Login(
            request, options, conversation, time, locks, spentCodes, decoy, store, configuration, enrolment);
        Verdict verdict = login.Run();
        proved = login.Proved && verdict is Verdict.Allow;
        return verdict;
    }

    /// <summary>Whether there is a secret that could be proven; nothing is asked.</summary>
    public bool HasSecret(LoginRequest request, IConversation conversation) =>
        ModuleOptions.Parse(request.Arguments, out _) is ModuleOptions options
        && new Login(request, options, conversation, time, locks, spentCodes, decoy, store, configuration, enrolment)
            .HasSecret();

    private sealed partial class Login(
        LoginRequest request, ModuleOptions options, IConversation conversation, TimeProvider time, FileLocks locks,
        SpentCodes spentCodes, Decoy? decoy, TotpStore store, HostConfiguration configuration, LoginEnrolment? enrolment)
    {
        private readonly string _user = Printable.Of(request.User);
        private readonly string _from = request.RemoteHost.Length > 0 ? " from " + Printable.Of(request.RemoteHost) : "";
        private readonly string? _secret = options.Secret ?? configuration.Secret;
        private IAccountStore? _account;
        private bool? _exists; // the account, by the name service
        private bool _searched;
        private bool _saved;
        private int? _usedBefore; // how much stood before a code that is used up

        // Taken before acting as the user: a clock that a file fakes (libfaketime) need not be his to read.
        private DateTimeOffset _now = time.GetUtcNow();

        public bool Proved { get; private set; }

        private long Now => _now.ToUnixTimeSeconds();

        public bool HasSecret()
        {
            _account = Locate(out IAccountReading? reading);
            using (reading)
            {
                return reading?.State is IOtpState state && HasSecret(state);
            }
        }

        public Verdict Run()
        {
            Debug(() => $"{_user} asks{_from}");
            bool enrolled = false;
            bool grace = false;
            _account = Locate(out IAccountReading? reading);
            Debug(() => $"the state file is \"{_account?.Path}\", allowed permissions {Convert.ToString(options.AllowedMode, 8)}");
            using (reading)
            {
                Debug(() => reading?.State is null ? "it cannot be used" : "it was read");
                if (reading?.Problem is ReadProblem.Missing && WithoutFactor() is Verdict decided)
                {
                    return decided;
                }

                if (reading?.State is IOtpState state)
                {
                    if (Blocked(state, count: false))
                    {
                        return Verdict.Deny;
                    }

                    enrolled = HasSecret(state);
                    grace = enrolled && request.Trusted && state is StateFile file
                        && GracePeriod.Covers(file, request.RemoteHost, options.GraceSeconds, Now);
                }
                else if (reading is not null)
                {
                    conversation.Log(Priority.Error, reading.Message!);
                }
            }

            Debug(() => enrolled ? "it has a secret" : "there is no secret");
            Debug(() => grace ? "within the grace period" : "no grace period covers this login");
            if (grace && !options.ForwardPass)
            {
                return AllowByGrace();
            }

            if (!enrolled)
            {
                // It is asked all the same: the prompt must not tell who is enrolled.
                conversation.Log(Priority.Warning, $"No secret configured for user {_user}, asking for code anyway.");
            }

            return grace ? AskForPassword() : AskForCode(enrolled);
        }

        /// <summary>
        /// Where his factor is: where the line says, or the configuration; else among the entries of the root-only
        /// store; else in his home. An entry that cannot be read is no way to his home, which is his own to write in.
        /// </summary>
        private IAccountStore? Locate(out IAccountReading? reading)
        {
            reading = null;
            bool inStore = _secret is null && options.ActAs is null;
            if (inStore && StatePath.IsPlainName(request.User))
            {
                // By the name as it was given. Whether such an account exists is looked up while he is asked.
                StoredAccount stored = Read(request.User, out reading);
                if (reading.Problem is not ReadProblem.Missing)
                {
                    return stored;
                }

                reading.Dispose();
                reading = null;
            }

            if (FindAccount() is not Account account)
            {
                return null;
            }

            // Nor is his home a way for who has to enrol anew: whoever is in it could put his own secret there.
            bool homeFiles = configuration.HomeFiles && enrolment?.IsOwed(account.Name) is not true;
            if (inStore && (account.Name != request.User || !homeFiles))
            {
                StoredAccount stored = Read(account.Name, out reading);
                if (reading.Problem is not ReadProblem.Missing || !homeFiles)
                {
                    return stored;
                }

                reading.Dispose();
            }

            HomeAccount? home = LocateHome(account, _secret ?? StatePath.Default);
            reading = home?.Read();
            return home;
        }

        private StoredAccount Read(string name, out IAccountReading reading)
        {
            var stored = new StoredAccount(store, name);
            conversation.AfterVerdict(stored);
            reading = stored.Read();
            return stored;
        }

        private Account? FindAccount()
        {
            Account? account = StatePath.IsPlainName(request.User) ? options.ActAs ?? Pwd.ByName(request.User) : null;
            _exists = account is not null;
            if (account is null)
            {
                conversation.Log(Priority.Error, $"user(\"{_user}\") not found");
            }

            return account;
        }

        /// <summary>Null: he is asked like everybody, and refused.</summary>
        private Verdict? WithoutFactor()
        {
            if (enrolment is null || !request.Trusted)
            {
                return options.NullOk && configuration.Policy is null ? Verdict.Ignore : null;
            }

            if (options.NullOk)
            {
                conversation.Log(Priority.Warning, "nullok does nothing where there is a [policy]");
            }

            if (_secret is not null || options.ActAs is not null)
            {
                conversation.Log(Priority.Error, "[policy] enrols in the root-only store, and secret= is elsewhere");
                return null;
            }

            return Pwd.ByName(request.User) is Account account
                ? enrolment.Run(account, _from, request.FirstFactor || options.AfterFirstFactor, conversation)
                : null;
        }

        private HomeAccount? LocateHome(Account account, string spec)
        {
            if (account.Uid != Unistd.geteuid() && !ActingUser.IsPossible)
            {
                conversation.Log(Priority.Error, "Failed to change user id: sallyport-agent may not act as users, so it "
                    + "does not serve state files in homes. To allow it: sallyport-agent.service.d/home-files.conf. "
                    + "To do without: [totp] home_files = no");
                return null;
            }

            string? path = StatePath.Expand(spec, request.User, options.ActAs is null ? account.Home : null);
            if (path is null)
            {
                conversation.Log(Priority.Error, options.ActAs is null
                    ? $"user(\"{_user}\") not found with an absolute home folder"
                    : "Home dir in 'secret' not implemented when 'user' set");
                return null;
            }

            var file = new HomeFile(path, account, options.CheckOwner, options.AllowedMode);
            return new HomeAccount(file, _user, locks, spentCodes, time);
        }

        private bool HasSecret(IOtpState state)
        {
            bool valid = state.TryGetSecret(out OtpSecret? secret);
            secret?.Dispose();
            if (!valid)
            {
                conversation.Log(Priority.Error, $"Could not find a valid BASE32 encoded secret in \"{_account!.Path}\"");
            }

            return valid;
        }

        private Verdict AskForCode(bool enrolled)
        {
            CheckOutcome outcome = CheckOutcome.NoMatch;
            if (options.UseToken)
            {
                // With use_first_pass and try_first_pass a password may stand before the code, forward_pass or not.
                // Only a token that is nothing but a code moves an HOTP counter: a password may end in six digits.
                bool last = !options.AskIfTokenFails;
                outcome = enrolled
                    ? Check(request.Token, prefixAllowed: true, moveCounter: last && request.Token is { Length: 6 }, last)
                    : outcome;
                if (last)
                {
                    HideWhoIsEnrolled(outcome, request.Token, prefixAllowed: true);
                }
            }

            if (outcome is CheckOutcome.NoMatch && options.AskIfTokenFails)
            {
                byte[]? answer = Ask();
                outcome = enrolled ? Check(answer, options.ForwardPass, moveCounter: true, last: true) : outcome;
                HideWhoIsEnrolled(outcome, answer, options.ForwardPass);
                Wipe(answer);
            }

            if (!enrolled)
            {
                LogInvalid();
            }

            Debug(() => outcome is CheckOutcome.Accepted ? "allowed" : "refused");
            return outcome is CheckOutcome.Accepted ? Verdict.Allow : Verdict.Deny;
        }

        /// <summary>Within the grace period only the password counts, but a code behind it must not reach the next module.</summary>
        private Verdict AskForPassword()
        {
            byte[]? answer = Ask();
            if (answer is null)
            {
                return Verdict.Deny;
            }

            try
            {
                CheckOutcome outcome = Check(answer, prefixAllowed: true, moveCounter: false, last: false);
                if (outcome is CheckOutcome.Accepted)
                {
                    return Verdict.Allow;
                }

                // No code of ours behind it, or one that was used before; anything else that went wrong refuses.
                if (outcome is CheckOutcome.Refused && _usedBefore is null)
                {
                    return Verdict.Deny;
                }

                conversation.SetToken(answer.AsSpan(0, _usedBefore ?? answer.Length));
                return AllowByGrace();
            }
            finally
            {
                Wipe(answer);
            }
        }

        private Verdict AllowByGrace()
        {
            conversation.Log(Priority.Info, $"within grace period: \"{_user}\"{_from}");
            Debug(() => "allowed");
            return Verdict.Allow;
        }

        private byte[]? Ask()
        {
            string prompt = options.Prompt ?? (options.ForwardPass ? "Password & verification code: " : "Verification code: ");
            byte[]? answer = conversation.Ask(prompt, options.Echo, meanwhile: _exists is null ? () => FindAccount() : null);
            if (answer is null or [])
            {
                conversation.Log(Priority.Error, "Did not receive verification code from user");
            }
            else if (Answer.IsDummy(answer))
            {
                // Once for each length of code, as log watchers know it.
                foreach (int digits in (ReadOnlySpan<int>)[6, 8])
                {
                    conversation.Log(Priority.Info, $"Dummy password supplied by PAM instead of a code of {digits} digits: "
                        + "sshd has refused this user before he was asked (PermitRootLogin, AllowUsers and the like)");
                }
            }

            return answer;
        }
    }
}
