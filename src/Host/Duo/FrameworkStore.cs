using System.Security.Cryptography.X509Certificates;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Duo;

/// <summary>
/// The framework's own store of authorities. Here <see cref="TrustedRoots"/> alone counts, but all of that store is
/// read before any certificate is looked at: what SSL_CERT_FILE and SSL_CERT_DIR name, which may be anything, or else
/// the system's, which takes ten times as long as a handshake. The framework asks once where they are.
/// </summary>
internal static class FrameworkStore
{
    private static readonly Lock _lock = new();
    private static bool _isEmpty;

    /// <summary>Lets it read nothing, now and later. The environment is afterwards as it was.</summary>
    public static void Empty()
    {
        lock (_lock)
        {
            if (!_isEmpty)
            {
                Stdlib.WithVariables(
                    [("SSL_CERT_FILE"u8.ToArray(), []), ("SSL_CERT_DIR"u8.ToArray(), [])],
                    static () =>
                    {
                        using X509Store store = new(StoreName.Root, StoreLocation.LocalMachine);
                        store.Open(OpenFlags.ReadOnly);
                        _ = store.Certificates;
                    });
                _isEmpty = true;
            }
        }
    }
}
