namespace Sallyport.Protocol;

/// <summary>The hash under the HMAC of a passcode (RFC 6238 section 1.2). Zero is no algorithm and is refused.</summary>
public enum OtpAlgorithm
{
    /// <summary>Not set; every computation refuses it.</summary>
    Unspecified = 0,

    /// <summary>HMAC-SHA-1, the default of RFC 4226 and the only one that the state file knows.</summary>
    Sha1,

    /// <summary>HMAC-SHA-256.</summary>
    Sha256,

    /// <summary>HMAC-SHA-512.</summary>
    Sha512,
}
