using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Server.Hosting;

/// <summary>The private CA and its certificate for this server, as files of the data folder.</summary>
internal sealed class LeafFiles(ServerSettings settings)
{
    public string Ca => Path.Combine(settings.DataFolder, "ca.pem");

    public string Certificate => Path.Combine(settings.DataFolder, "certificate.pem");

    public string Key => Path.Combine(settings.DataFolder, "certificate-key.pem");

    private string CaKey => Path.Combine(settings.DataFolder, "ca-key.pem");

    /// <summary>Issues a certificate if there is none for this host, or two thirds of its life are over.</summary>
    /// <returns>Whether it did.</returns>
    /// <exception cref="SettingsException">There is a CA, but it cannot vouch for this host.</exception>
    public bool Renew(DateTimeOffset now)
    {
        try
        {
            if (!File.Exists(Ca) && !File.Exists(CaKey))
            {
                using X509Certificate2 created = PrivateCa.Create(settings.PublicHost, now);
                Write(created, Ca, CaKey);
            }

            using X509Certificate2 authority = X509Certificate2.CreateFromPemFile(Ca, CaKey);
            if (IsGood(authority, now))
            {
                return false;
            }

            using X509Certificate2 leaf = PrivateCa.Issue(authority, settings.PublicHost, now);
            Require(authority, leaf, now);
            Write(leaf, Certificate, Key);
            return true;
        }
        catch (Exception unusable)
            when (unusable is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{Ca}: {unusable.Message}", unusable);
        }
    }

    /// <summary>Why hosts would refuse what is there; null: they would not. Reads only.</summary>
    public string? Problem(DateTimeOffset now)
    {
        string[] absent = [.. new[] { Ca, CaKey, Certificate, Key }.Where(file => !File.Exists(file))];
        if (absent.Length > 0)
        {
            return $"There is no {absent[0]}. serve makes what is missing, as the account that owns the folder.";
        }

        try
        {
            using X509Certificate2 authority = X509Certificate2.CreateFromPemFile(Ca, CaKey);
            using X509Certificate2 leaf = X509Certificate2.CreateFromPemFile(Certificate, Key);
            return leaf.GetNameInfo(X509NameType.SimpleName, forIssuer: false) != settings.PublicHost.Name
                ? $"{Certificate} is not for {settings.PublicHost.Name}; serve issues another one when it starts."
                : now < new DateTimeOffset(leaf.NotBefore) || now >= new DateTimeOffset(leaf.NotAfter)
                ? $"The certificate is not valid now: hosts refuse it. serve renews {Certificate} when it starts."
                : IsVouchedFor(authority, leaf, now, out string why) ? null
                : $"{Ca} does not vouch for {Certificate}: {why}";
        }
        catch (Exception unusable) when (unusable is CryptographicException or ArgumentException)
        {
            return $"{Certificate} or {Ca}: {unusable.Message}";
        }
    }

    private bool IsGood(X509Certificate2 authority, DateTimeOffset now)
    {
        if (!File.Exists(Certificate) || !File.Exists(Key))
        {
            return false;
        }

        try
        {
            using X509Certificate2 leaf = X509Certificate2.CreateFromPemFile(Certificate, Key);
            return new DateTimeOffset(leaf.NotBefore) <= now
                && new DateTimeOffset(leaf.NotAfter) - now > PrivateCa.LeafLifetime / 3
                && leaf.GetNameInfo(X509NameType.SimpleName, forIssuer: false) == settings.PublicHost.Name
                && IsVouchedFor(authority, leaf, now, out _);
        }
        catch (Exception broken) when (broken is CryptographicException or ArgumentException)
        {
            return false; // written by half when the machine went down
        }
    }

    private void Require(X509Certificate2 authority, X509Certificate2 leaf, DateTimeOffset now)
    {
        if (!IsVouchedFor(authority, leaf, now, out string why))
        {
            throw new SettingsException(
                $"{Ca} cannot vouch for {settings.PublicHost.Name} ({why.Trim()}). Move {Ca} and {CaKey} away to have a "
                + "new one made, and give every host the new ca.pem.");
        }
    }

    private static bool IsVouchedFor(X509Certificate2 authority, X509Certificate2 leaf, DateTimeOffset now, out string why)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        bool vouched = chain.Build(leaf);
        why = string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation.Trim()));
        return vouched;
    }

    // The key first: a certificate without its key is what Renew replaces.
    private static void Write(X509Certificate2 certificate, string file, string keyFile)
    {
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        DataFolder.Write(keyFile, key.ExportPkcs8PrivateKeyPem() + "\n");
        DataFolder.Write(file, certificate.ExportCertificatePem() + "\n", DataFolder.Readable);
    }
}
