namespace Sallyport.Protocol;

/// <summary>What moves the passcodes of a secret.</summary>
public enum OtpMode
{
    /// <summary>Nothing: no passcode of this secret is accepted.</summary>
    None = 0,

    /// <summary>The clock (RFC 6238).</summary>
    Totp,

    /// <summary>A counter (RFC 4226).</summary>
    Hotp,
}
