using Microsoft.Win32.SafeHandles;
using Sallyport.Cli.Factors;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Configuration;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Cli.Users;

/// <summary>sallyport user add, list, reset and remove. Root's alone.</summary>
internal static class UserCommand
{
    public static int Run(IReadOnlyList<string> words)
    {
        UserCommandLine? line = UserCommandLine.Parse(words, out int exitCode);
        if (line is null)
        {
            return exitCode;
        }

        if (Unistd.geteuid() != 0)
        {
            Screen.WriteError("sallyport user: only root can do that");
            return 1;
        }

        using HostStores stores = HostStores.Open(line.Configuration);
        if (line.Verb == "list")
        {
            new ListUsers(stores, TimeProvider.System).Run(line.Json);
            return 0;
        }

        using SafeFileHandle turn = OneAtATime(stores.StateDirectory);
        using SafeFileHandle? file = line.LettersFile is null ? null : Letters.Open(line.LettersFile);
        var letters = new Letters(line.Host ?? Environment.MachineName, stores.Configuration, TimeProvider.System, file);
        return line.Verb switch
        {
            "add" => Add(line, stores.Configuration.Policy, new AddUser(stores, letters, TimeProvider.System, line.Choices)),
            "reset" => Reset(line, new ResetUser(stores, letters, TimeProvider.System, line.Invitation)),
            _ => Remove(line, new RemoveUser(stores, line.KeepHome, line.Kill)),
        };
    }

    private static int Add(UserCommandLine line, Policy? policy, AddUser add)
    {
        List<NewUser> users = line.Users(out List<string> problems);
        problems.ForEach(Screen.WriteError);
        if (problems.Count > 0)
        {
            Screen.WriteError("Nothing was changed.");
            return 1;
        }

        if (policy is null || policy.EnrolmentAt(TimeProvider.System.GetUtcNow()) is Host.Configuration.Enrolment.Deny)
        {
            Screen.WriteError(policy is null
                ? "There is no [policy] here: people enrol by a command, and come to it only where\nnullok on the PAM line lets them in."
                : "By [policy] nobody enrols in a login (enrolment is deny): nobody can use his code.");
        }

        for (int i = 0; i < users.Count; i++)
        {
            string name = users[i].Name;
            AddOutcome outcome = add.Run(users[i], out string? problem);
            if (outcome is AddOutcome.Failed)
            {
                Screen.WriteError(users[i].Line == 0 ? $"{name}: {problem}"
                    : $"{name} (line {users[i].Line}): {problem}\nStopped at {i + 1} of {users.Count}. Mend that and run it again: it goes on here.");
                return 1;
            }

            if (users[i].Line > 0)
            {
                Screen.WriteError($"{i + 1} of {users.Count}: {name}{(outcome is AddOutcome.Added ? " added" : " was there, with this key")}");
            }
        }

        return 0;
    }

    private static int Reset(UserCommandLine line, ResetUser reset)
    {
        Account? account = Find(line.Name);
        string? problem = account is null ? $"there is no account {Printable.Of(line.Name)}" : reset.Obstacle(account);
        if (problem is null && Confirmed(line, $"{line.Name}: his phone, his recovery codes and a file in his home will be void.\nGo on? (y/n) "))
        {
            reset.Run(account!);
            return 0;
        }

        return Refused(problem);
    }

    private static int Remove(UserCommandLine line, RemoveUser remove)
    {
        Account? account = Find(line.Name);
        string? problem = TotpStore.IsName(line.Name) ? remove.Obstacle(line.Name, account) : "not a name that an account can have";
        string home = account is null ? "" : line.KeepHome ? ", but not his home" : $" with {account.Home}";
        if (problem is null && Confirmed(line, $"{line.Name}: his account goes{home}. Go on? (y/n) "))
        {
            remove.Run(line.Name, account);
            return 0;
        }

        return Refused(problem);
    }

    private static Account? Find(string name) => TotpStore.IsName(name) ? Pwd.ByName(name) : null;

    private static bool Confirmed(UserCommandLine line, string question)
    {
        if (line.Yes)
        {
            return true;
        }

        if (!Screen.HasPerson)
        {
            Screen.WriteError("Nobody is here to be asked: --yes does it without.");
            return false;
        }

        Screen.Write(question);
        return Screen.ReadLine() is ['y' or 'Y', ..];
    }

    private static int Refused(string? problem)
    {
        Screen.WriteError(problem is null ? "Nothing was changed." : $"sallyport user: {problem}");
        return 1;
    }

    /// <summary>Two of these at once could each take away what the other makes.</summary>
    private static SafeFileHandle OneAtATime(string stateDirectory)
    {
        SafeFileHandle folder = PrivateFolder.Open(stateDirectory);
        if (SysFile.flock(folder, SysFile.LOCK_EX | SysFile.LOCK_NB) == 0)
        {
            return folder;
        }

        folder.Dispose();
        throw new IOException("another sallyport user is at work; wait for its end");
    }
}
