using Sallyport.Server.Persistence;

namespace Sallyport.Server.Audit;

/// <summary>
/// Who does what an administrator does, as far as the program knows: the account that runs the command.
/// </summary>
internal sealed record Administrator(string Name);

/// <summary>Puts an administrator's act into the act's own transaction.</summary>
internal sealed class AdministratorAudit(TimeProvider time, Administrator administrator)
{
    public const string Reason = "administrator";

    /// <param name="action">One of <see cref="AuditActions"/>.</param>
    public void Add(
        ServerDbContext db,
        string action,
        string? userName = null,
        string? userKey = null,
        string? applicationName = null,
        string? applicationKey = null,
        string? deviceKey = null,
        string? detail = null) => db.AuditEvents.Add(new AuditEvent
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()),
            At = time.GetUtcNow(),
            Action = action,
            Result = AuditResults.Success,
            Reason = Reason,
            Administrator = administrator.Name,
            UserName = userName,
            UserKey = userKey,
            ApplicationName = applicationName,
            ApplicationKey = applicationKey,
            DeviceKey = deviceKey,
            Detail = detail,
        });
}
