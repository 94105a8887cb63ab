namespace Sallyport.Protocol.Approvals;

/// <summary>What a person said of a login. Zero is none, and lets nobody in.</summary>
public enum ApprovalDecision
{
    /// <summary>Nothing was said.</summary>
    None,

    /// <summary>He let it in.</summary>
    Approve,

    /// <summary>He refused it.</summary>
    Deny,

    /// <summary>He refused it, and it was not he who began it.</summary>
    Fraud,
}
