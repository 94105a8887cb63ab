using Sallyport.Host.Files;
using Sallyport.Host.Messages;
using Sallyport.Protocol;

namespace Sallyport.Host.Passcodes;

/// <summary>The factor of an account in the root-only store: its record is on disk, in its place, when it is saved.</summary>
internal sealed class StoredAccount(TotpStore store, string user) : IAccountStore, IDisposable
{
    private TotpEnrolment? _known; // read once for a login, unless it is changed in the meantime

    public string Path => store.PathOf(user);

    public IAccountReading Read()
    {
        TotpReading reading = store.Open(user);
        _known = reading.Entry?.Enrolment.Copy();
        return new Reading(reading);
    }

    public CheckOutcome Hold(IConversation conversation, Func<IAccountReading, CheckOutcome> use)
    {
        using var reading = new Reading(store.Open(user, _known));
        return use(reading);
    }

    public void Dispose() => _known?.Dispose();

    private sealed class Reading(TotpReading reading) : IAccountReading
    {
        public ReadProblem Problem => reading.Problem;

        public string? Message => reading.Message;

        public IOtpState? State => reading.Entry;

        public bool WasSpent((CodeKind Kind, long Value) code) => false; // a record that was saved stays saved

        public int Save((CodeKind Kind, long Value)? spent, out string? step)
        {
            step = null;
            return reading.Save();
        }

        public void Dispose() => reading.Dispose();
    }
}
