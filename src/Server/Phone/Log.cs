namespace Sallyport.Server.Phone;

/// <summary>Never a proof, a code or a body.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 5001, Level = LogLevel.Error, Message = "The database did not serve a phone's request")]
    public static partial void Unavailable(ILogger logger, Exception failure);

    [LoggerMessage(EventId = 5002, Level = LogLevel.Error, Message = "A phone's request failed")]
    public static partial void Failed(ILogger logger, Exception failure);
}
