using Sallyport.Cli.Factors;
using Sallyport.Cli.Moving;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Access;
using Sallyport.Host.Configuration;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Users;

internal enum AddOutcome
{
    Failed,

    /// <summary>He was there, with this key.</summary>
    Nothing,

    Added,
}

/// <summary>How people are added.</summary>
internal sealed record AddChoices(bool Existing, bool RootOwned, string? Shell);

/// <summary>
/// One person: account, key, invitation, letter, and at the end the mark goes that the account was not finished. Run again
/// after an interruption at any point, it goes on. What fails is taken back, if it was made here.
/// </summary>
internal sealed class AddUser(HostStores stores, Letters letters, TimeProvider time, AddChoices choices)
{
    private string? _void;
    private bool _invited;

    /// <param name="problem">What failed, what became of what was made, and the command that goes on.</param>
    public AddOutcome Run(NewUser user, out string? problem)
    {
        bool made = false;
        _void = null;
        _invited = false;
        try
        {
            Account? before = Pwd.ByName(user.Name);
            before = before is not null && NewUser.IsUnfinished(before.Comment) ? Unfinished(user, before, out made) : before;
            if (before is not null && !made && !choices.Existing)
            {
                return IsThere(user, before, out problem);
            }

            Account account = before is null ? Make(user, out made) : made ? before : Existing(before, user);
            GiveKey(user, account);
            Invite(user, account, made);
            if (made && ShadowTools.Finish(user.Name) is { ExitCode: not 0 } failed)
            {
                throw new IOException($"usermod: {failed.Reason}");
            }

            problem = null;
            return AddOutcome.Added;
        }
        catch (IOException failed)
        {
            problem = failed.Message + (made ? TakeBack(user.Name) : _invited ? CloseAgain(user.Name) : "");
            return AddOutcome.Failed;
        }
    }

    /// <summary>Of an interrupted run, for the same person. Null: it was taken away again.</summary>
    private Account? Unfinished(NewUser user, Account account, out bool made)
    {
        made = account.Comment == user.Unfinished;
        if (!made)
        {
            throw new IOException($"an account is there that was not finished, with another key.\nBegin anew:\n  sallyport user remove {user.Name}");
        }

        _void = "If you have got a letter like this before, its code is void.";
        string[]? keys = choices.RootOwned ? RootOwnedKeys.Read(user.Name) : new AuthorizedKeys(account).Read();
        if (keys is not null && user.Keys.All(key => AuthorizedKeys.Holds(keys, key)))
        {
            return account;
        }

        // Without his key nobody was in that home, and it may be half of one.
        Ended deleted = ShadowTools.Delete(user.Name, home: true);
        made = false;
        return Pwd.ByName(user.Name) is null ? null : throw new IOException($"userdel: {deleted.Reason}");
    }

    private AddOutcome IsThere(NewUser user, Account account, out string? problem)
    {
        string[] keys = [.. new AuthorizedKeys(account).Read() ?? [], .. RootOwnedKeys.Read(user.Name) ?? []];
        bool same = user.Line > 0 && user.Keys.All(key => AuthorizedKeys.Holds(keys, key));
        problem = same ? null : "the account is there already.\n  To give it this key and an invitation: --existing";
        if (same && !IsEnrolled(account) && stores.Invitations.Find(user.Name, time.GetUtcNow()) is null)
        {
            Screen.WriteError($"{user.Name}: not enrolled and not invited any more:\n  sallyport invite {user.Name}");
        }

        return same ? AddOutcome.Nothing : AddOutcome.Failed;
    }

    private static Account Existing(Account account, NewUser user)
    {
        string? problem = account.Uid == 0 ? "root gets no key here"
            : !LoginShell.Lets(account) ? $"its shell is {account.Shell}, so nobody logs in to it"
            : null;
        if (problem is not null)
        {
            throw new IOException(problem);
        }

        if (user.Groups.Count > 0 && ShadowTools.AddToGroups(user.Name, user.Groups) is { ExitCode: not 0 } failed)
        {
            throw new IOException($"usermod: {failed.Reason}");
        }

        return account;
    }

    private Account Make(NewUser user, out bool made)
    {
        made = false;
        if (Leftovers.Of(user.Name, stores) is string left)
        {
            throw new IOException($"{left}\n  of a former account of that name would be his. Take it away:\n  sallyport user remove {user.Name}");
        }

        // useradd would make do with it, and what is in it, keys too, would be his; and taking back would take it away.
        string home = ShadowTools.HomeOf(user.Name);
        if (Path.Exists(home) || new FileInfo(home).LinkTarget is not null)
        {
            throw new IOException($"{home} is there already: move it away");
        }

        Ended added = ShadowTools.Add(user, choices.Shell);
        Account? account = Pwd.ByName(user.Name);
        made = account is not null && account.Comment == user.Unfinished; // useradd may fail with the account made
        if (added.ExitCode != 0 || account is null)
        {
            throw new IOException($"useradd: {added.Reason}");
        }

        Syslog.Notice($"{user.Name}: account made by root");
        return account;
    }

    private void GiveKey(NewUser user, Account account)
    {
        if (choices.RootOwned)
        {
            RootOwnedKeys.Add(user.Name, user.Keys);
        }
        else
        {
            new AuthorizedKeys(account).Add(user.Keys, found => Screen.WriteError($"{user.Name}: {found}"));
        }

        Syslog.Notice($"{user.Name}: key {string.Join(", ", user.Keys.Select(key => key.Fingerprint))} given by root");
        if (SshdReads.Not(user.Name, choices.RootOwned) is string warning)
        {
            Screen.WriteError(warning);
        }
    }

    private void Invite(NewUser user, Account account, bool made)
    {
        DateTimeOffset until = time.GetUtcNow() + user.Invitation;
        WarnOfPolicy(user.Name);
        if (!made && IsEnrolled(account))
        {
            letters.Write(user.Name, user.Keys, null, until, null);
            return;
        }

        if (!made && stores.Invitations.Find(user.Name, time.GetUtcNow()) is not null)
        {
            Screen.WriteError($"{user.Name}: an invitation is open, and stays. Another code:\n  sallyport invite {user.Name}");
            return;
        }

        string code = stores.Invitations.Open(user.Name, until, mayReplace: false);
        _invited = true;
        Syslog.Notice($"{user.Name}: invited to enrol, until {Host.Enrolment.FactorStatus.Moment(until.ToUnixTimeSeconds())}");
        letters.Write(user.Name, user.Keys, code, until, _void);
    }

    private void WarnOfPolicy(string name)
    {
        try
        {
            if (Waiver.For(name, stores.Configuration, time.GetUtcNow()) is Waiver waiver)
            {
                Screen.WriteError($"{name}: warning: he will not be asked: {waiver.Reason}");
            }
        }
        catch (ConfigurationException wrong)
        {
            Screen.WriteError($"{name}: warning: he will be refused: {wrong.Message}");
        }
    }

    private bool IsEnrolled(Account account)
    {
        using TotpReading reading = stores.Store.Open(account.Name);
        using Host.Files.HomeFile.Reading home = new HomePlace(account).Read();
        return reading.Problem is not ReadProblem.Missing || home.Problem is not ReadProblem.Missing;
    }

    private string CloseAgain(string name) => stores.Invitations.Close(name) == 0
        ? ".\nThe invitation is closed again, the key stays. The same command goes on"
        : ".\nAn invitation is open whose code nobody knows";

    /// <summary>Only an account that this command has made itself, in this run or the one before.</summary>
    private string TakeBack(string name)
    {
        bool closed = stores.Invitations.Close(name) == 0;
        closed &= !choices.RootOwned || RootOwnedKeys.Remove(name) == 0;
        Ended deleted = ShadowTools.Delete(name, home: true);
        if (closed && Pwd.ByName(name) is null)
        {
            Syslog.Notice($"{name}: account taken back, because it could not be finished");
            return ".\nWhat was made is taken back";
        }

        return $".\nWhat was made could not be taken back ({deleted.Reason}). Do that by:\n  sallyport user remove {name}";
    }
}
