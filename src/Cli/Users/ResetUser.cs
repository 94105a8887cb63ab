using Sallyport.Cli.Factors;
using Sallyport.Cli.Moving;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Users;

/// <summary>
/// A lost phone: what it knows is void, and an invitation is open. At no moment in between is his key enough: it is noted
/// first that he owes the code of an invitation, and his factor goes last.
/// </summary>
internal sealed class ResetUser(HostStores stores, Letters letters, TimeProvider time, TimeSpan invitation)
{
    /// <summary>Null: it can be done; else why not, before anything is changed.</summary>
    public string? Obstacle(Account account)
    {
        string name = account.Name;
        using TotpReading entry = stores.Store.Open(name);
        using Host.Files.HomeFile.Reading home = new HomePlace(account).Read();
        string? way = stores.Configuration.Policy?.EnrolmentAt(time.GetUtcNow()) switch
        {
            null => "without [policy] in the configuration nobody enrols in a login",
            Host.Configuration.Enrolment.Deny => "by [policy] nobody enrols in a login (enrolment is deny)",
            _ => null,
        };
        return entry.Problem is ReadProblem.Missing && home.Problem is ReadProblem.Missing
                ? $"{name} has no second factor. To let him enrol: sallyport invite {name}"
            : way is not null ? $"{way}.\nTo replace his second factor, with his new phone at hand:\n  sallyport enroll --user {name} --force"
            : null;
    }

    /// <exception cref="IOException">What failed, what holds now, and the command that goes on.</exception>
    public void Run(Account account)
    {
        string name = account.Name;
        DateTimeOffset until = time.GetUtcNow() + invitation;
        string code;
        try
        {
            stores.Invitations.Owe(name);
            code = stores.Invitations.Open(name, until, mayReplace: true);
        }
        catch (IOException failed)
        {
            throw new IOException($"{failed.Message}.\nNothing was changed: his old phone still counts", failed);
        }

        try
        {
            Leftovers.RemoveHomeFile(account); // or it would count as soon as the entry is gone
            using (var retired = new Retired(stores.StateDirectory))
            {
                Leftovers.Check(retired.Remove(name), "the state file that was taken over");
            }

            Leftovers.Check(stores.Store.Remove(name), "his entry");
        }
        catch (IOException failed)
        {
            throw new IOException($"{failed.Message}.\nWhat is left of his second factor still counts. Mend that, then:\n  sallyport user reset {name}", failed);
        }

        string moment = FactorStatus.Moment(until.ToUnixTimeSeconds());
        Syslog.Notice($"{name}: second factor taken away by root, and invited to enrol until {moment}");
        Screen.WriteError($"{name}: the old phone is void; he is refused until he enrols again.");
        letters.Write(name, KeysOf(account), code, until, null, owes: true);
    }

    private static List<PublicKey> KeysOf(Account account)
    {
        List<PublicKey> keys = [];
        string[] lines = [.. new AuthorizedKeys(account).Read() ?? [], .. RootOwnedKeys.Read(account.Name) ?? []];
        foreach (string line in lines)
        {
            if (PublicKey.TryParse(line, out PublicKey? key, out _))
            {
                keys.Add(key);
            }
        }

        return keys;
    }
}
