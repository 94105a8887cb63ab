using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Host.Duo;

/// <summary>One TLS connection to a server, for one request after the other.</summary>
internal sealed class DuoConnection : IDisposable
{
    private readonly Wire _wire;
    private readonly SslStream _tls;

    private DuoConnection(Wire wire, SslStream tls) => (_wire, _tls) = (wire, tls);

    /// <summary>Tries one address after the other, each in its share of the time.</summary>
    /// <exception cref="DuoException">There is no connection.</exception>
    public static DuoConnection Open(
        DuoSettings settings, HostLookup lookup, string userAgent, TimeSpan patience, Func<bool> isGone)
    {
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        FrameworkStore.Empty();
        TrustedRoots? roots = settings.NoVerify ? null : TrustedRoots.Read(settings.CaFile);
        (string host, int port) = settings.Proxy is DuoProxy proxy
            ? (proxy.Host, proxy.Port)
            : (settings.Host, settings.Port);
        if (Wire.MayConnect() is string problem)
        {
            throw new DuoException(DuoFailure.Refused, $"Couldn't connect to {settings.Place}: {problem}");
        }

        IPAddress[] addresses = Find(settings, lookup, host, deadline, isGone);
        DuoException? ours = null; // what this host lacks is no outage, whatever the other addresses say
        for (int i = 0; ; i++)
        {
            long left = deadline - Environment.TickCount64;
            long share = Environment.TickCount64 + (left / (addresses.Length - i));
            try
            {
                return Open(settings, roots, userAgent, new IPEndPoint(addresses[i], port), share, isGone);
            }
            catch (DuoException away) when (
                (away.Failure is DuoFailure.Unreachable || away.IsOfThisHost)
                && i + 1 < addresses.Length
                && Environment.TickCount64 < deadline)
            {
                ours ??= away.IsOfThisHost ? away : null; // and the next address may do
            }
            catch (DuoException away) when (away.Failure is DuoFailure.Unreachable && ours is not null)
            {
                throw ours;
            }
        }
    }

    /// <summary>Nothing has come since the last answer: then it may be used again.</summary>
    public bool IsQuiet() => _wire.IsQuiet();

    /// <summary>Sends a request in one write, and reads its answer.</summary>
    /// <param name="deadline">For the first byte of an answer (<see cref="Environment.TickCount64"/>).</param>
    /// <param name="rest">For the rest of it, if that is sooner.</param>
    /// <exception cref="LostException">There is no whole answer.</exception>
    /// <exception cref="HttpAnswerException">It is none.</exception>
    public HttpAnswer Ask(byte[] request, long deadline, TimeSpan rest, Func<bool> isGone)
    {
        HttpAnswerReader reader = new(
            _tls, () => _wire.HurryUntil(Environment.TickCount64 + (long)rest.TotalMilliseconds));
        _wire.WaitUntil(deadline, isGone);
        try
        {
            _tls.Write(request);
            return reader.Read();
        }
#pragma warning disable CA1031 // TLS fails in many ways, and each of them ends this connection.
        catch (Exception ended) when (ended is not HttpAnswerException)
#pragma warning restore CA1031
        {
            // The end of TLS can come before that of the connection.
            throw new LostException(ended is EndOfStreamException ? WireEnd.Lost : _wire.End, reader.HasBegun, ended);
        }
        finally
        {
            _wire.WaitUntil(0, static () => false); // nothing of this login stays here
        }
    }

    public void Dispose() => _tls.Dispose(); // and with it the connection below

    private static IPAddress[] Find(
        DuoSettings settings, HostLookup lookup, string host, long deadline, Func<bool> isGone)
    {
        WireEnd end = WireEnd.None;
        try
        {
            return lookup.Find(host, deadline, isGone, out end);
        }
        catch (IOException none)
        {
            throw Failed(settings, end, none.Message, none);
        }
    }

    private static DuoConnection Open(
        DuoSettings settings, TrustedRoots? roots, string userAgent, IPEndPoint place, long deadline, Func<bool> isGone)
    {
        WireEnd end = WireEnd.None;
        Wire wire;
        try
        {
            wire = Wire.Connect(place, settings.HttpsTimeout, deadline, isGone, out end);
        }
        catch (IOException none)
        {
            throw end is WireEnd.None
                ? new DuoException(DuoFailure.Refused, $"Couldn't connect to {settings.Place}: {none.Message}", none)
                {
                    IsOfThisHost = true,
                }
                : Failed(settings, end, "Failed to connect", none);
        }

        SslStream? tls = null;
        string step = settings.Proxy is null ? "SSL handshake" : "Proxy connection";
        SslPolicyErrors errors = SslPolicyErrors.None;
        try
        {
            if (settings.Proxy is not null)
            {
                ProxyTunnel.Open(wire, settings, userAgent);
            }

            step = "SSL handshake";
            tls = new SslStream(wire, leaveInnerStreamOpen: false);
            tls.AuthenticateAsClient(new SslClientAuthenticationOptions
            {
                TargetHost = settings.Host,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                AllowTlsResume = false,
                AllowRenegotiation = false,
                CertificateChainPolicy = TrustedRoots.Policy(), // which believes nobody
                RemoteCertificateValidationCallback = (_, certificate, chain, found) =>
                {
                    errors = roots is null ? SslPolicyErrors.None : Check(roots, certificate, chain, found);
                    return errors is SslPolicyErrors.None;
                },
            });
            return new DuoConnection(wire, tls);
        }
        catch (DuoException)
        {
            wire.Dispose();
            throw;
        }
#pragma warning disable CA1031 // TLS fails in many ways: what counts is what became of the connection.
        catch (Exception failed)
#pragma warning restore CA1031
        {
            end = wire.End;
            tls?.Dispose();
            wire.Dispose();
            string why = errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
                ? "Certificate name validation failed"
                : errors is not SslPolicyErrors.None ? "certificate verify failed"
                : end is WireEnd.Silent ? step + " timed out"
                : step + " failed";
            throw Failed(settings, errors is SslPolicyErrors.None ? end : WireEnd.None, why, failed);
        }
    }

    /// <summary>Whoever ends a connection that is not there yet has decided nothing. Nonsense is no server's.</summary>
    private static DuoException Failed(DuoSettings settings, WireEnd end, string why, Exception inner) => new(
        end switch
        {
            WireEnd.Lost or WireEnd.Vanished or WireEnd.Silent => DuoFailure.Unreachable,
            WireEnd.Gone => DuoFailure.Cancelled,
            _ => DuoFailure.Refused,
        },
        $"Couldn't connect to {settings.Place}: {why}",
        inner)
    {
        IsSilent = end is WireEnd.Silent or WireEnd.Vanished,
    };

    /// <summary>The framework has looked at the name only, because its policy believes nobody.</summary>
    private static SslPolicyErrors Check(
        TrustedRoots roots, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors found)
    {
        const SslPolicyErrors untrusted = SslPolicyErrors.RemoteCertificateChainErrors;
        return (found & ~untrusted) is not SslPolicyErrors.None ? found & ~untrusted
            : certificate is X509Certificate2 leaf && chain is not null
                && roots.VouchFor(leaf, chain.ChainPolicy.ExtraStore)
                ? SslPolicyErrors.None
            : untrusted;
    }
}

/// <summary>The connection ended before an answer did.</summary>
internal sealed class LostException(WireEnd end, bool hasBegun, Exception inner) : Exception(inner.Message, inner)
{
    public WireEnd End => end;

    /// <summary>A part of an answer had come.</summary>
    public bool HasBegun => hasBegun;
}
