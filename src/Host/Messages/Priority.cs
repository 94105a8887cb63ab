namespace Sallyport.Host.Messages;

/// <summary>RFC 5424 section 6.2.1, severity.</summary>
internal enum Priority : byte
{
    Emergency = 0,
    Alert = 1,
    Critical = 2,
    Error = 3,
    Warning = 4,
    Notice = 5,
    Info = 6,
    Debug = 7,
}
