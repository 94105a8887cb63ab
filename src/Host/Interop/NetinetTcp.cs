namespace Sallyport.Host.Interop;

/// <summary>netinet/tcp.h</summary>
internal static class NetinetTcp
{
    public const int IPPROTO_TCP = 6;
    public const int TCP_NODELAY = 1;
    public const int TCP_KEEPIDLE = 4;
    public const int TCP_KEEPINTVL = 5;
    public const int TCP_USER_TIMEOUT = 18;
}
