namespace Sallyport.Server.Tests.DuoUnix;

/// <summary>
/// What the releases of duo_unix since 1.12 send (facts 1.1). The one before them, Debian's 1.11.3, speaks BSON, and is
/// itself at hand: tests/EndToEnd/Server.
/// </summary>
/// <param name="Version">The first release that speaks so.</param>
/// <param name="HasSha512">Else SHA-1.</param>
internal sealed record Dialect(string Version, bool IsV2, bool IsDated, bool HasSha512, bool Pings)
{
    public static readonly Dictionary<string, Dialect> All = new()
    {
        ["B"] = new("1.12.0", IsV2: false, IsDated: false, HasSha512: false, Pings: false),
        ["C"] = new("2.0.1", IsV2: false, IsDated: false, HasSha512: true, Pings: false),
        ["D"] = new("2.0.4", IsV2: false, IsDated: true, HasSha512: true, Pings: false),
        ["E"] = new("2.1.0", IsV2: false, IsDated: true, HasSha512: true, Pings: true),
        ["F"] = new("2.2.0", IsV2: true, IsDated: true, HasSha512: true, Pings: true),
    };

    public string UserAgent => $"login_duo/{Version} (x86_64-pc-linux-gnu) libduo/{Version}";

    public string Path(string call) => IsV2 ? $"/auth/v2/{call}" : $"/rest/v1/{call}.json";

    public string Status => IsV2 ? "auth_status" : "status";

    public (string, string)[] Preauth(string user, string host) => IsV2
        ?
        [
            ("username", user), ("text_prompt", "1"), ("hostname", host), ("failmode", "closed"),
            ("ipaddr", "203.0.113.5"),
        ]
        : [("user", user), ("hostname", host), ("failmode", "closed"), ("ipaddr", "203.0.113.5")];

    /// <param name="choice">What was typed, or the factor that it stands for.</param>
    public (string, string)[] Auth(string user, string host, string choice, bool isAsync) =>
    [
        IsV2 ? ("username", user) : ("user", user),
        ("factor", IsV2 ? "prompt" : "auto"),
        (IsV2 ? "prompt" : "auto", choice),
        ("async", isAsync ? "1" : "0"),
        ("ipaddr", "203.0.113.5"),
        ("hostname", host),
        ("pushinfo", "Server+IP=192.0.2.2&Command="),
    ];
}
