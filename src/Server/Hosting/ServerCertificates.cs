using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Server.Hosting;

/// <summary>The certificate that connections get. A newer one takes its place without a restart.</summary>
internal sealed class ServerCertificates(
    ServerSettings settings, TimeProvider time, ILogger<ServerCertificates> logger)
{
    private readonly LeafFiles _leaf = new(settings);
    private volatile Serving? _serving;
    private string? _servingText;
    private string? _toldProblem;

    public SslServerAuthenticationOptions Current =>
        _serving?.Options ?? throw new InvalidOperationException("no certificate was loaded");

    public DateTimeOffset NotAfter => _serving?.NotAfter ?? DateTimeOffset.MinValue;

    public bool IsValid => _serving is Serving serving
        && time.GetUtcNow() is DateTimeOffset now && serving.NotBefore <= now && now < serving.NotAfter;

    /// <summary>At start: there must be one.</summary>
    /// <exception cref="SettingsException">There is none that can be used.</exception>
    public void Load()
    {
        if (settings.Certificate is null)
        {
            _leaf.Renew(time.GetUtcNow());
        }

        Read();
    }

    /// <summary>Why hosts would refuse the certificate that is there; null: they would not. Nothing is made or renewed.</summary>
    public string? Problem()
    {
        if (settings.Certificate is null)
        {
            return _leaf.Problem(time.GetUtcNow());
        }

        try
        {
            Read();
            return null;
        }
        catch (SettingsException unusable)
        {
            return unusable.Message;
        }
    }

    /// <summary>Later: the one in use stays until there is a better one.</summary>
    public void Refresh()
    {
        try
        {
            if (settings.Certificate is null && _leaf.Renew(time.GetUtcNow()))
            {
                Log.CertificateIssued(logger, settings.PublicHost.Name);
            }

            if (Read() && _serving is Serving serving)
            {
                Log.CertificateTaken(logger, serving.NotAfter);
            }

            _toldProblem = null;
        }
        catch (SettingsException unusable)
        {
            if (unusable.Message != _toldProblem)
            {
                Log.CertificateKept(logger, unusable.Message);
                _toldProblem = unusable.Message;
            }
        }
    }

    /// <returns>Whether the files have another text than what is in use.</returns>
    private bool Read()
    {
        string file = settings.Certificate ?? _leaf.Certificate;
        try
        {
            string certificate = File.ReadAllText(file);
            string key = File.ReadAllText(settings.CertificateKey ?? _leaf.Key);
            if (certificate + key == _servingText)
            {
                return false;
            }

            // A pair that is half written does not fit together. What is not taken is tried again: it may begin later.
            var leaf = X509Certificate2.CreateFromPem(certificate, key);
            if (CertificateFit.Problem(leaf, settings.PublicHost, time.GetUtcNow()) is string problem)
            {
                leaf.Dispose();
                throw new SettingsException($"{file}: {problem}");
            }

            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificate);
            _serving = new Serving(Options(leaf, chain), leaf.NotBefore, leaf.NotAfter);
            _servingText = certificate + key;
            return true;
        }
        catch (Exception unusable)
            when (unusable is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{file}: {unusable.Message}", unusable);
        }
    }

    private static SslServerAuthenticationOptions Options(X509Certificate2 leaf, X509Certificate2Collection chain) => new()
    {
        // Made once: else each handshake would build the chain again. Offline: no fetching of issuers or OCSP answers.
        ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
        ClientCertificateRequired = false,
    };

    private sealed record Serving(
        SslServerAuthenticationOptions Options, DateTimeOffset NotBefore, DateTimeOffset NotAfter);
}
