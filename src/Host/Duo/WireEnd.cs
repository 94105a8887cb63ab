namespace Sallyport.Host.Duo;

/// <summary>How a connection ended.</summary>
internal enum WireEnd
{
    None = 0,

    /// <summary>By the other side, just now.</summary>
    Lost,

    /// <summary>By the network: for some time now the other side has not even acknowledged anything.</summary>
    Vanished,

    /// <summary>Nothing came in time.</summary>
    Silent,

    /// <summary>Nobody waits here any more.</summary>
    Gone,
}
