namespace Sallyport.Host.Configuration;

/// <summary>What happens to who is asked and has no factor, from loose to strict. Zero refuses.</summary>
internal enum Enrolment
{
    Deny = 0,
    Invited,
    Required,
    Allow,
}

/// <summary>[policy], as docs/formats/policy.md has it.</summary>
/// <param name="AskGroups">Whose members are asked; empty is everybody.</param>
/// <param name="Until">From this day on the next stricter one holds; null: it stays.</param>
/// <param name="LetInAfterEnrolment">Who has enrolled in a login is let in by it.</param>
internal sealed record Policy(
    IReadOnlyList<string> AskGroups, Enrolment Enrolment, DateOnly? Until, bool LetInAfterEnrolment)
{
    public static Policy Default { get; } = new([], Enrolment.Invited, null, false);

    public Enrolment EnrolmentAt(DateTimeOffset now) => Until is DateOnly until && !IsBefore(now, until)
        ? Enrolment switch
        {
            Enrolment.Allow => Enrolment.Required,
            Enrolment.Required => Enrolment.Invited,
            _ => Enrolment.Deny,
        }
        : Enrolment;

    /// <summary>Dates mean 00:00 UTC.</summary>
    public static bool IsBefore(DateTimeOffset now, DateOnly until) => DateOnly.FromDateTime(now.UtcDateTime) < until;
}

/// <summary>[exempt NAME] or [break_glass NAME]: an account that is not asked, why, and for how long.</summary>
internal sealed record Exemption(string Name, string Reason, DateOnly Until)
{
    public bool Holds(DateTimeOffset now) => Policy.IsBefore(now, Until);
}

/// <summary>[hop]: how a host behind a bastion asks who comes from there.</summary>
/// <param name="From">The bastion's addresses, IPv4 ones as such and not as mapped to IPv6.</param>
/// <param name="Minutes">0: always asked; null: never; else for so long not after a factor with the same key.</param>
internal sealed record Hop(IReadOnlyList<System.Net.IPAddress> From, int? Minutes);
