namespace Sallyport.Server.Persistence;

/// <summary>The storage cannot be used as it is. The message is for the operator and says what to do next.</summary>
internal sealed class StorageException(string message, Exception? inner = null) : Exception(message, inner);
