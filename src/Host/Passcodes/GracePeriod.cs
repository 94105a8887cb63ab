using Sallyport.Host.Messages;
using Sallyport.Protocol;

namespace Sallyport.Host.Passcodes;

/// <summary>grace_period=: who logged in from an address a short while ago is not asked again from there.</summary>
internal static class GracePeriod
{
    private const int Rows = 10; // LAST0 .. LAST9

    public static bool Covers(StateFile state, string remoteHost, int graceSeconds, long now) =>
        graceSeconds > 0 && remoteHost.Length > 0 && Enumerable.Range(0, Rows).Any(index =>
            state.TryGetLastLogin(index, out LastLogin row) is LastLoginState.Valid
            && row.Host == remoteHost && row.Seconds <= now && now - row.Seconds < graceSeconds);

    /// <summary>Remembers a login: in the row of its address, else in a free row, else in the oldest. False: in none.</summary>
    public static bool Remember(
        StateFile state, string remoteHost, long now, Action<Priority, string> log)
    {
        int? own = null, free = null, oldest = null;
        long oldestSeconds = long.MaxValue;
        for (int index = Rows - 1; index >= 0; index--)
        {
            switch (state.TryGetLastLogin(index, out LastLogin row))
            {
                case LastLoginState.Absent:
                    free = index;
                    break;
                case LastLoginState.Valid when row.Host == remoteHost:
                    own = index;
                    break;
                case LastLoginState.Valid when row.Seconds <= oldestSeconds:
                    (oldest, oldestSeconds) = (index, row.Seconds);
                    break;
                case LastLoginState.Valid:
                    break;
                default:
                    log(Priority.Error, $"Malformed LAST{index} line"); // never used, never overwritten
                    break;
            }
        }

        if ((own ?? free ?? oldest) is not int chosen || !LastLogin.IsHost(remoteHost))
        {
            return false;
        }

        state.SetLastLogin(chosen, new LastLogin(remoteHost, now));
        return true;
    }
}
