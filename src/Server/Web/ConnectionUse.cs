namespace Sallyport.Server.Web;

/// <summary>
/// Whether a request of a connection is being worked on, and else since when none is. A request whose body is on its way
/// is not worked on yet, so nobody keeps a connection in use by sending slowly. It is a feature of the connection.
/// </summary>
/// <param name="accepted">A timestamp of the server's clock.</param>
internal sealed class ConnectionUse(long accepted)
{
    private long _idleSince = accepted;

    /// <summary>A timestamp; null: in use.</summary>
    public long? IdleSince => Volatile.Read(ref _idleSince) is var since and not long.MaxValue ? since : null;

    public void Begin() => Volatile.Write(ref _idleSince, long.MaxValue);

    public void End(long now) => Volatile.Write(ref _idleSince, now);
}
