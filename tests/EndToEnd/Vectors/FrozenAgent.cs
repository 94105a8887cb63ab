using System.Diagnostics;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Vectors;

/// <summary>The built sallyport-agent in a sandbox, under a clock that a file sets.</summary>
public sealed class FrozenAgent : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-vectors-");
    private readonly Process _process;
    private readonly Task<string> _errors;

    public FrozenAgent(Sandbox sandbox)
    {
        string agent = Built.Agent;
        string state = _folder.CreateSubdirectory("state").FullName;
        string configuration = Path.Combine(_folder.FullName, "sallyport.conf");
        File.WriteAllText(configuration, $"[agent]\nstate_directory = {state}\n");
        Command.Run("chmod", "0600", configuration);
        File.WriteAllText(ClockFile, "2001-09-09 01:46:40");

        _process = Command.Start("nsenter", sandbox.Frozen(
            [$"FAKETIME_TIMESTAMP_FILE={ClockFile}", "FAKETIME_NO_CACHE=1"],
            [agent, "--config", configuration, "--socket", Socket]));
        _errors = _process.StandardError.ReadToEndAsync();
        for (int tries = 0; !File.Exists(Socket); tries++)
        {
            if (_process.HasExited || tries == 200)
            {
                _process.Kill();
                throw new InvalidOperationException(
                    $"sallyport-agent does not listen: {_errors.GetAwaiter().GetResult()}");
            }

            Thread.Sleep(50);
        }
    }

    public static string Module { get; } = Built.Module;

    public string Socket => Path.Combine(_folder.FullName, "agent.sock");

    public string ClockFile => Path.Combine(_folder.FullName, "clock");

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }
}
