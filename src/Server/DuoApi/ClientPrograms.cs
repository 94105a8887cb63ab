using System.Collections.Concurrent;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Applications;

namespace Sallyport.Server.DuoApi;

/// <summary>
/// What hosts say of themselves, each thing logged once a day: fail modes that let people in, and old clients. A host
/// can have any number of names, so an application has only so many lines, and takes none of another's.
/// </summary>
internal sealed class ClientPrograms(TimeProvider time, ILogger<ClientPrograms> logger)
{
    /// <summary>Names of one kind that an application has in a day; of the others one line says that they are there.</summary>
    public const int MostSeen = 200;

    /// <summary>After which a name is new.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    private static readonly Version _lastOld = new(2, 2, 3);
    private readonly ConcurrentDictionary<(string IntegrationKey, Kind Kind), Seen> _seen = new();

    private enum Kind
    {
        None,
        Program,
        Host,
        Undated,
    }

    /// <summary>For the audit: fail mode, program and its version, and whether a date was signed.</summary>
    public string Describe(Application application, string? userAgent, string? failMode, string? host, bool isDated)
    {
        string program = Program(userAgent);
        if (IsOld(program) && IsNew(application, Kind.Program, program))
        {
            Log.OldClient(logger, application.Name, program);
        }

        bool failsOpen = failMode == "open";
        string name = DuoText.Line(host);
        if (failsOpen && IsNew(application, Kind.Host, name))
        {
            Log.FailsOpen(logger, application.Name, name);
        }

        if (!isDated && IsNew(application, Kind.Undated, ""))
        {
            Log.Undated(logger, application.Name);
        }

        string mode = failsOpen ? "open" : failMode == "closed" ? "closed" : "unknown";
        return $"{program}; failmode {mode}" + (isDated ? "" : "; undated signature");
    }

    /// <summary>
    /// It prints what it is told while it waits, where it has a terminal: login_duo, and programs of ours. pam_duo does not
    /// behind sshd, and of others it is not known.
    /// </summary>
    public static bool ShowsStatus(string? userAgent) =>
        IsOurs(userAgent) || Program(userAgent).StartsWith("login_duo/", StringComparison.Ordinal);

    /// <summary>A host's of ours: it gives up where nothing is said for 10 s, and asks again where it is told to wait.</summary>
    public static bool IsOurs(string? userAgent) =>
        userAgent is not null && userAgent.StartsWith("sallyport", StringComparison.Ordinal);

    /// <summary>sshd keeps what a PAM module says until the login is over.</summary>
    public static bool HidesStatus(string? userAgent) =>
        Program(userAgent).StartsWith("pam_duo/", StringComparison.Ordinal);

    /// <summary>The first word: login_duo/2.2.3.</summary>
    private static string Program(string? userAgent)
    {
        ReadOnlySpan<char> text = userAgent;
        int end = text.IndexOf(' ');
        text = end < 0 ? text : text[..end];
        return text.IsEmpty ? "unknown" : DuoText.Line(text[..Math.Min(text.Length, 64)].ToString());
    }

    private static bool IsOld(string program)
    {
        int slash = program.IndexOf('/', StringComparison.Ordinal);
        return slash > 0
            && program[..slash] is "login_duo" or "pam_duo"
            && Version.TryParse(program.AsSpan(slash + 1), out Version? version)
            && version <= _lastOld;
    }

    private bool IsNew(Application application, Kind kind, string name)
    {
        Seen seen = _seen.GetOrAdd((application.IntegrationKey, kind), _ => new Seen(time));
        int number = seen.Add(name);
        if (number == MostSeen + 1)
        {
            Log.MoreSeen(logger, application.Name, MostSeen);
        }

        return number is > 0 and <= MostSeen;
    }

    private sealed class Seen(TimeProvider time)
    {
        private readonly Lock _adding = new();
        private readonly HashSet<string> _names = new(StringComparer.Ordinal);
        private long _since = time.GetTimestamp();

        /// <returns>The how many-eth it is; zero: it was there, or there is no room.</returns>
        public int Add(string name)
        {
            lock (_adding)
            {
                if (time.GetElapsedTime(_since) >= Remembered)
                {
                    _names.Clear();
                    _since = time.GetTimestamp();
                }

                return _names.Count <= MostSeen && _names.Add(name) ? _names.Count : 0;
            }
        }
    }
}
