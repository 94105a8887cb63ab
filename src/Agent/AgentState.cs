using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Files;
using Sallyport.Host.Messages;
using Sallyport.Host.Passcodes;

namespace Sallyport.Agent;

/// <summary>
/// What the agent keeps in its own folder, [agent] state_directory. Opened once, at the start, or at the first login
/// after that could not be; until then nobody is let in, because nobody knows what is used up.
/// </summary>
internal sealed class AgentState(ConfigurationFile configuration, FileLocks locks, TimeProvider time, Trace trace) : IDisposable
{
    private readonly Lock _lock = new();
    private volatile Stores? _stores;

    /// <exception cref="ConfigurationException">It is not known where.</exception>
    /// <exception cref="StateUnusableException">The folder, or something in it, cannot be used.</exception>
    public Stores Current()
    {
        if (_stores is Stores opened)
        {
            return opened;
        }

        string folder = configuration.Current().StateDirectory;
        lock (_lock)
        {
            try
            {
                return _stores ??= Open(folder);
            }
            catch (IOException unusable)
            {
                throw new StateUnusableException($"state_directory {folder}: {unusable.Message}", unusable);
            }
        }
    }

    public void Dispose() => _stores?.Dispose();

    private Stores Open(string folder)
    {
        TotpStore? store = null;
        Invitations? invitations = null;
        SpentCodes? spentCodes = null;
        OfflineMemory? offline = null;
        Bypasses? bypasses = null;
        try
        {
            if (!Directory.Exists(folder))
            {
                PrivateFolder.Open(folder).Dispose();
            }

            store = TotpStore.At(folder + "/totp", TimeSpan.FromSeconds(30));
            store.RemoveLeftovers();
            invitations = Invitations.At(folder + "/invitations");
            spentCodes = SpentCodes.Open(folder, time.GetUtcNow());
            offline = OfflineMemory.At(folder + "/offline");
            bypasses = Bypasses.At(folder + "/bypasses", time);
            return new Stores(store, invitations, spentCodes, OpenDecoy(folder, store), locks, offline, bypasses);
        }
        catch
        {
            store?.Dispose();
            invitations?.Dispose();
            spentCodes?.Dispose();
            offline?.Dispose();
            bypasses?.Dispose();
            throw;
        }
    }

    private Decoy? OpenDecoy(string folder, TotpStore store)
    {
        try
        {
            return new Decoy(folder, store);
        }
        catch (IOException unwritable)
        {
            trace.Write(Priority.Warning, $"the time of a refusal may tell who is enrolled: state_directory {unwritable.Message}");
            return null;
        }
    }
}

internal sealed record Stores(
    TotpStore Totp, Invitations Invitations, SpentCodes SpentCodes, Decoy? Decoy, FileLocks Locks, OfflineMemory Offline,
    Bypasses Bypasses) : IDisposable
{
    public void Dispose()
    {
        Totp.Dispose();
        Invitations.Dispose();
        SpentCodes.Dispose();
        Offline.Dispose();
        Bypasses.Dispose();
        Decoy?.Dispose();
    }
}

/// <summary>What is used up cannot be read or kept.</summary>
internal sealed class StateUnusableException(string message, Exception inner) : Exception(message, inner);
