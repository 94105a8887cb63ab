using System.Collections.Frozen;

namespace Sallyport.Server.DuoApi;

internal enum DuoCallKind
{
    None,
    Ping,
    Check,
    Logo,
    Enroll,
    EnrollStatus,
    Preauth,
    Auth,
    Status,
    Cancel,
    Bypasses,
}

/// <summary>One path: its call, its names, and the one method that it takes.</summary>
internal readonly record struct DuoRoute(DuoCallKind Kind, Dialect Dialect, string Method)
{
    private static readonly FrozenDictionary<string, DuoRoute> _all = Read().ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>
    /// Whose answers say that this is no other server than ours: hosts of ours ask it for more than Duo's.
    /// </summary>
    public static bool SaysWhoAnswers(string path) =>
        path.StartsWith("/auth/v2/", StringComparison.Ordinal)
        || path.StartsWith("/sallyport/v1/", StringComparison.Ordinal);

    /// <summary>By path.</summary>
    public static IReadOnlyDictionary<string, DuoRoute> All => _all;

    /// <summary>By the path as it was sent, which is what is signed: no other spelling of it is a call.</summary>
    public static bool TryFind(string path, out DuoRoute route) => _all.TryGetValue(path, out route);

    private static IEnumerable<KeyValuePair<string, DuoRoute>> Read()
    {
        // What Duo's API lacks, signed as its requests are (docs/reference/duo-api.md).
        yield return new("/sallyport/v1/cancel", new(DuoCallKind.Cancel, Dialect.V2, "POST"));
        yield return new("/sallyport/v1/bypasses", new(DuoCallKind.Bypasses, Dialect.V2, "POST"));
        foreach ((string name, DuoCallKind kind, string method) in ((string, DuoCallKind, string)[])
            [
                ("ping", DuoCallKind.Ping, "GET"),
                ("check", DuoCallKind.Check, "GET"),
                ("logo", DuoCallKind.Logo, "GET"),
                ("enroll", DuoCallKind.Enroll, "POST"),
                ("enroll_status", DuoCallKind.EnrollStatus, "POST"),
                ("preauth", DuoCallKind.Preauth, "POST"),
                ("auth", DuoCallKind.Auth, "POST"),
                ("auth_status", DuoCallKind.Status, "GET"),
            ])
        {
            yield return new("/auth/v2/" + name, new(kind, Dialect.V2, method));
            if (kind is DuoCallKind.Enroll or DuoCallKind.EnrollStatus)
            {
                continue;
            }

            string old = kind is DuoCallKind.Status ? "status" : name;
            foreach (string suffix in (string[])["", ".json", ".bson"])
            {
                yield return new($"/rest/v1/{old}{suffix}", new(kind, Dialect.V1, method));
            }
        }
    }
}
