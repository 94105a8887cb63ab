using Sallyport.Cli.Factors;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Users;

/// <summary>
/// Somebody leaves. First his entry is sealed: the secret is gone, and every login of his that is asked is refused,
/// whatever fails after that. userdel comes when nothing of his is left that could let somebody in; the seal goes last.
/// </summary>
internal sealed class RemoveUser(HostStores stores, bool keepHome, bool kill)
{
    /// <summary>Null: it can be done; else why not, before anything is changed.</summary>
    public string? Obstacle(string name, Account? account)
    {
        if (account is null)
        {
            return Leftovers.Of(name, stores) is null && stores.Invitations.Find(name, DateTimeOffset.MinValue) is null
                && !File.Exists($"{stores.StateDirectory}/retired/{name}.google_authenticator")
                    ? $"there is no account {name}, and nothing is left of one"
                    : null;
        }

        string[] running = kill ? [] : Processes.Of(account.Uid);
        return account.Uid == 0 ? "root is not removed"
            : name == stores.Configuration.BreakGlass?.Name
                ? $"{name} is the break-glass account:\ntake [break_glass {name}] out of the configuration first"
            : Pwd.All().Find(other => other.Uid == account.Uid && other.Name != name) is Account other
                ? $"{name} and {other.Name} are one user to the system (uid {account.Uid}):\nremove it by hand"
            : running.Length > 0
                ? $"{name} has processes. End them, or let --kill do it:\n  {string.Join("\n  ", running)}"
            : null;
    }

    /// <exception cref="IOException">What failed, what holds now, and the command that goes on.</exception>
    public void Run(string name, Account? account)
    {
        try
        {
            Leftovers.Check(account is null ? 0 : stores.Store.Seal(name), "his secret");
        }
        catch (IOException failed)
        {
            throw new IOException($"{failed.Message}.\nNothing was changed", failed);
        }

        try
        {
            Leftovers.Remove(name, stores, account);
            if (account is not null)
            {
                Syslog.Notice($"{name}: second factor, invitation and root-owned key taken away by root");
                Delete(name, account);
            }

            Leftovers.Check(stores.Store.Remove(name), stores.Store.PathOf(name));
        }
        catch (IOException failed)
        {
            throw new IOException(account is null || Pwd.ByName(name) is null
                ? $"{failed.Message}.\nMend that, then:\n  sallyport user remove {name}"
                : $"{failed.Message}.\nThe account is still there. Its secret is gone, and it is refused wherever it is\nasked for a passcode. "
                    + $"Mend that, then:\n  sallyport user remove {name}{(keepHome ? " --keep-home" : "")}", failed);
        }

        Screen.Write(account is null ? $"{name}: what was left is gone.\n"
            : $"{name}: the account is gone{(keepHome ? $"; {account.Home} stays" : "")}.\n");
        if (stores.Configuration.Exemptions.ContainsKey(name))
        {
            Screen.WriteError($"The configuration has [exempt {name}]: take it out,\nor the next {name} is not asked.");
        }
    }

    private void Delete(string name, Account account)
    {
        if (kill && !Processes.End(account.Uid))
        {
            throw new IOException($"these do not end: {string.Join(", ", Processes.Of(account.Uid))}");
        }

        Ended deleted = ShadowTools.Delete(name, home: !keepHome);
        if (Pwd.ByName(name) is not null)
        {
            throw new IOException($"userdel: {deleted.Reason}");
        }

        Syslog.Notice($"{name}: account removed by root");
        if (deleted.ExitCode != 0)
        {
            Screen.WriteError($"{name}: userdel: {deleted.Reason}");
        }
    }
}
