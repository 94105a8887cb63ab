using System.Net;
using Sallyport.Host.Configuration;

namespace Sallyport.Host.Access;

/// <summary>
/// Who came from the bastion with which key, and proved his factor ([hop] ask = within N). In memory: a restart asks again.
/// </summary>
internal sealed class HopMemory(TimeProvider time)
{
    private const int Most = 4096;
    private static readonly TimeSpan _longest = TimeSpan.FromHours(12);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string User, IPAddress From, string Key), (long Since, long Factor)> _proven = [];

    /// <param name="connection">SSH_CONNECTION: its first word is the peer's address, numeric, from sshd.</param>
    /// <param name="key">SSH_AUTH_INFO_0; without a key in it nobody is spared.</param>
    /// <param name="factor">Which factor the account has now; another than he proved spares nobody. Null: none is known.</param>
    public bool Spares(Hop hop, string user, string connection, string key, Func<long?> factor)
    {
        if (hop.Minutes == 0 || !IsKey(key) || Find(hop, connection) is not IPAddress from)
        {
            return false;
        }

        lock (_lock)
        {
            return hop.Minutes is not int minutes || (_proven.TryGetValue((user, from, key), out (long Since, long Factor) proof)
                && time.GetElapsedTime(proof.Since) < TimeSpan.FromMinutes(minutes) && factor() == proof.Factor);
        }
    }

    /// <summary>He has proved his factor just now.</summary>
    public void Remember(Hop hop, string user, string connection, string key, long? factor)
    {
        if (hop.Minutes is not > 0 || factor is null || !IsKey(key) || Find(hop, connection) is not IPAddress from)
        {
            return;
        }

        lock (_lock)
        {
            if (_proven.Count >= Most)
            {
                foreach (var old in _proven.Where(p => time.GetElapsedTime(p.Value.Since) > _longest).Select(p => p.Key).ToList())
                {
                    _proven.Remove(old);
                }
            }

            if (_proven.Count < Most)
            {
                _proven[(user, from, key)] = (time.GetTimestamp(), factor.Value);
            }
        }
    }

    private static bool IsKey(string authInfo) => authInfo.StartsWith("publickey ", StringComparison.Ordinal);

    // A zone ('%') has a meaning in sshd's network only, not in ours.
    private static IPAddress? Find(Hop hop, string connection) =>
        connection.Split(' ')[0] is string peer && !peer.Contains('%', StringComparison.Ordinal)
            && IPAddress.TryParse(peer, out IPAddress? address) && HostConfiguration.Plain(address) is IPAddress plain && hop.From.Contains(plain)
            ? plain
            : null;
}
