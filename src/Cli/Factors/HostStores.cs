using Sallyport.Host.Configuration;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Files;

namespace Sallyport.Cli.Factors;

/// <summary>The stores of this host, for root, under the same locks that the agent takes.</summary>
internal sealed class HostStores : IDisposable
{
    private HostStores(TotpStore store, Invitations invitations, string stateDirectory) =>
        (Store, Invitations, StateDirectory) = (store, invitations, stateDirectory);

    public TotpStore Store { get; }

    public Invitations Invitations { get; }

    public string StateDirectory { get; }

    /// <exception cref="IOException">The configuration or a folder cannot be used; the message says which.</exception>
    public static HostStores Open(string configuration)
    {
        try
        {
            string state = new ConfigurationFile(configuration).Current().StateDirectory;
            if (!Directory.Exists(state))
            {
                PrivateFolder.Open(state).Dispose(); // the agent has not been started here yet
            }

            return new(TotpStore.At(state + "/totp", TimeSpan.FromSeconds(30)), Invitations.At(state + "/invitations"), state);
        }
        catch (ConfigurationException wrong)
        {
            throw new IOException(wrong.Message, wrong);
        }
    }

    public void Dispose()
    {
        Store.Dispose();
        Invitations.Dispose();
    }
}
