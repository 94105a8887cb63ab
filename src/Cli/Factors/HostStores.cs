using Sallyport.Host.Configuration;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Files;

namespace Sallyport.Cli.Factors;

/// <summary>The stores of this host, for root, under the same locks that the agent takes.</summary>
internal sealed class HostStores : IDisposable
{
    private HostStores(TotpStore store, Invitations invitations, HostConfiguration configuration) =>
        (Store, Invitations, Configuration) = (store, invitations, configuration);

    public HostConfiguration Configuration { get; }

    public TotpStore Store { get; }

    public Invitations Invitations { get; }

    public string StateDirectory => Configuration.StateDirectory;

    /// <exception cref="IOException">The configuration or a folder cannot be used; the message says which.</exception>
    public static HostStores Open(string configuration)
    {
        try
        {
            HostConfiguration read = new ConfigurationFile(configuration).Current();
            string state = read.StateDirectory;
            if (!Directory.Exists(state))
            {
                PrivateFolder.Open(state).Dispose(); // the agent has not been started here yet
            }

            return new(TotpStore.At(state + "/totp", TimeSpan.FromSeconds(30)), Invitations.At(state + "/invitations"), read);
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
