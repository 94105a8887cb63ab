namespace Sallyport.Cli.Phone;

/// <summary>What could not be done, and what to do next.</summary>
internal sealed class PhoneException(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>The same may go well a little later, without anybody doing anything.</summary>
    public bool Passes { get; init; }

    /// <summary>The server has said not to come back sooner.</summary>
    public TimeSpan NotBefore { get; init; }
}
