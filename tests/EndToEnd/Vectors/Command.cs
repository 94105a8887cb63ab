using System.Diagnostics;

namespace Sallyport.EndToEnd.Vectors;

/// <summary>Runs a program to its end and gives what it printed.</summary>
internal static class Command
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    internal sealed record Result(int ExitCode, string Output, string Error);

    /// <summary>Runs it and throws, with all that it printed, if it fails.</summary>
    public static string Run(string program, params IEnumerable<string> arguments)
    {
        Result result = Try(Patience, program, arguments);
        return result.ExitCode == 0
            ? result.Output
            : throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)}: exit {result.ExitCode}\n{result.Output}{result.Error}");
    }

    public static Result Try(TimeSpan patience, string program, IEnumerable<string> arguments)
    {
        using Process process = Start(program, arguments);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)}: not done after {patience}");
        }

        return new(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    public static Process Start(string program, IEnumerable<string> arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
