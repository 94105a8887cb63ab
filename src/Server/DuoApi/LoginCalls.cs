using Sallyport.Protocol.Duo;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;

namespace Sallyport.Server.DuoApi;

/// <summary>Where people enrol; told to those who may.</summary>
internal sealed record EnrolmentPortal(Uri Address);

/// <summary>
/// preauth, auth and auth_status (status in v1): from parameters to a use case, and from its verdict to fields.
/// </summary>
internal sealed class LoginCalls(
    Preauth preauth,
    Authenticate authenticate,
    RefuseFactor refuseFactor,
    AuthenticationStatus status,
    ClientPrograms programs,
    EnrolmentPortal portal)
{
    private const int MostHostName = 255;
    private const int MostPushInfo = 19_999;
    private const int MostTransactionId = 255;
    private const string Active = "Account is active";

    public async Task<Answer> PreauthAsync(DuoCall call, CancellationToken cancellationToken)
    {
        Fields fields = new(call.Parameters);
        Attempt attempt = ReadAttempt(call, fields, isAsync: false);
        bool wantsPrompt = fields.Flag("text_prompt") || call.Dialect is Dialect.V1;
        _ = fields.Flag("client_supports_verified_push");
        if (fields.Problem is { } problem)
        {
            return problem;
        }

        PreauthResult result = await preauth.RunAsync(attempt, cancellationToken);
        string message = call.Dialect is Dialect.V1 ? "status" : "status_msg";
        return result.Ruling switch
        {
            Ruling.Ask => Ask(call.Dialect, wantsPrompt, attempt, result.Candidate?.Devices ?? []),
            Ruling.Allow => new Answer.Fields(("result", "allow"), (message, Active)),
            Ruling.Enrol => Enrol(call.Dialect, message),
            Ruling.Deny deny => new Answer.Fields(("result", "deny"), (message, deny.Message)),
            _ => new Answer.Fields(("result", "deny"), (message, "Login request denied.")),
        };
    }

    public async Task<(Answer Answer, Verdict? Verdict)> AuthAsync(DuoCall call, CancellationToken cancellationToken)
    {
        Fields fields = new(call.Parameters);
        bool isAsync = fields.Flag("async");
        Attempt attempt = ReadAttempt(call, fields, isAsync);
        DuoPrompt? typed = ReadFactor(call, fields);
        _ = fields.Optional("pushinfo", MostPushInfo);
        if (fields.Problem is { } problem)
        {
            return (problem, null);
        }

        if (typed is null)
        {
            await refuseFactor.RunAsync(attempt, fields.Required("factor", 32), cancellationToken);
            return (ApiError.Invalid("no capable device"), null);
        }

        Verdict verdict = await authenticate.RunAsync(attempt, typed, cancellationToken);
        return isAsync
            ? (new Answer.Fields(("txid", verdict.TransactionId)), verdict)
            : (Sync(call.Dialect, verdict), verdict);
    }

    public async Task<Answer> StatusAsync(DuoCall call, CancellationToken cancellationToken)
    {
        Fields fields = new(call.Parameters);
        string id = fields.Required("txid", MostTransactionId);
        if (fields.Problem is { } problem)
        {
            return problem;
        }

        Verdict? verdict = await status.ReadAsync(call.Known.Application.Id, id, cancellationToken);
        return verdict is null ? ApiError.Invalid("txid") : Sync(call.Dialect, verdict);
    }

    private static Answer.Fields Sync(Dialect dialect, Verdict verdict)
    {
        string result = verdict.State is AuthenticationState.Allowed ? "allow" : "deny";
        return dialect is Dialect.V1
            ? new(("result", result), ("status", verdict.Message))
            : new(("result", result), ("status", verdict.Status), ("status_msg", verdict.Message));
    }

    private static Answer.Fields Ask(Dialect dialect, bool wantsPrompt, Attempt attempt, IReadOnlyList<Device> devices)
    {
        string prompt = PromptText.Of(attempt.SentName);
        if (dialect is Dialect.V1)
        {
            return new(
                ("result", "auth"), ("status", Active), ("prompt", prompt), ("factors", PromptText.Factors));
        }

        Answer.Fields answer = new(
            ("result", "auth"), ("status_msg", Active), ("devices", new Answer.List([.. devices.Select(Shown)])));
        return wantsPrompt
            ? new([.. answer.Items, ("prompt", new Answer.Fields(("text", prompt), ("factors", PromptText.Factors)))])
            : answer;
    }

    private Answer.Fields Enrol(Dialect dialect, string message)
    {
        // Clients before 2.2 print the one, later ones the other, so both say where.
        string text = "Please enroll at " + portal.Address.AbsoluteUri;
        return dialect is Dialect.V1
            ? new(("result", "enroll"), (message, text))
            : new(
                ("result", "enroll"),
                (message, text),
                ("enroll_portal_url", portal.Address.AbsoluteUri),
                ("prompt", new Answer.Fields(("text", text + "\n"))));
    }

    private static Answer Shown(Device device) => device.Kind is DeviceKind.Hotp
        ? new Answer.Fields(
            ("device", device.Key), ("type", "token"), ("name", DuoText.Line(device.Serial ?? device.Name)))
        : new Answer.Fields(
            ("device", device.Key),
            ("type", "phone"),
            ("name", DuoText.Line(device.Name)),
            ("display_name", DuoText.Line(device.Name)),
            ("number", ""),
            ("capabilities", new Answer.List(["mobile_otp"])));

    private Attempt ReadAttempt(DuoCall call, Fields fields, bool isAsync)
    {
        Application application = call.Known.Application;
        string name = call.Dialect is Dialect.V1 ? "user" : "username";
        string? key = call.Dialect is Dialect.V2 ? fields.Optional("user_id", 20) : null;
        string sent = string.IsNullOrEmpty(key) ? fields.Required(name, 256) : key;
        if (!string.IsNullOrEmpty(key) && fields.Optional(name, 256) is not null)
        {
            fields.Refuse(name);
        }

        string? host = fields.Optional("hostname", MostHostName);
        string? failMode = fields.Optional("failmode", 16);
        return new Attempt
        {
            Application = application,
            Subject = string.IsNullOrEmpty(key)
                ? new(UserName.Canonical(sent, application.Usernames), IsKey: false)
                : new(key, IsKey: true),
            SentName = sent,
            Source = Source.Of(fields.Optional("ipaddr", 255), call.Client),
            HostName = host,
            Detail = programs.Describe(application, call.UserAgent, failMode, host, call.IsDated),
            SignatureHash = call.SignatureHash,
            RequestMac = call.RequestMac,
            IsAsync = isAsync,
        };
    }

    /// <summary>Null: a factor that this server has not got.</summary>
    private static DuoPrompt? ReadFactor(DuoCall call, Fields fields)
    {
        string factor = fields.Required("factor", 32);
        return (call.Dialect, factor) switch
        {
            (Dialect.V2, "prompt") => DuoPrompt.Parse(fields.Given("prompt", DuoPrompt.MaxBytes)),
            (Dialect.V1, "auto") => DuoPrompt.Parse(fields.Given("auto", DuoPrompt.MaxBytes)),
            (Dialect.V2, "passcode") => CodeOnly(fields.Required("passcode", DuoPrompt.MaxBytes)),
            (Dialect.V1, "passcode") => CodeOnly(fields.Required("code", DuoPrompt.MaxBytes)),
            (_, "auto" or "push" or "phone" or "sms") => null,
            _ => Unknown(fields),
        };
    }

    private static DuoPrompt CodeOnly(string text) =>
        DuoPrompt.Parse(text) is DuoPrompt.Code code ? code : DuoPrompt.Parse(null);

    private static DuoPrompt? Unknown(Fields fields)
    {
        fields.Refuse("factor");
        return null;
    }
}
