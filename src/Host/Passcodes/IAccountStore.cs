using Sallyport.Host.Files;
using Sallyport.Host.Messages;
using Sallyport.Protocol;

namespace Sallyport.Host.Passcodes;

/// <summary>
/// Where an account's secret is: a state file in a home (<see cref="HomeAccount"/>) or an entry of the root-only store
/// (<see cref="StoredAccount"/>).
/// </summary>
internal interface IAccountStore
{
    /// <summary>Its path, for the log.</summary>
    string Path { get; }

    /// <summary>A look before the prompt; nothing is held while a person thinks.</summary>
    IAccountReading Read();

    /// <summary>
    /// Reads it anew, because a person takes his time to answer. From this reading to the end of <paramref name="use"/>
    /// nobody else of ours reads or writes it, so one code lets one login in.
    /// </summary>
    CheckOutcome Hold(IConversation conversation, Func<IAccountReading, CheckOutcome> use);
}

/// <summary>An account's state as it was found.</summary>
internal interface IAccountReading : IDisposable
{
    ReadProblem Problem { get; }

    /// <summary>What stood in the way, for the log.</summary>
    string? Message { get; }

    /// <summary>Null where there was a problem.</summary>
    IOtpState? State { get; }

    /// <summary>A power cut has taken back what the state knew of this code; saved now, it knows again.</summary>
    bool WasSpent((CodeKind Kind, long Value) code);

    /// <summary>
    /// 0, or the errno of what failed, and then nobody may be let in. Whom <paramref name="spent"/> lets in it lets in
    /// once, also after a power cut; what a refusal has changed need not be on disk when it returns.
    /// </summary>
    int Save((CodeKind Kind, long Value)? spent, out string? step);
}
