namespace Sallyport.Server.Authentications;

/// <summary>
/// The numbers of lock-out and throttling; docs/decisions/0013-authentications.md says what each leaves open.
/// </summary>
internal sealed record AuthenticationLimits
{
    /// <summary>Wrong passcodes in a row that lock a user out.</summary>
    public int UserFailures { get; init; } = 10;

    /// <summary>How long he is locked out, unless an administrator unlocks him.</summary>
    public TimeSpan LockOut { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Wrong passcodes of one user from one source before it has to wait. Only so many of a source count against the
    /// user in <see cref="SourceWindow"/>, and they are fewer than <see cref="UserFailures"/>: one source alone does
    /// not lock him out.
    /// </summary>
    public int SourceFailures { get; init; } = 5;

    /// <summary>How long wrong passcodes of one user from one source add up.</summary>
    public TimeSpan SourceWindow { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The first wait of such a source; each further one is twice as long, up to 64 times.</summary>
    public TimeSpan SourceWait { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Wrong passcodes from one source in one application, whoever's they are.</summary>
    public int ApplicationFailures { get; init; } = 50;

    /// <summary>How long those add up, and how long the source then waits.</summary>
    public TimeSpan ApplicationWindow { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Time steps before and after the clock's that are tried (RFC 6238 section 5.2 recommends 1).</summary>
    public int TotpSteps { get; init; } = 1;

    /// <summary>How long a request that is sent again can get the answer that was lost.</summary>
    public TimeSpan Resend { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a push waits for its answer. Clients that wait longer than a minute are left to nobody: they are denied
    /// before, because released ones allow after 20 answers that say "waiting".
    /// </summary>
    public TimeSpan PushLife { get; init; } = TimeSpan.FromSeconds(55);

    /// <summary>Wrong numbers that end a push, and count as a report.</summary>
    public int WrongNumbers { get; init; } = 3;

    /// <summary>How long an address is known from which a user has approved a login.</summary>
    public TimeSpan SourceKnown { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long an allow is one; a client asks for it at once.</summary>
    public TimeSpan AllowLife { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a transaction can be asked for; longer than a signed date is good, for it is the replay cache.
    /// </summary>
    public TimeSpan TransactionLife { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Released clients allow after 20 answers that say "waiting".</summary>
    public int MaxAnswers { get; init; } = 15;
}
