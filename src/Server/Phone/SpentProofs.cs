using Sallyport.Server.Devices;

namespace Sallyport.Server.Phone;

/// <summary>
/// The proofs that were taken here, by their <c>jti</c>, each for as long as its time would be good. They stand under
/// their device, and have a limit there: who fills it keeps nobody out but himself.
/// </summary>
internal sealed class SpentProofs(TimeProvider time)
{
    /// <summary>Of one device in one <see cref="Kept"/>; the rate of a source is below it.</summary>
    public const int MostPerDevice = 4096;

    /// <summary>At least; a proof is good from a minute before its time to a minute after.</summary>
    public static readonly TimeSpan Kept = 2 * DpopProof.Tolerance;

    private readonly Lock _lock = new();
    private Dictionary<DeviceId, HashSet<string>> _now = [];
    private Dictionary<DeviceId, HashSet<string>> _before = [];
    private long _since = time.GetTimestamp();

    /// <summary>False: it was taken before, or the device has sent too many.</summary>
    public bool TrySpend(DeviceId device, string jti)
    {
        lock (_lock)
        {
            TimeSpan age = time.GetElapsedTime(_since);
            if (age > Kept)
            {
                (_before, _now) = (age > 2 * Kept ? [] : _now, []);
                _since = time.GetTimestamp();
            }

            if (_before.TryGetValue(device, out HashSet<string>? old) && old.Contains(jti))
            {
                return false;
            }

            if (!_now.TryGetValue(device, out HashSet<string>? spent))
            {
                _now[device] = spent = new(StringComparer.Ordinal);
            }

            return spent.Count < MostPerDevice && spent.Add(jti);
        }
    }
}
