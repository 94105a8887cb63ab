using System.Security.Cryptography;
using System.Text;
using Sallyport.Host.Files;

namespace Sallyport.Host.Tests.Files.PowerCut;

/// <summary>
/// Cuts the power after every recorded call and opens every state that the disk may then be in.
/// </summary>
internal sealed class PowerCutCheck : IDisposable
{
    // In memory: thousands of folders are made here, and what a disk does with them is the matter of the model.
    private readonly DirectoryInfo _folder =
        new(Path.Combine("/dev/shm", $"sallyport-cut-{Environment.ProcessId}-{Interlocked.Increment(ref _checks)}"));
    private readonly Dictionary<string, Found> _seen = [];

    // For what the store knows, for each step, whether the answer that the step used up lets in.
    private readonly Dictionary<string, bool[]> _accepted = [];

    // What the store knows before step 0, and after each.
    private readonly List<string> _expected = [];

    private static int _checks;

    public PowerCutCheck()
    {
        using TotpStore store = TotpStore.At(Fresh(), TimeSpan.FromSeconds(10));
        _expected.Add(StoreScript.Describe(store));
        foreach (ScriptStep step in StoreScript.Steps)
        {
            step.Run(store);
            _expected.Add(StoreScript.Describe(store));
        }
    }

    /// <summary>How many states there were, after all cuts together.</summary>
    public int States { get; private set; }

    /// <summary>How many of them differ; each is opened once.</summary>
    public int Different => _seen.Count;

    /// <summary>The first state that breaks a promise, or null.</summary>
    /// <param name="from">The first call after which the power is cut.</param>
    public string? FirstViolation(IReadOnlyList<DiskCall> calls, int from = 0)
    {
        Disk disk = new();
        int begun = 0; // steps
        int returned = 0;
        for (int cut = 0; cut < calls.Count; cut++)
        {
            disk.Apply(calls[cut]);
            begun = calls[cut] is DiskCall.Began began ? began.Step + 1 : begun;
            returned = calls[cut] is DiskCall.Returned step ? step.Step + 1 : returned;
            foreach (Dictionary<string, byte[]> state in cut < from ? [] : disk.AfterACut())
            {
                States++;
                if (Violation(Open(state), begun, returned) is string violation)
                {
                    return $"after call {cut}, {calls[cut]}, with {begun} steps begun and {returned} returned: {violation}";
                }
            }
        }

        return null;
    }

    /// <summary>Every state that there may be, once, and how many steps had returned by then at most.</summary>
    public static IEnumerable<(Dictionary<string, byte[]> State, int Returned)> StatesOf(IReadOnlyList<DiskCall> calls)
    {
        Dictionary<string, (Dictionary<string, byte[]> State, int Returned)> states = [];
        Disk disk = new();
        int returned = 0;
        foreach (DiskCall call in calls)
        {
            disk.Apply(call);
            returned = call is DiskCall.Returned step ? step.Step + 1 : returned;
            foreach (Dictionary<string, byte[]> state in disk.AfterACut())
            {
                states[Key(state)] = (state, returned);
            }
        }

        return states.Values;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>It knows what it knew after the last step that returned, or after one that has begun since.</summary>
    private string? Violation(Found found, int begun, int returned)
    {
        bool[] accepted = _accepted[found.Description];
        string? reborn = StoreScript.Steps.Take(returned).Where((_, i) => accepted[i]).FirstOrDefault()?.Name;
        return reborn is not null ? $"what was acknowledged works again: {reborn}"
            : !found.Clean ? "what an enrolment left behind cannot be deleted"
            : !_expected[returned..(begun + 1)].Contains(found.Description) ? $"neither old nor new:\n{found.Description}"
            : null;
    }

    private Found Open(Dictionary<string, byte[]> state)
    {
        string key = Key(state);
        if (_seen.TryGetValue(key, out Found? found))
        {
            return found;
        }

        string folder = Fresh();
        foreach ((string name, byte[] content) in state)
        {
            string path = Path.Combine(folder, name);
            File.WriteAllBytes(path, content);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        using TotpStore store = TotpStore.At(folder, TimeSpan.FromSeconds(10));
        string description = StoreScript.Describe(store);
        if (!_accepted.ContainsKey(description))
        {
            _accepted[description] =
                [.. StoreScript.Steps.Select(step => step.Used is Acknowledged used && StoreScript.WouldAccept(store, used))];
        }

        store.RemoveLeftovers();
        bool clean = Directory.GetFiles(folder).Order().SequenceEqual(
            state.Keys.Where(name => name is not ['.', ..]).Select(name => Path.Combine(folder, name)).Order());
        return _seen[key] = new(description, clean);
    }

    /// <summary>Temporary names are made by chance, and say nothing.</summary>
    private static string Key(Dictionary<string, byte[]> state)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, byte[] content) in state.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.Latin1.GetBytes($"{(name is ['.', ..] ? "." : name)}/{content.Length}/"));
            hash.AppendData(content);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private string Fresh()
    {
        if (Directory.Exists(_folder.FullName))
        {
            _folder.Delete(recursive: true);
        }

        _folder.Create();
        _folder.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        return _folder.FullName;
    }

    /// <param name="Description">What the store knows.</param>
    /// <param name="Clean">What enrolments left behind could be deleted, and nothing else was.</param>
    private sealed record Found(string Description, bool Clean);
}
