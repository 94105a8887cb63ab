using System.Diagnostics;

namespace Sallyport.Bench;

/// <summary>sallyport-agent as it is built, at the place where programs look for it. Ended by its process id.</summary>
internal sealed class AgentProcess : IDisposable
{
    public const string Socket = "/run/sallyport/agent.sock";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly Process _process;

    private AgentProcess(Process process) => _process = process;

    public double CpuMilliseconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalMilliseconds;
        }
    }

    /// <param name="duo">A file with [duo]; the agent gets a copy, and a state directory beside it.</param>
    public static async Task<AgentProcess> StartAsync(Options options, string duo)
    {
        string file = duo + ".agent";
        File.WriteAllText(file, $"{File.ReadAllText(duo)}autopush = yes\n[agent]\nstate_directory = {duo}.state\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Process process = Process.Start(new ProcessStartInfo(options.Agent, ["--config", file, "--socket", Socket])
        {
            RedirectStandardError = true,
        })!;
        process.ErrorDataReceived += (_, line) => Trace.WriteLine(line.Data);
        process.BeginErrorReadLine();
        long begun = Stopwatch.GetTimestamp();
        while (!File.Exists(Socket))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(begun) > _patience)
            {
                throw new InvalidOperationException("sallyport-agent does not listen");
            }

            await Task.Delay(20);
        }

        return new AgentProcess(process);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        File.Delete(Socket);
    }
}
