using Sallyport.Cli.Pam;
using Sallyport.Host.Access;

namespace Sallyport.Cli.Doctor;

/// <summary>What sshd's stacks come to, found by going through them with every answer that a module may give.</summary>
internal sealed class PamFacts
{
    private readonly AskedByCommand?[] _gates;

    private PamFacts(string service, PamStack stack)
    {
        (Service, Stack) = (service, stack);
        Auth = stack.Of(PamType.Auth);
        IReadOnlyList<PamLine> session = stack.Of(PamType.Session);
        _gates = [.. session.Where(line => line.Name == PamAnswers.OurModule).Select(line => AskedByCommand.In(line.Arguments))];
        Around = PamWalk.Success(Auth, PamAnswers.Unproven);
        AroundUnenrolled = PamWalk.Success(Auth, PamAnswers.Unenrolled);
        LetsIn = PamWalk.Success(Auth, PamAnswers.Proven) is not null;
        NeedsPassword = PamWalk.Success(Auth, PamAnswers.WithoutPassword) is null;
        IsGated = session.Any(line => line.Name == PamAnswers.OurModule)
            && PamWalk.Success(session, PamAnswers.Unproven) is null;
    }

    public string Service { get; }

    public PamStack Stack { get; }

    public IReadOnlyList<PamLine> Auth { get; }

    /// <summary>A way through auth for who fails at our module; null: there is none.</summary>
    public IReadOnlyList<PamStep>? Around { get; }

    /// <summary>A way through auth for who has no factor where nullok stands.</summary>
    public IReadOnlyList<PamStep>? AroundUnenrolled { get; }

    /// <summary>Who passes our module can get through at all.</summary>
    public bool LetsIn { get; }

    /// <summary>Who passes our module needs a password too.</summary>
    public bool NeedsPassword { get; }

    /// <summary>Whom our module did not ask, the session phase refuses, unless policy lets him through.</summary>
    public bool IsGated { get; }

    /// <summary>The session phase lets him through unasked, because sallyport-login asks him next.</summary>
    public bool LeavesToCommand(string user) => _gates.Length > 0 && _gates.All(asked => asked?.Covers(user) is true);

    /// <summary>PAM as it is asked by this sshd asks our module and goes by what it says.</summary>
    public bool Asks => Around is null && Auth.Any(line => line.Name == PamAnswers.OurModule);

    public static PamFacts Of(string service) => new(service, PamStack.Read(service));
}
