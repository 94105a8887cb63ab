using System.Collections.Frozen;

namespace Sallyport.Server.Phone;

internal enum PhoneCall
{
    None,
    Activate,
    Pending,
    Events,
    Answer,
    Subscribe,
    Unsubscribe,
    Show,
    Rename,
    Remove,
}

/// <summary>The paths of the phone's API, and which methods each takes.</summary>
internal static class PhoneRoutes
{
    public const string Root = "/phone/v1/";

    private static readonly FrozenDictionary<string, FrozenDictionary<string, PhoneCall>> _all =
        new Dictionary<string, FrozenDictionary<string, PhoneCall>>
        {
            ["activate"] = Of(("POST", PhoneCall.Activate)),
            ["pending"] = Of(("GET", PhoneCall.Pending)),
            ["events"] = Of(("GET", PhoneCall.Events)),
            ["answer"] = Of(("POST", PhoneCall.Answer)),
            ["subscription"] = Of(("PUT", PhoneCall.Subscribe), ("DELETE", PhoneCall.Unsubscribe)),
            ["device"] = Of(("GET", PhoneCall.Show), ("PATCH", PhoneCall.Rename), ("DELETE", PhoneCall.Remove)),
        }.ToFrozenDictionary(route => Root + route.Key, route => route.Value, StringComparer.Ordinal);

    public static bool Contains(string path) => _all.ContainsKey(path);

    /// <summary>None, with the methods that it takes, where it takes another; none of these: no such path.</summary>
    public static (PhoneCall Call, IEnumerable<string> Methods) Find(string path, string method) =>
        _all.TryGetValue(path, out FrozenDictionary<string, PhoneCall>? methods)
            ? (methods.GetValueOrDefault(method), methods.Keys.Order(StringComparer.Ordinal))
            : (PhoneCall.None, []);

    public static bool HasBody(PhoneCall call) =>
        call is PhoneCall.Activate or PhoneCall.Answer or PhoneCall.Subscribe or PhoneCall.Rename;

    private static FrozenDictionary<string, PhoneCall> Of(params (string Method, PhoneCall Call)[] methods) =>
        methods.ToFrozenDictionary(one => one.Method, one => one.Call, StringComparer.Ordinal);
}
