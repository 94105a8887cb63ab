using Sallyport.Cli.Factors;
using Sallyport.Cli.Moving;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Users;

/// <summary>What there is of an account outside of it: it opens the door to whoever gets the name next.</summary>
internal static class Leftovers
{
    /// <summary>Null: nothing.</summary>
    public static string? Of(string name, HostStores stores)
    {
        using TotpReading entry = stores.Store.Open(name);
        return entry.Problem is not ReadProblem.Missing ? "the second factor"
            : RootOwnedKeys.Read(name) is not [] ? $"the key in {RootOwnedKeys.PathOf(name)}"
            : null;
    }

    /// <summary>Invitation, root-owned key, and copies of his secret, in this order.</summary>
    /// <exception cref="IOException">One of them stays; the message says which.</exception>
    public static void Remove(string name, HostStores stores, Account? account)
    {
        Check(stores.Invitations.Close(name), "his invitation");
        Check(RootOwnedKeys.Remove(name), RootOwnedKeys.PathOf(name));
        using (var retired = new Retired(stores.StateDirectory))
        {
            Check(retired.Remove(name), $"{stores.StateDirectory}/retired/{name}.google_authenticator");
        }

        if (account is not null)
        {
            RemoveHomeFile(account);
        }
    }

    /// <summary>With his rights, in his home.</summary>
    /// <exception cref="IOException">It stays.</exception>
    public static void RemoveHomeFile(Account account)
    {
        var home = new HomePlace(account);
        if (Directory.Exists(account.Home))
        {
            Check(home.RemoveMoving(), home.MovingPath);
            Check(home.Remove(), home.Path);
        }
    }

    public static void Check(int error, string what)
    {
        if (error is not (0 or Errno.ENOENT))
        {
            throw new IOException($"{what} cannot be taken away: {Unistd.StrError(error)}");
        }
    }
}
