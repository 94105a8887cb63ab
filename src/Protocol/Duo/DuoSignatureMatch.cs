namespace Sallyport.Protocol.Duo;

/// <summary>Duo's signature versions. There is no 3. Zero is none.</summary>
public enum DuoSignatureVersion
{
    /// <summary>Not set; no signature.</summary>
    None = 0,

    /// <summary>Method, host, path and parameters; no date, so that it can be sent again at any time.</summary>
    V1 = 1,

    /// <summary>Version 1 with the date in front.</summary>
    V2 = 2,

    /// <summary>Version 2 with the parameters of the query only, and the hash of the body behind.</summary>
    V4 = 4,

    /// <summary>Version 4 with the hash of the X-Duo headers behind.</summary>
    V5 = 5,
}

/// <summary>The hash function of the HMAC. Zero is none.</summary>
public enum DuoDigest
{
    /// <summary>Not set; no signature.</summary>
    None = 0,

    /// <summary>SHA-1, versions 1 and 2 of older clients only.</summary>
    Sha1,

    /// <summary>SHA-512.</summary>
    Sha512,
}

/// <summary>What a signature that fits is. There is none for one that does not fit.</summary>
/// <param name="Version">Which text was signed.</param>
/// <param name="Digest">With which hash function.</param>
public sealed record DuoSignatureMatch(DuoSignatureVersion Version, DuoDigest Digest)
{
    /// <summary>Whether <see cref="DuoRequestText.Date"/> was signed. The caller compares it with his clock.</summary>
    public bool IsDated => Version is DuoSignatureVersion.V2 or DuoSignatureVersion.V4 or DuoSignatureVersion.V5;
}
