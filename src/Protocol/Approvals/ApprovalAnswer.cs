namespace Sallyport.Protocol.Approvals;

/// <summary>What a device signed, once the signature is known to be its own and over the right record.</summary>
/// <param name="Decision">Never <see cref="ApprovalDecision.None"/>.</param>
/// <param name="Number">The digits that were typed on the device, with an approval that asked for them. Whether they are
/// the right ones is for the server to say.</param>
public readonly record struct ApprovalAnswer(ApprovalDecision Decision, string? Number);
