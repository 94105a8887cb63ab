using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;

namespace Sallyport.Server.Phone;

/// <summary>The phone's requests, as use cases. It translates, and decides nothing.</summary>
internal sealed class PhoneCalls(
    ActivatePhone activate,
    ListPushes pushes,
    AnswerPush answer,
    RenamePhone rename,
    SetPushSubscription subscribe,
    RemovePhone remove,
    ServerName server)
{
    private const int TransactionCharacters = 36; // a UUID

    public async Task<PhoneAnswer> ActivateAsync(
        PhoneKey key, ReadOnlyMemory<byte> body, string? client, CancellationToken aborted)
    {
        if (PhoneJson.Read<ActivateBody>(body.Span) is not { Kind: DeviceBody.App or DeviceBody.Terminal } asked)
        {
            return PhoneError.Invalid("not code, name and kind");
        }

        var request = new ActivatePhoneRequest(
            asked.Code, asked.Name, asked.Kind is not DeviceBody.App, key, client);
        return await activate.RunAsync(request, aborted) switch
        {
            ActivatePhoneResult.Activated done => new PhoneAnswer(
                StatusCodes.Status201Created, new ActivatedBody(done.DeviceKey, done.UserName, server.Text)),
            ActivatePhoneResult.Invalid invalid => PhoneError.Invalid(invalid.What),
            _ => PhoneError.InvalidCode,
        };
    }

    public async Task<PhoneAnswer> PendingAsync(KnownPhone phone, CancellationToken aborted) =>
        PhoneAnswer.Of(PendingBody.Of(await pushes.RunAsync(phone.Id, aborted)));

    public async Task<PhoneAnswer> AnswerAsync(KnownPhone phone, ReadOnlyMemory<byte> body, CancellationToken aborted)
    {
        if (PhoneJson.Read<AnswerBody>(body.Span) is not { Transaction.Length: TransactionCharacters } asked
            || !asked.Transaction.All(c => char.IsAsciiHexDigitLower(c) || c == '-'))
        {
            return PhoneError.Invalid("not transaction and approval");
        }

        PushAnswer answered = await answer.RunAsync(phone.Id, asked.Transaction, asked.Approval, aborted);
        return PhoneAnswer.Of(new ResultBody(answered switch
        {
            PushAnswer.Taken => "taken",
            PushAnswer.WrongNumber => "wrong_number",
            PushAnswer.TooManyWrongNumbers => "too_many_wrong_numbers",
            PushAnswer.Gone => "gone",
            PushAnswer.Forbidden => "forbidden",
            _ => "refused",
        }));
    }

    public async Task<PhoneAnswer> SubscribeAsync(
        KnownPhone phone, ReadOnlyMemory<byte> body, string? client, CancellationToken aborted)
    {
        if (PhoneJson.Read<SubscriptionBody>(body.Span) is not { } asked
            || !PushSubscription.TryParse(
                asked.Endpoint, asked.Keys.P256dh, asked.Keys.Auth, out PushSubscription? subscription))
        {
            return PhoneError.Invalid("no push subscription");
        }

        return Changed(await subscribe.RunAsync(phone, subscription, client, aborted));
    }

    public async Task<PhoneAnswer> UnsubscribeAsync(KnownPhone phone, string? client, CancellationToken aborted) =>
        Changed(await subscribe.RunAsync(phone, null, client, aborted));

    public async Task<PhoneAnswer> RenameAsync(
        KnownPhone phone, ReadOnlyMemory<byte> body, string? client, CancellationToken aborted) =>
        PhoneJson.Read<RenameBody>(body.Span) is { } asked
            ? Changed(await rename.RunAsync(phone, asked.Name, client, aborted))
            : PhoneError.Invalid("not name");

    public async Task<PhoneAnswer> RemoveAsync(KnownPhone phone, string? client, CancellationToken aborted) =>
        await remove.RunAsync(phone, client, aborted) ? PhoneAnswer.Done : PhoneError.InvalidToken;

    private static PhoneAnswer Changed(ChangePhoneResult result) => result switch
    {
        ChangePhoneResult.Changed => PhoneAnswer.Done,
        ChangePhoneResult.Gone => PhoneError.InvalidToken,
        _ => PhoneError.Invalid("name"),
    };
}
