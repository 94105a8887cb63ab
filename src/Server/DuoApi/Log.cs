namespace Sallyport.Server.DuoApi;

/// <summary>Never a signature, a key, a passcode or a body.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 4001, Level = LogLevel.Warning,
        Message = "Refused a request from {Address}: {Code} {Reason} {Detail} (ikey {IntegrationKey})")]
    public static partial void Refused(
        ILogger logger, string address, int code, string reason, string? detail, string? integrationKey);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Warning,
        Message = "Refused more requests from {Source}; they are counted, and logged again in a minute")]
    public static partial void RefusedMore(ILogger logger, string source);

    [LoggerMessage(EventId = 4003, Level = LogLevel.Warning,
        Message = "Refused an undated signature for {Application}: it comes from a client before 2.0.4, and the "
            + "application is not marked for legacy clients")]
    public static partial void UndatedRefused(ILogger logger, string application);

    [LoggerMessage(EventId = 4004, Level = LogLevel.Warning,
        Message = "{Application} uses {Program}: up to 2.2.3 these clients let people in when a login stays undecided")]
    public static partial void OldClient(ILogger logger, string application, string program);

    [LoggerMessage(EventId = 4005, Level = LogLevel.Warning,
        Message = "A host of {Application} lets people in without a second factor when this server is away "
            + "(failmode = safe): {Host}")]
    public static partial void FailsOpen(ILogger logger, string application, string host);

    [LoggerMessage(EventId = 4006, Level = LogLevel.Error,
        Message = "The database did not serve a request; hosts with failmode = safe let people in meanwhile")]
    public static partial void Unavailable(ILogger logger, Exception failure);

    [LoggerMessage(EventId = 4007, Level = LogLevel.Error, Message = "A request failed")]
    public static partial void Failed(ILogger logger, Exception failure);

    [LoggerMessage(EventId = 4008, Level = LogLevel.Warning,
        Message = "{Application} signs without dates, and may: whoever records such a request can send it again")]
    public static partial void Undated(ILogger logger, string application);

    [LoggerMessage(EventId = 4009, Level = LogLevel.Warning,
        Message = "{Application} has named more than {Limit} hosts or programs of a kind today; the others are in the "
            + "audit alone")]
    public static partial void MoreSeen(ILogger logger, string application, int limit);
}
