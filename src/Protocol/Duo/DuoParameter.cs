namespace Sallyport.Protocol.Duo;

/// <summary>One parameter of a request: bytes, because a Unix user name can be any bytes.</summary>
public readonly struct DuoParameter
{
    internal DuoParameter(byte[] name, byte[] value) => (Name, Value) = (name, value);

    /// <summary>The name, decoded; at most <see cref="DuoParameters.MaxNameBytes"/>.</summary>
    public ReadOnlyMemory<byte> Name { get; }

    /// <summary>The value, decoded. It can be a passcode.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>The same text for every parameter.</summary>
    public override string ToString() => "[parameter]";
}
