using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;

namespace Sallyport.Server.Persistence;

/// <summary>
/// ASP.NET Core's Data Protection over the table <c>key_ring</c> and the certificate of <see cref="KeyFiles"/>. It
/// makes no key by itself: one that came into being in the middle of a login would wait for that login's own
/// transaction.
/// </summary>
internal sealed class KeyRing(
    IDbContextFactory<ServerDbContext> contexts, Transactions transactions, KeyFiles files, TimeProvider time)
    : IDisposable
{
    private readonly Lock _opening = new();
    private X509Certificate2? _certificate;
    private ServiceProvider? _dataProtection;

    public IDataProtectionProvider Protection => Open().GetRequiredService<IDataProtectionProvider>();

    /// <summary>Adds the ring's first key.</summary>
    /// <remarks>Good since yesterday: another node's clock may be behind.</remarks>
    public void CreateKey() => Open().GetRequiredService<IKeyManager>()
        .CreateNewKey(time.GetUtcNow().AddDays(-1), time.GetUtcNow().AddYears(100));

    public void Dispose()
    {
        _dataProtection?.Dispose();
        _certificate?.Dispose();
    }

    /// <summary>Whether the certificate opens each key of a ring.</summary>
    /// <param name="elements">What the table <c>key_ring</c> holds.</param>
    /// <exception cref="StorageException">It does not, or there is no key.</exception>
    public void Verify(IReadOnlyCollection<string> elements)
    {
        using X509Certificate2 certificate = files.ReadCertificate();
        using ServiceProvider services = Build(certificate, new FixedRing(elements));
        IReadOnlyCollection<IKey> keys = services.GetRequiredService<IKeyManager>().GetAllKeys();
        if (keys.Count == 0)
        {
            throw new StorageException("The database has no key ring. On a new one run: sallyport-server init");
        }

        try
        {
            if (keys.All(key => key.CreateEncryptor() is not null))
            {
                return;
            }
        }
        catch (CryptographicException wrong)
        {
            throw new StorageException(NotOpened, wrong);
        }

        throw new StorageException(NotOpened);
    }

    private string NotOpened =>
        $"{files.RingFile} does not open the key ring in the database: it is another installation's. "
        + $"Put back the folder {files.Folder} that belongs to this database, from another node or from where it was "
        + "saved.";

    private ServiceProvider Open()
    {
        lock (_opening)
        {
            _certificate ??= files.ReadCertificate();
            return _dataProtection ??= Build(_certificate, new Repository(contexts, transactions, time));
        }
    }

    private static ServiceProvider Build(X509Certificate2 certificate, IXmlRepository repository)
    {
        ServiceCollection services = new();
        services.AddDataProtection()
            .SetApplicationName("Sallyport")
            .DisableAutomaticKeyGeneration()
            .ProtectKeysWithCertificate(certificate)
            .UseCryptographicAlgorithms(new AuthenticatedEncryptorConfiguration
            {
                EncryptionAlgorithm = EncryptionAlgorithm.AES_256_GCM,
            })
            .AddKeyManagementOptions(options => options.XmlRepository = repository);
        return services.BuildServiceProvider();
    }

    private sealed class FixedRing(IReadOnlyCollection<string> elements) : IXmlRepository
    {
        public IReadOnlyCollection<XElement> GetAllElements() => [.. elements.Select(xml => XElement.Parse(xml))];

        public void StoreElement(XElement element, string friendlyName) => throw new NotSupportedException();
    }

    private sealed class Repository(
        IDbContextFactory<ServerDbContext> contexts, Transactions transactions, TimeProvider time) : IXmlRepository
    {
        public IReadOnlyCollection<XElement> GetAllElements()
        {
            using ServerDbContext db = contexts.CreateDbContext();
            return [.. db.KeyRing.AsNoTracking().Select(e => e.Xml).AsEnumerable().Select(xml => XElement.Parse(xml))];
        }

        public void StoreElement(XElement element, string friendlyName) =>
            transactions.RunAsync(
                (db, _) => Task.FromResult(db.KeyRing.Add(new KeyRingEntry
                {
                    Id = Guid.CreateVersion7(time.GetUtcNow()),
                    Xml = element.ToString(SaveOptions.DisableFormatting),
                }).Entity.Id),
                CancellationToken.None).GetAwaiter().GetResult();
    }
}
