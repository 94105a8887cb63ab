using System.Diagnostics;

namespace Sallyport.EndToEnd.Harness;

/// <summary>A running program, with its output collected. It is killed, with its children, when it takes too long.</summary>
internal sealed class Command : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;

    private Command(Process process, CancellationToken cancellationToken)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        _errors = process.StandardError.ReadToEndAsync(cancellationToken);
    }

    public static Command Start(
        IEnumerable<string> command, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        Process process = Process.Start(Describe(command, environment))!;
        process.StandardInput.Close();
        return new Command(process, cancellationToken);
    }

    /// <summary>The caller's own environment must not change a test, so a command gets only what is said here.</summary>
    public static ProcessStartInfo Describe(IEnumerable<string> command, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(command.First(), command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["HOME"] = "/root";
        start.Environment["LANG"] = "C.UTF-8";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    public async Task<Outcome> EndAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            string output = await _output.WaitAsync(limit.Token); // a child left behind may hold it open
            return new Outcome(_process.ExitCode, output, await _errors.WaitAsync(limit.Token));
        }
        catch (OperationCanceledException)
        {
            Kill();
            Assert.Fail($"gave up waiting for: {string.Join(' ', _process.StartInfo.ArgumentList)}");
            throw;
        }
    }

    public void Kill() => _process.Kill(entireProcessTree: true);

    public void Dispose() => _process.Dispose();
}
