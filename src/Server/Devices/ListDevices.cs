using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Devices;

internal sealed record DeviceRow(
    string Key,
    DeviceKind Kind,
    bool IsTerminal,
    string Name,
    string? Serial,
    bool OutOfStep,
    DateTimeOffset CreatedAt);

internal sealed class ListDevices(IDbContextFactory<ServerDbContext> contexts)
{
    /// <summary>A user's; null: nobody has that name.</summary>
    /// <param name="user">A name or an alias; null: the hardware tokens that nobody has.</param>
    public async Task<IReadOnlyList<DeviceRow>?> RunAsync(string? user, CancellationToken cancellationToken)
    {
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        UserId? owner = null;
        if (user is not null)
        {
            if (await db.FindUserAsync(user, cancellationToken) is not { } found)
            {
                return null;
            }

            owner = found.Id;
        }

        return await db.Devices.Where(d => d.UserId == owner).OrderBy(d => d.Key)
            .Select(d => new DeviceRow(
                d.Key, d.Kind, d.IsTerminal, d.Name, d.Serial, d.OutOfStep, d.CreatedAt))
            .ToListAsync(cancellationToken);
    }
}
