using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Server.Persistence;

/// <summary>
/// The two secrets that are not in the database, in the data folder's <c>keys</c>: the certificate that opens the key
/// ring, and the key of the HMAC over bypass codes. Each node holds them; no backup does.
/// </summary>
internal sealed class KeyFiles(DatabaseSettings settings)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const int BypassKeyBytes = 32;

    public string Folder => Path.Combine(settings.DataFolder, "keys");

    public string RingFile => Path.Combine(Folder, "ring.pem");

    public string BypassKeyFile => Path.Combine(Folder, "bypass.key");

    /// <summary>Makes what is missing, for a database in which nothing is encrypted yet.</summary>
    public void Create(DateTimeOffset now)
    {
        Directory.CreateDirectory(Folder, OwnerOnly | UnixFileMode.UserExecute);
        if (!File.Exists(RingFile))
        {
            using var rsa = RSA.Create(3072);
            CertificateRequest request =
                new("CN=Sallyport key ring", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(100));
            Write(RingFile, certificate.ExportCertificatePem() + "\n" + rsa.ExportPkcs8PrivateKeyPem() + "\n");
        }

        if (!File.Exists(BypassKeyFile))
        {
            Write(BypassKeyFile, Convert.ToBase64String(RandomNumberGenerator.GetBytes(BypassKeyBytes)) + "\n");
        }
    }

    /// <summary>The caller disposes of it.</summary>
    public X509Certificate2 ReadCertificate()
    {
        string pem = Read(RingFile);
        try
        {
            return X509Certificate2.CreateFromPem(pem, pem);
        }
        catch (CryptographicException broken)
        {
            throw new StorageException($"{RingFile} holds no certificate with its private key. {WhatNext}", broken);
        }
    }

    public byte[] ReadBypassKey()
    {
        byte[] key = new byte[BypassKeyBytes];
        return Convert.TryFromBase64String(Read(BypassKeyFile).Trim(), key, out int length) && length == BypassKeyBytes
            ? key
            : throw new StorageException($"{BypassKeyFile} is not {BypassKeyBytes} bytes in base64. {WhatNext}");
    }

    private string WhatNext =>
        $"Put back the folder {Folder} from another node or from where it was saved: "
        + "without it no secret in the database can be read.";

    private static void Write(string file, string text)
    {
        using FileStream stream = new(file, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly,
        });
        stream.Write(System.Text.Encoding.ASCII.GetBytes(text));
        stream.Flush(flushToDisk: true);
    }

    private string Read(string file)
    {
        if (!File.Exists(file))
        {
            throw new StorageException($"{file} is missing. {WhatNext}");
        }

        foreach (string path in new[] { Folder, file })
        {
            if ((File.GetUnixFileMode(path) & Others) != 0)
            {
                throw new StorageException($"{path} can be reached by others than its owner. Run: chmod go= {path}");
            }
        }

        return File.ReadAllText(file);
    }
}
