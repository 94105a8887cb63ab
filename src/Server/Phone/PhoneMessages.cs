using Sallyport.Protocol.Approvals;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;

namespace Sallyport.Server.Phone;

// The bodies of docs/formats/phone-api.md; a parameter is a member, and must be there unless it has a default.
internal sealed record ActivateBody(string Code, string Name, string Kind);

internal sealed record ActivatedBody(string Device, string User, string Server);

internal sealed record AnswerBody(string Transaction, string Approval);

internal sealed record ResultBody(string Result);

internal sealed record SubscriptionBody(string Endpoint, SubscriptionKeys Keys, double? ExpirationTime = null);

internal sealed record SubscriptionKeys(string P256dh, string Auth);

internal sealed record RenameBody(string Name);

internal sealed record DeviceBody(string Device, string User, string Name, string Kind)
{
    public const string App = "app";
    public const string Terminal = "terminal";

    public static DeviceBody Of(KnownPhone phone) =>
        new(phone.Key, phone.UserName, phone.Name, phone.IsTerminal ? Terminal : App);
}

internal sealed record PendingBody(IReadOnlyList<PendingBody.Request> Requests)
{
    public static PendingBody Of(IEnumerable<WaitingPush> pushes) => new([.. pushes.Select(Of)]);

    private static Request Of(WaitingPush push)
    {
        ApprovalRecord record = push.Record;
        return new(
            record.Transaction,
            record.Application,
            record.User,
            record.Host,
            record.Address,
            record.Key,
            record.Expires,
            record.Server,
            record.Device,
            push.Digits,
            push.Info);
    }

    internal sealed record Request(
        string Transaction,
        string Application,
        string User,
        string? Host,
        string? Address,
        string? Key,
        long Expires,
        string Server,
        string Device,
        int? Digits,
        string? Info);
}
