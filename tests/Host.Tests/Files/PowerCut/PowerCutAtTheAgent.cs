using Sallyport.Host.Tests.Agent;

namespace Sallyport.Host.Tests.Files.PowerCut;

/// <summary>Gives the agent the states that a power cut leaves, and tries there what was acknowledged before it.</summary>
internal sealed class PowerCutAtTheAgent : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly DirectoryInfo _folder = // in memory, as in PowerCutCheck
        Directory.CreateDirectory($"/dev/shm/sallyport-agent-cut-{Environment.ProcessId}", Private | UnixFileMode.UserExecute);
    private readonly DirectoryInfo _store;
    private readonly AgentUnderTest _agent;

    public PowerCutAtTheAgent()
    {
        _store = _folder.CreateSubdirectory("totp");
        _store.UnixFileMode = Private | UnixFileMode.UserExecute;
        _agent = new(agent => agent.Configure($"[agent]\nstate_directory = {_folder.FullName}\n"));
    }

    public int States { get; private set; }

    public int Logins { get; private set; }

    /// <summary>What is wrong, or null.</summary>
    /// <param name="returned">How many steps of the script had returned.</param>
    public string? Violation(Dictionary<string, byte[]> state, int returned)
    {
        States++;
        foreach (ScriptStep step in StoreScript.Steps.Take(returned))
        {
            if (step.Used is not Acknowledged used)
            {
                continue;
            }

            Write(state); // the login before has left something there
            _agent.Clock.AdjustTime(DateTimeOffset.FromUnixTimeSeconds(used.Now));
            using AgentClient caller = _agent.Connect();
            byte? verdict = caller.Hello("auth", used.User, "arg=noskewadj").Verdict(used.Answer); // which saves a search
            Logins++;

            // An entry that it cannot read refuses, too, but then nobody gets in any more.
            bool unreadable = caller.Logged.Any(line => line.Contains(" entry of ", StringComparison.Ordinal));
            if (verdict is not AgentClient.Deny || unreadable)
            {
                return $"{step.Name}: verdict {verdict}\n{string.Join('\n', caller.Logged)}";
            }
        }

        return null;
    }

    public void Dispose()
    {
        _agent.Dispose();
        _folder.Delete(recursive: true);
    }

    private void Write(Dictionary<string, byte[]> state)
    {
        foreach (FileInfo left in _store.GetFiles())
        {
            left.Delete();
        }

        foreach ((string name, byte[] content) in state)
        {
            string path = Path.Combine(_store.FullName, name);
            File.WriteAllBytes(path, content);
            File.SetUnixFileMode(path, Private);
        }
    }
}
