namespace Sallyport.Server.Persistence;

internal static partial class Log
{
    [LoggerMessage(EventId = 3001, Level = LogLevel.Warning,
        Message = "The connection that listens for other nodes is lost; trying again. Until then a login that waits here "
            + "for an approval that arrives there learns of it when its time ends")]
    public static partial void ListenerLost(ILogger logger, Exception failure);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Warning,
        Message = "The connection that tells other nodes is lost; trying again. Until then a login that waits there for an "
            + "approval that arrives here learns of it when its time ends")]
    public static partial void NoticesLost(ILogger logger, Exception failure);
}
