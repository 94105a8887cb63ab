using Sallyport.Protocol.Duo;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;

namespace Sallyport.Server.DuoApi;

/// <summary>Where people enrol; told to those who may.</summary>
internal sealed record EnrolmentPortal(Uri Address);

/// <summary>
/// preauth, auth, auth_status (status in v1) and cancel: from parameters to a use case, and from its verdict to fields.
/// </summary>
internal sealed class LoginCalls(
    Preauth preauth,
    Authenticate authenticate,
    RefuseFactor refuseFactor,
    PushWait pushes,
    CancelPush cancel,
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
        bool announces = fields.Flag("client_supports_verified_push");
        Attempt attempt = ReadAttempt(call, fields) with
        {
            AnnouncesNumbers = announces,
            ShowsNumbers = announces || ClientPrograms.ShowsStatus(call.UserAgent),
        };
        bool wantsPrompt = fields.Flag("text_prompt") || call.Dialect is Dialect.V1;
        if (fields.Problem is { } problem)
        {
            return problem;
        }

        PreauthResult result = await preauth.RunAsync(attempt, cancellationToken);
        string message = call.Dialect is Dialect.V1 ? "status" : "status_msg";
        return result.Ruling switch
        {
            Ruling.Ask ask => Ask(call.Dialect, wantsPrompt, attempt, ask, result.Candidate?.Devices ?? []),
            Ruling.Allow => new Answer.Fields(("result", "allow"), (message, Active)),
            Ruling.Enrol => Enrol(call.Dialect, message),
            Ruling.Deny deny => new Answer.Fields(("result", "deny"), (message, deny.Message)),
            _ => new Answer.Fields(("result", "deny"), (message, "Login request denied.")),
        };
    }

    /// <summary>The verdict too: where it is a waiting one and not fetched later, it is waited for.</summary>
    public async Task<(Answer Answer, Verdict? Verdict)> AuthAsync(DuoCall call, CancellationToken cancellationToken)
    {
        Fields fields = new(call.Parameters);
        bool isAsync = fields.Flag("async");
        bool announces = fields.Optional("txid", MostTransactionId) is { Length: > 0 };
        Attempt attempt = ReadAttempt(call, fields) with
        {
            IsAsync = isAsync,

            // Whoever fetches the verdict is told meanwhile what it waits for; not so his user, where it is kept from him.
            ShowsNumbers = isAsync && (announces || !ClientPrograms.HidesStatus(call.UserAgent)),
            AnnouncesNumbers = announces,
            Info = fields.Optional("pushinfo", MostPushInfo),
        };
        DuoPrompt? typed = ReadFactor(call, fields);
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
        if (verdict.Message == Verdict.NoDevice)
        {
            return (ApiError.Invalid(verdict.Message), null);
        }

        return isAsync
            ? (new Answer.Fields(("txid", verdict.TransactionId)), verdict with { Until = null })
            : (Told(call.Dialect, verdict), verdict);
    }

    /// <summary>The answer to an auth that waits for a phone.</summary>
    public async Task<(Answer Answer, Verdict? Verdict)> DecidedAsync(
        DuoCall call, Verdict waiting, CancellationToken cancellationToken)
    {
        Verdict? verdict = await pushes.AnswerAsync(
            call.Known.Application.Id, waiting.TransactionId, cancellationToken);
        return (verdict is null ? ApiError.Internal : Told(call.Dialect, verdict), verdict);
    }

    public async Task<(Answer Answer, Verdict? Verdict)> StatusAsync(DuoCall call, CancellationToken cancellationToken)
    {
        Fields fields = new(call.Parameters);
        string id = fields.Required("txid", MostTransactionId);
        if (fields.Problem is { } problem)
        {
            return (problem, null);
        }

        bool isOurs = ClientPrograms.IsOurs(call.UserAgent);
        TimeSpan? silence = isOurs ? PushWait.ShortSilence : null;
        Verdict? verdict = await pushes.PollAsync(call.Known.Application.Id, id, silence, cancellationToken);
        if (verdict is null)
        {
            return (ApiError.Invalid("txid"), null);
        }

        Answer.Fields told = Told(call.Dialect, verdict);
        return (isOurs && verdict.Number is { } number ? new([.. told.Items, ("number", number)]) : told, verdict);
    }

    public async Task<Answer> CancelAsync(DuoCall call, CancellationToken cancellationToken)
    {
        Fields fields = new(call.Parameters);
        string id = fields.Required("txid", MostTransactionId);
        if (fields.Problem is { } problem)
        {
            return problem;
        }

        bool ended = await cancel.RunAsync(call.Known.Application.Id, id, cancellationToken);
        return new Answer.Fields(("result", ended ? "cancelled" : "decided"));
    }

    // In v1 a login that waits has no result.
    private static Answer.Fields Told(Dialect dialect, Verdict verdict)
    {
        string result = verdict.State switch
        {
            AuthenticationState.Allowed => "allow",
            AuthenticationState.Waiting => "waiting",
            _ => "deny",
        };
        return (dialect, verdict.State) switch
        {
            (Dialect.V1, AuthenticationState.Waiting) => new(("status", verdict.Message)),
            (Dialect.V1, _) => new(("result", result), ("status", verdict.Message)),
            _ => new(("result", result), ("status", verdict.Status), ("status_msg", verdict.Message)),
        };
    }

    private static Answer.Fields Ask(
        Dialect dialect, bool wantsPrompt, Attempt attempt, Ruling.Ask ask, IReadOnlyList<Device> devices)
    {
        IReadOnlyList<Device> phones = PromptText.Phones(ask);
        string prompt = PromptText.Of(attempt.SentName, phones);
        Answer.Fields factors = PromptText.Factors(phones);
        if (dialect is Dialect.V1)
        {
            return new(
                ("result", "auth"), ("status", Active), ("prompt", prompt), ("factors", factors));
        }

        Answer.Fields answer = new(
            ("result", "auth"), ("status_msg", Active), ("devices", new Answer.List([.. Shown(devices, phones)])));
        if (wantsPrompt)
        {
            answer = new([.. answer.Items, ("prompt", new Answer.Fields(("text", prompt), ("factors", factors)))]);
        }

        // Verified push: the client sends it back, and so says that it shows what it is told.
        return attempt.AnnouncesNumbers && phones.Count > 0
            ? new([.. answer.Items, ("txid", TransactionIds.New())])
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

    private static IEnumerable<Answer> Shown(IReadOnlyList<Device> devices, IReadOnlyList<Device> phones) =>
        from device in devices
        where device.Kind is not DeviceKind.Phone || phones.Contains(device)
        select Shown(device);

    private static Answer.Fields Shown(Device device) => device.Kind is DeviceKind.Hotp
        ? new Answer.Fields(
            ("device", device.Key), ("type", "token"), ("name", DuoText.Line(device.Serial ?? device.Name)))
        : new Answer.Fields(
            ("device", device.Key),
            ("type", "phone"),
            ("name", DuoText.Line(device.Name)),
            ("display_name", DuoText.Line(device.Name)),
            ("number", ""),
            ("capabilities", new Answer.List(device.Kind is DeviceKind.Phone ? ["auto", "push"] : ["mobile_otp"])));

    private Attempt ReadAttempt(DuoCall call, Fields fields)
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
        };
    }

    /// <summary>Null: a factor that this server has not got.</summary>
    private static DuoPrompt? ReadFactor(DuoCall call, Fields fields)
    {
        string factor = fields.Required("factor", 32);
        string? device = call.Dialect is Dialect.V2 ? fields.Optional("device", 32) : fields.Optional("phone", 32);
        return (call.Dialect, factor) switch
        {
            (Dialect.V2, "prompt") => DuoPrompt.Parse(fields.Given("prompt", DuoPrompt.MaxBytes)),
            (Dialect.V1, "auto") => DuoPrompt.Parse(fields.Given("auto", DuoPrompt.MaxBytes)),
            (Dialect.V2, "passcode") => CodeOnly(fields.Required("passcode", DuoPrompt.MaxBytes)),
            (Dialect.V1, "passcode") => CodeOnly(fields.Required("code", DuoPrompt.MaxBytes)),
            (_, "push") or (Dialect.V2, "auto") => OfDevice(device),
            (_, "phone" or "sms") => null,
            _ => Unknown(fields),
        };
    }

    private static DuoPrompt CodeOnly(string text) =>
        DuoPrompt.Parse(text) is DuoPrompt.Code code ? code : DuoPrompt.Parse(null);

    /// <summary>A key, as SDKs name a device, or phone1, as v1 does.</summary>
    private static DuoPrompt OfDevice(string? device) =>
        device is { Length: > 5 and < 8 } && device.StartsWith("phone", StringComparison.Ordinal)
            ? DuoPrompt.Parse(string.Concat("push", device.AsSpan(5)))
            : new DuoPrompt.Device(string.IsNullOrEmpty(device) ? "auto" : device);

    private static DuoPrompt? Unknown(Fields fields)
    {
        fields.Refuse("factor");
        return null;
    }
}
