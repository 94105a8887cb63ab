using System.Collections.Concurrent;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Applications;

namespace Sallyport.Server.DuoApi;

/// <summary>
/// What hosts say of themselves, each thing logged once: fail modes that let people in, and old clients.
/// </summary>
internal sealed class ClientPrograms(ILogger<ClientPrograms> logger)
{
    private const int MostSeen = 10_000;
    private static readonly Version _lastOld = new(2, 2, 3);
    private readonly ConcurrentDictionary<(string, string), byte> _seen = new();

    /// <summary>For the audit: fail mode, program and its version, and whether a date was signed.</summary>
    public string Describe(Application application, string? userAgent, string? failMode, string? host, bool isDated)
    {
        string program = Program(userAgent);
        if (IsOld(program) && IsNew(application, program))
        {
            Log.OldClient(logger, application.Name, program);
        }

        bool failsOpen = failMode == "open";
        string name = DuoText.Line(host);
        if (failsOpen && IsNew(application, "failmode " + name))
        {
            Log.FailsOpen(logger, application.Name, name);
        }

        if (!isDated && IsNew(application, "undated"))
        {
            Log.Undated(logger, application.Name);
        }

        string mode = failsOpen ? "open" : failMode == "closed" ? "closed" : "unknown";
        return $"{program}; failmode {mode}" + (isDated ? "" : "; undated signature");
    }

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

    private bool IsNew(Application application, string what) =>
        _seen.Count < MostSeen && _seen.TryAdd((application.IntegrationKey, what), 0);
}
