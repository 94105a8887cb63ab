namespace Sallyport.Host.Duo;

/// <summary>Who logs in, from where, and at which host.</summary>
/// <param name="Address">The ssh client's; it may be a name. Null: not known.</param>
/// <param name="HostName">Null: not said.</param>
internal sealed record DuoSubject(string User, string? Address, string? HostName);

/// <summary>Somebody was let in while the server could not be reached; the server hears of it later.</summary>
/// <param name="Id">A UUID, so that what is reported twice is entered once.</param>
/// <param name="Reason">A short text: "failsafe".</param>
internal sealed record DuoBypass(
    string Id, string User, string? HostName, string? Address, DateTimeOffset Time, string Reason);
