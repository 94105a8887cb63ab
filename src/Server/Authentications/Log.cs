namespace Sallyport.Server.Authentications;

internal static partial class Log
{
    [LoggerMessage(EventId = 2001, Level = LogLevel.Warning,
        Message = "Expired transactions could not be removed; trying again later")]
    public static partial void SweepFailed(ILogger logger, Exception failure);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Warning,
        Message = "A phone sent something for {Transaction} that is no approval of it")]
    public static partial void ApprovalRefused(ILogger logger, string transaction);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Error,
        Message = "{Host} of {Application} reports that it let {User} in by itself, without this server, at {At:u}: "
            + "{Reason}")]
    public static partial void Bypassed(
        ILogger logger, string host, string application, string user, DateTimeOffset at, string reason);
}
