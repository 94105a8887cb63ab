namespace Sallyport.Server.Hosting;

internal static partial class Log
{
    [LoggerMessage(EventId = 9001, Level = LogLevel.Information, Message = "Answering hosts as {Host} on {Address}")]
    public static partial void Listening(ILogger logger, PublicHost host, string address);

    [LoggerMessage(EventId = 9002, Level = LogLevel.Information,
        Message = "The private CA issued a certificate for {Host}")]
    public static partial void CertificateIssued(ILogger logger, string host);

    [LoggerMessage(EventId = 9003, Level = LogLevel.Information,
        Message = "Took another certificate, good until {NotAfter}")]
    public static partial void CertificateTaken(ILogger logger, DateTimeOffset notAfter);

    [LoggerMessage(EventId = 9004, Level = LogLevel.Error, Message = "Kept the certificate in use: {Problem}")]
    public static partial void CertificateKept(ILogger logger, string problem);

    [LoggerMessage(EventId = 9005, Level = LogLevel.Warning,
        Message = "More than {Limit} connections from {Source}, or too many in all: closing those that have been idle "
            + "longest, or refusing more of them")]
    public static partial void TooManyConnections(ILogger logger, int limit, string source);

    [LoggerMessage(EventId = 9006, Level = LogLevel.Error, Message = "Not ready: {Problem}")]
    public static partial void NotReady(ILogger logger, Exception? cause, string problem);

    [LoggerMessage(EventId = 9007, Level = LogLevel.Warning,
        Message = "Running as root, who owns {Folder}: for a try. For good: chown -R {Account}: {Folder}")]
    public static partial void RunsAsRoot(ILogger logger, string folder, string account);
}
