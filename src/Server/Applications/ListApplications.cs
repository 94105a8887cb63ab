using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Applications;

/// <summary>An application without its secret.</summary>
internal sealed record ApplicationRow(
    string Name,
    string IntegrationKey,
    bool LegacyClients,
    NewUserPolicy NewUsers,
    DateTimeOffset? EnrolUntil,
    UsernameNormalization Usernames,
    string AllowedGroups,
    string AllowedFactors,
    string TrustedNetworks,
    NumberMatching NumberMatching,
    bool TerminalDevices,
    DateTimeOffset? PreviousSecretKeyUntil,
    DateTimeOffset CreatedAt)
{
    public static Expression<Func<Application, ApplicationRow>> Of { get; } = a => new ApplicationRow(
        a.Name,
        a.IntegrationKey,
        a.LegacyClients,
        a.NewUsers,
        a.EnrolUntil,
        a.Usernames,
        a.AllowedGroups,
        a.AllowedFactors,
        a.TrustedNetworks,
        a.NumberMatching,
        a.TerminalDevices,
        a.PreviousSecretKeyUntil,
        a.CreatedAt);
}

internal sealed class ListApplications(IDbContextFactory<ServerDbContext> contexts)
{
    public async Task<IReadOnlyList<ApplicationRow>> RunAsync(CancellationToken cancellationToken)
    {
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Applications.OrderBy(a => a.Name).Select(ApplicationRow.Of).ToListAsync(cancellationToken);
    }
}

internal sealed class ShowApplication(IDbContextFactory<ServerDbContext> contexts)
{
    /// <summary>Null: there is none.</summary>
    /// <param name="name">Its name or its integration key.</param>
    public async Task<ApplicationRow?> RunAsync(string name, CancellationToken cancellationToken)
    {
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Applications.Where(FindApplication.Named(name))
            .Select(ApplicationRow.Of).SingleOrDefaultAsync(cancellationToken);
    }
}
