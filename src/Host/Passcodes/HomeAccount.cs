using System.Security.Cryptography;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;
using Sallyport.Protocol;

namespace Sallyport.Host.Passcodes;

/// <summary>The factor of an account in a state file of its own. The file is the truth; Debian's module may stand beside.</summary>
internal sealed class HomeAccount(
    HomeFile file, string user, FileLocks locks, SpentCodes spentCodes, TimeProvider time) : IAccountStore
{
    private static readonly TimeSpan _lockPatience = TimeSpan.FromSeconds(30);

    private DateTimeOffset _now;
    private FileKey _key;
    private uint[] _groups = [];

    public string Path => file.Path;

    public IAccountReading Read()
    {
        HomeFile.Reading reading = file.Read();
        (_key, _groups) = (reading.Key, reading.Groups);
        return new Reading(this, reading);
    }

    public CheckOutcome Hold(IConversation conversation, Func<IAccountReading, CheckOutcome> use)
    {
        using IDisposable? held = locks.Take(_key, _lockPatience);
        if (held is null)
        {
            conversation.Log(Priority.Error, $"Failed to read \"{Path}\" for \"{user}\": another login holds it");
            return CheckOutcome.Refused;
        }

        _now = time.GetUtcNow();
        if (!file.TryAct(_groups, out ActingUser acting))
        {
            conversation.Log(Priority.Error, $"Failed to change user id to \"{user}\"");
            return CheckOutcome.Refused;
        }

        using (acting)
        {
            var reading = new Reading(this, file.ReadAsUser(_groups));
            try
            {
                return use(reading);
            }
            finally
            {
                // Only what has a rest to do may outlast the prompt that another try may bring.
                if (reading.IsSaved)
                {
                    conversation.AfterVerdict(reading);
                }
                else
                {
                    reading.Dispose();
                }
            }
        }
    }

    private sealed class Reading(HomeAccount account, HomeFile.Reading reading) : IAccountReading
    {
        private bool IsSame => reading.Problem is not ReadProblem.None || reading.Key == account._key;

        public bool IsSaved { get; private set; }

        public ReadProblem Problem => IsSame ? reading.Problem : ReadProblem.Unusable;

        public string? Message => IsSame ? reading.Message : null;

        public IOtpState? State => IsSame ? reading.State : null;

        public bool WasSpent((CodeKind Kind, long Value) code)
        {
            if (OneTime(reading, code) is not SpentCode spent
                || !account.SpentCodes.WasSpent(spent, out SpentCodes.Entry? entry))
            {
                return false;
            }

            reading.Spent = entry; // forgotten when the file is on disk
            return true;
        }

        public int Save((CodeKind Kind, long Value)? spent, out string? step)
        {
            StateFile state = reading.State!;
            if (!state.Fits)
            {
                step = "fit";
                return Errno.EINVAL;
            }

            // On disk before anybody is let in: the code itself, or else the file.
            bool MaySyncLater() => spent is null || OneTime(reading, spent.Value) is not SpentCode code
                || (reading.Spent = account.SpentCodes.TrySpend(code, account._now)) is not null;
            byte[] content = state.ToBytes();
            IsSaved = true;
            int error = HomeFile.Replace(reading, content, MaySyncLater, out step);
            CryptographicOperations.ZeroMemory(content);
            if (error != 0 && spent is not null)
            {
                reading.Spent?.Forget(); // what the file still takes for a code stays one
            }

            return error;
        }

        public void Dispose() => reading.Dispose();
    }

    private SpentCodes SpentCodes => spentCodes;

    private static SpentCode? OneTime(HomeFile.Reading reading, (CodeKind Kind, long Value) code) =>
        code.Kind is CodeKind.TimeStep && !reading.State!.DisallowsReuse
            ? null
            : Of(reading.State!, code);

    private static SpentCode? Of(StateFile state, (CodeKind Kind, long Value) code)
    {
        if (!state.TryGetSecret(out OtpSecret? secret))
        {
            return null;
        }

        using (secret)
        {
            return SpentCode.Of(secret, code.Kind, code.Value);
        }
    }
}
