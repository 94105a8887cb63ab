namespace Sallyport.Host.Duo;

/// <summary>How a connection ended.</summary>
internal enum WireEnd
{
    None = 0,

    /// <summary>By the other side, or by the network.</summary>
    Lost,

    /// <summary>Nothing came in time.</summary>
    Silent,

    /// <summary>Nobody waits here any more.</summary>
    Gone,
}
