using Sallyport.Server.Applications;

namespace Sallyport.Server.Authentications;

/// <summary>
/// What one request says about the login that it is about. All but the application is the host's word.
/// </summary>
internal sealed record Attempt
{
    public required Application Application { get; init; }

    /// <summary>After the application's normalisation.</summary>
    public required Subject Subject { get; init; }

    /// <summary>The name as it was sent, for the audit.</summary>
    public required string SentName { get; init; }

    public required Source Source { get; init; }

    public string? HostName { get; init; }

    /// <summary>What is known of the client program, for the audit: its fail mode, its version.</summary>
    public string? Detail { get; init; }

    /// <summary>Null for a signature without a date.</summary>
    public byte[]? SignatureHash { get; init; }

    public byte[] RequestMac { get; init; } = [];

    /// <summary>The verdict is fetched later, by the transaction id.</summary>
    public bool IsAsync { get; init; }

    /// <summary>The client shows what it is told before the verdict is there, as far as it can be known.</summary>
    public bool ShowsNumbers { get; init; }

    /// <summary>It says so itself, by Duo's verified push.</summary>
    public bool AnnouncesNumbers { get; init; }

    /// <summary>What the host wants to be shown on a phone (pushinfo).</summary>
    public string? Info { get; init; }
}
