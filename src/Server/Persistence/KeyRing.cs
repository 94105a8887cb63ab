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
/// ASP.NET Core's Data Protection over the table <c>key_ring</c> and the certificate of <see cref="KeyFiles"/>. It makes
/// no key by itself: a key that came into being in the middle of a login would wait for the login's own transaction.
/// </summary>
internal sealed class KeyRing(
    IDbContextFactory<ServerDbContext> contexts, Transactions transactions, KeyFiles files, TimeProvider time) : IDisposable
{
    private readonly Lock _opening = new();
    private X509Certificate2? _certificate;
    private ServiceProvider? _dataProtection;

    public IDataProtectionProvider Protection => Open().GetRequiredService<IDataProtectionProvider>();

    /// <summary>Adds the ring's first key.</summary>
    public void CreateKey() => Open().GetRequiredService<IKeyManager>()
        .CreateNewKey(time.GetUtcNow(), time.GetUtcNow().AddYears(100));

    public void Dispose()
    {
        _dataProtection?.Dispose();
        _certificate?.Dispose();
    }

    private ServiceProvider Open()
    {
        lock (_opening)
        {
            return _dataProtection ??= Build();
        }
    }

    private ServiceProvider Build()
    {
        _certificate = files.ReadCertificate();
        ServiceCollection services = new();
        services.AddDataProtection()
            .SetApplicationName("Sallyport")
            .DisableAutomaticKeyGeneration()
            .ProtectKeysWithCertificate(_certificate)
            .UseCryptographicAlgorithms(new AuthenticatedEncryptorConfiguration
            {
                EncryptionAlgorithm = EncryptionAlgorithm.AES_256_GCM,
            })
            .AddKeyManagementOptions(options => options.XmlRepository = new Repository(contexts, transactions, time));
        return services.BuildServiceProvider();
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
