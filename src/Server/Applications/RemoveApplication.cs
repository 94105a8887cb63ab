using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Applications;

/// <summary>Removes an application: its hosts can ask nothing from then on.</summary>
internal sealed class RemoveApplication(Transactions transactions, AdministratorAudit audit)
{
    /// <summary>False: there is none.</summary>
    /// <param name="name">Its name or its integration key.</param>
    public Task<bool> RunAsync(string name, CancellationToken cancellationToken) => transactions.RunAsync(
        async (db, stop) =>
        {
            Application? application = await db.Applications.SingleOrDefaultAsync(FindApplication.Named(name), stop);
            if (application is null)
            {
                return false;
            }

            db.Applications.Remove(application);
            audit.Add(
                db,
                AuditActions.ApplicationRemove,
                applicationName: application.Name,
                applicationKey: application.IntegrationKey);
            return true;
        },
        cancellationToken);
}
