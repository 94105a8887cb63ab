using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace Sallyport.Host.Tests.Duo;

/// <content>What it answers to who does it right.</content>
internal sealed partial class FakeDuoService
{
    private readonly ConcurrentDictionary<string, Push> _pushes = new();
    private int _ids;

    /// <summary>It says that it is ours: it has cancel and bypasses, and answers a poll after five seconds.</summary>
    public bool IsOurs { get; set; }

    /// <summary>It has /rest/v1 and no /auth/v2 but ping.</summary>
    public bool IsOld { get; set; }

    /// <summary>auth, allow, deny or enroll.</summary>
    public string PreauthResult { get; set; } = "auth";

    public string PreauthMessage { get; set; } = "Account is active";

    public string Menu { get; set; } =
        "Duo two-factor login for alice\n\nEnter a passcode or select one of the following options:\n\n"
        + " 1. Duo Push to ***-***-0814\n\nPasscode or option (1-1): ";

    public Dictionary<string, string> Factors { get; } = new() { ["default"] = "push1", ["1"] = "push1" };

    public string Passcode { get; set; } = "123456";

    /// <summary>A push has this number.</summary>
    public string? Number { get; set; }

    /// <summary>How long the person takes; null: he does not answer.</summary>
    public TimeSpan? ApprovesAfter { get; set; } = TimeSpan.FromMilliseconds(50);

    public bool Approves { get; set; } = true;

    /// <summary>What has been asked of phones, one entry for each push.</summary>
    public ConcurrentQueue<string> Pushed { get; } = new();

    public ConcurrentQueue<string> Cancelled { get; } = new();

    public ConcurrentQueue<IReadOnlyDictionary<string, string>> Bypasses { get; } = new();

    private async Task<FakeReply> LoginAsync(FakeRequest request)
    {
        bool isV1 = request.Path.StartsWith("/rest/", StringComparison.Ordinal);
        if (isV1 != IsOld && request.Path.StartsWith(isV1 ? "/rest/" : "/auth/", StringComparison.Ordinal)
            && request.Path != "/auth/v2/ping")
        {
            return FakeReply.Fail(40401, "Resource not found");
        }

        IReadOnlyDictionary<string, string> parameters = request.Parameters;
        switch (request.Path)
        {
            case "/auth/v2/ping":
                long now = (TimeProvider.System.GetUtcNow() + Ahead).ToUnixTimeSeconds();
                return FakeReply.Ok(string.Create(CultureInfo.InvariantCulture, $$"""{"time":{{now}}}"""));
            case "/auth/v2/preauth":
                string id = parameters.ContainsKey("client_supports_verified_push") ? ""","txid":"verified" """ : "";
                return FakeReply.Ok(
                    $$"""{"result":"{{PreauthResult}}","status_msg":{{Text(PreauthMessage)}},"prompt":"""
                    + $$"""{"text":{{Text(Menu)}},"factors":{{FactorsText}}}{{id}}}""");
            case "/rest/v1/preauth.json":
                return FakeReply.Ok(
                    $$"""{"result":"{{PreauthResult}}","status":{{Text(PreauthMessage)}},"prompt":"""
                    + $$"""{{Text(Menu)}},"factors":{{FactorsText}}}""");
            case "/auth/v2/auth" or "/rest/v1/auth.json":
                return await AuthAsync(parameters, isV1);
            case "/auth/v2/auth_status" or "/rest/v1/status.json":
                return _pushes.TryGetValue(parameters["txid"], out Push? push)
                    ? await StatusAsync(push, isV1)
                    : FakeReply.Fail(40002, "Invalid request parameters", "txid");
            case "/sallyport/v1/cancel" when IsOurs:
                Cancelled.Enqueue(parameters["txid"]);
                return FakeReply.Ok("""{"result":"cancelled"}""");
            case "/sallyport/v1/bypasses" when IsOurs:
                Bypasses.Enqueue(parameters);
                return FakeReply.Ok("{}");
            default:
                return FakeReply.Fail(40401, "Resource not found");
        }
    }

    private async Task<FakeReply> AuthAsync(IReadOnlyDictionary<string, string> parameters, bool isV1)
    {
        string prompt = parameters[isV1 ? "auto" : "prompt"];
        bool isPush = prompt.StartsWith("push", StringComparison.Ordinal);
        if (isPush)
        {
            Pushed.Enqueue(parameters["pushinfo"]);
        }

        Push push = new()
        {
            IsDecided = !isPush,
            IsAllowed = prompt == Passcode,
            Decision = !isPush ? Task.CompletedTask
                : ApprovesAfter is TimeSpan after ? Task.Delay(after, _stop.Token)
                : Task.Delay(Timeout.Infinite, _stop.Token),
        };
        if (parameters["async"] == "1")
        {
            string id = $"id-{Interlocked.Increment(ref _ids)}";
            _pushes[id] = push;
            return FakeReply.Ok($$"""{"txid":"{{id}}"}""");
        }

        await push.Decision;
        return Result(push, isPush, isV1);
    }

    private async Task<FakeReply> StatusAsync(Push push, bool isV1)
    {
        string name = isV1 ? "status" : "status_msg";
        string number = Number is null ? "" : $$""","number":"{{Number}}" """;
        string result = isV1 ? "" : ""","result":"waiting" """;
        string waiting = $$"""{"{{name}}":"Pushed a login request to your device...{{Number}}"{{result}}{{number}}}""";
        if (!push.IsDecided && !push.WasAsked)
        {
            push.WasAsked = true;
            return FakeReply.Ok(waiting);
        }

        Task held = Task.Delay(TimeSpan.FromSeconds(IsOurs ? 5 : 50), _stop.Token);
        return await Task.WhenAny(push.Decision, held) == held
            ? FakeReply.Ok(waiting)
            : Result(push, !push.IsDecided, isV1);
    }

    private FakeReply Result(Push push, bool isPush, bool isV1)
    {
        bool allowed = isPush ? Approves : push.IsAllowed;
        string message = allowed ? "Success. Logging you in..."
            : isPush ? "Login request denied."
            : "Incorrect passcode. Please try again.";
        return FakeReply.Ok(
            $$"""{"result":"{{(allowed ? "allow" : "deny")}}","{{(isV1 ? "status" : "status_msg")}}":"{{message}}"}""");
    }

    private string FactorsText =>
        "{" + string.Join(',', Factors.Select(factor => $"{Text(factor.Key)}:{Text(factor.Value)}")) + "}";

    /// <summary>As JSON has it; written here, because programs that link this file may have no serializer.</summary>
    private static string Text(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    private sealed class Push
    {
        public required Task Decision { get; init; }

        /// <summary>At once: it was a passcode.</summary>
        public required bool IsDecided { get; init; }

        public required bool IsAllowed { get; init; }

        public bool WasAsked { get; set; }
    }
}
