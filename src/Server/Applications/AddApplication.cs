using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Applications;

/// <param name="Name">1 to 128 characters, nobody else's.</param>
internal sealed record AddApplicationRequest(string Name)
{
    public bool LegacyClients { get; init; }

    public NewUserPolicy NewUsers { get; init; } = NewUserPolicy.Deny;

    public DateTimeOffset? EnrolUntil { get; init; }

    public UsernameNormalization Usernames { get; init; } = UsernameNormalization.None;

    /// <summary>Empty: everybody.</summary>
    public IReadOnlyList<string> AllowedGroups { get; init; } = [];

    /// <summary>passcode, push, bypass; empty: all that the server knows.</summary>
    public IReadOnlyList<string> AllowedFactors { get; init; } = [];

    /// <summary>CIDR.</summary>
    public IReadOnlyList<string> TrustedNetworks { get; init; } = [];

    public NumberMatching NumberMatching { get; init; } = NumberMatching.Never;

    public bool TerminalDevices { get; init; }
}

internal abstract record AddApplicationResult
{
    private AddApplicationResult()
    {
    }

    /// <summary>A name, a group, a factor or a network cannot be what was given.</summary>
    internal sealed record Invalid(string What) : AddApplicationResult;

    internal sealed record NameTaken : AddApplicationResult;

    internal sealed record Added(string IntegrationKey, NewSecretKey SecretKey) : AddApplicationResult;
}

/// <summary>Adds an application and shows its secret key, this once.</summary>
internal sealed class AddApplication(
    Transactions transactions, Secrets secrets, AdministratorAudit audit, TimeProvider time)
{
    public async Task<AddApplicationResult> RunAsync(AddApplicationRequest request, CancellationToken cancellationToken)
    {
        if (ApplicationRules.Problem(
            request.Name, request.AllowedGroups, request.AllowedFactors, request.TrustedNetworks) is { } problem)
        {
            return new AddApplicationResult.Invalid(problem);
        }

        IntegrationId id = new(Guid.CreateVersion7(time.GetUtcNow()));
        string skey = PublicKeys.NewSecretKey();
        Application application = new()
        {
            Id = id,
            IntegrationKey = PublicKeys.New("DI"),
            Name = request.Name,
            ProtectedSecretKey = secrets.Protect(SecretKind.SecretKey, id.Value, Encoding.ASCII.GetBytes(skey)),
            LegacyClients = request.LegacyClients,
            NewUsers = request.NewUsers,
            EnrolUntil = request.EnrolUntil,
            Usernames = request.Usernames,
            AllowedGroups = string.Join(' ', request.AllowedGroups),
            AllowedFactors = string.Join(' ', request.AllowedFactors),
            TrustedNetworks = string.Join(' ', request.TrustedNetworks),
            NumberMatching = request.NumberMatching,
            TerminalDevices = request.TerminalDevices,
            CreatedAt = time.GetUtcNow(),
        };
        try
        {
            return await transactions.RunAsync<AddApplicationResult>(
                async (db, stop) =>
                {
                    if (await db.Applications.AnyAsync(a => a.Name == request.Name, stop))
                    {
                        return new AddApplicationResult.NameTaken();
                    }

                    db.Applications.Add(application);
                    audit.Add(
                        db,
                        AuditActions.ApplicationAdd,
                        applicationName: application.Name,
                        applicationKey: application.IntegrationKey,
                        detail: application.PolicyText());
                    return new AddApplicationResult.Added(application.IntegrationKey, new(skey));
                },
                cancellationToken);
        }
        catch (DbUpdateException failure) when (failure.IsDuplicate)
        {
            return new AddApplicationResult.NameTaken();
        }
    }
}
