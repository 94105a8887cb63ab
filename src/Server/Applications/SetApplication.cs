using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Applications;

/// <summary>Null leaves as it is, whatever it is.</summary>
/// <param name="Application">Its name or its integration key.</param>
internal sealed record SetApplicationRequest(string Application)
{
    public string? Name { get; init; }

    public bool? LegacyClients { get; init; }

    public SetEnrolment? Enrolment { get; init; }

    public UsernameNormalization? Usernames { get; init; }

    /// <summary>Empty: everybody.</summary>
    public IReadOnlyList<string>? AllowedGroups { get; init; }

    /// <summary>Empty: all that the server knows.</summary>
    public IReadOnlyList<string>? AllowedFactors { get; init; }

    /// <summary>CIDR; empty: none.</summary>
    public IReadOnlyList<string>? TrustedNetworks { get; init; }

    public NumberMatching? NumberMatching { get; init; }

    public bool? TerminalDevices { get; init; }

    /// <summary>Null: nobody who is unknown enrols.</summary>
    internal sealed record SetEnrolment(DateTimeOffset? Until);
}

internal abstract record SetApplicationResult
{
    private SetApplicationResult()
    {
    }

    internal sealed record Invalid(string What) : SetApplicationResult;

    internal sealed record UnknownApplication : SetApplicationResult;

    internal sealed record NameTaken : SetApplicationResult;

    internal sealed record Changed : SetApplicationResult;
}

/// <summary>Changes what an administrator decides about an application; its keys stay.</summary>
internal sealed class SetApplication(Transactions transactions, AdministratorAudit audit)
{
    public async Task<SetApplicationResult> RunAsync(SetApplicationRequest request, CancellationToken cancellationToken)
    {
        if (request == new SetApplicationRequest(request.Application))
        {
            return new SetApplicationResult.Invalid("nothing was said that is to change");
        }

        if (ApplicationRules.Problem(
            request.Name, request.AllowedGroups, request.AllowedFactors, request.TrustedNetworks) is { } problem)
        {
            return new SetApplicationResult.Invalid(problem);
        }

        try
        {
            return await transactions.RunAsync(
                async (db, stop) => await ChangeAsync(db, request, stop), cancellationToken);
        }
        catch (DbUpdateException failure) when (failure.IsDuplicate)
        {
            return new SetApplicationResult.NameTaken();
        }
    }

    private async Task<SetApplicationResult> ChangeAsync(
        ServerDbContext db, SetApplicationRequest request, CancellationToken cancellationToken)
    {
        // Holds the row: what is audited as it was is what was changed.
        IQueryable<Application> named = db.Applications.Where(FindApplication.Named(request.Application));
        if (await named.ExecuteUpdateAsync(a => a.SetProperty(x => x.Name, x => x.Name), cancellationToken) != 1)
        {
            return new SetApplicationResult.UnknownApplication();
        }

        Application application = await named.SingleAsync(cancellationToken);
        if (request.Name is { } name
            && await db.Applications.AnyAsync(a => a.Name == name && a.Id != application.Id, cancellationToken))
        {
            return new SetApplicationResult.NameTaken();
        }

        string before = $"name: {application.Name}; {application.PolicyText()}";
        application.Name = request.Name ?? application.Name;
        application.LegacyClients = request.LegacyClients ?? application.LegacyClients;
        application.Usernames = request.Usernames ?? application.Usernames;
        application.AllowedGroups = Joined(request.AllowedGroups) ?? application.AllowedGroups;
        application.AllowedFactors = Joined(request.AllowedFactors) ?? application.AllowedFactors;
        application.TrustedNetworks = Joined(request.TrustedNetworks) ?? application.TrustedNetworks;
        application.NumberMatching = request.NumberMatching ?? application.NumberMatching;
        application.TerminalDevices = request.TerminalDevices ?? application.TerminalDevices;
        if (request.Enrolment is { } enrolment)
        {
            application.NewUsers = enrolment.Until is null ? NewUserPolicy.Deny : NewUserPolicy.Enrol;
            application.EnrolUntil = enrolment.Until;
        }

        audit.Add(
            db,
            AuditActions.ApplicationSet,
            applicationName: application.Name,
            applicationKey: application.IntegrationKey,
            detail: $"was {before}; is name: {application.Name}; {application.PolicyText()}");
        return new SetApplicationResult.Changed();
    }

    private static string? Joined(IReadOnlyList<string>? words) => words is null ? null : string.Join(' ', words);
}
