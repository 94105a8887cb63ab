using System.ComponentModel;
using System.Diagnostics;

namespace Sallyport.Cli.Setup;

/// <summary>A program of the host, run to its end with an environment of its own: the caller's changes nothing.</summary>
internal static class Tool
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(90);

    /// <exception cref="IOException">It is not there, or did not end.</exception>
    public static Ran Run(params string[] words) => Run(new Dictionary<string, string>(), words);

    /// <inheritdoc cref="Run(string[])"/>
    public static Ran Run(TimeSpan limit, params string[] words) => Run(new Dictionary<string, string>(), limit, words);

    /// <inheritdoc cref="Run(string[])"/>
    public static Ran Run(IReadOnlyDictionary<string, string> variables, params string[] words) => Run(variables, _limit, words);

    /// <summary>With this on its standard input.</summary>
    /// <inheritdoc cref="Run(string[])"/>
    public static Ran Typing(string input, params string[] words) => Run(new Dictionary<string, string>(), _limit, words, input);

    private static Ran Run(IReadOnlyDictionary<string, string> variables, TimeSpan limit, string[] words, string input = "")
    {
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["HOME"] = "/root";
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        try
        {
            using Process process = Process.Start(start)!;
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(limit))
            {
                process.Kill(entireProcessTree: true);
                throw new IOException($"{words[0]} did not end");
            }

            return new Ran(process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult().Trim());
        }
        catch (Win32Exception missing)
        {
            throw new IOException($"{words[0]} cannot be started: {missing.Message}", missing);
        }
    }

    /// <exception cref="IOException">It failed; the message has its words.</exception>
    public static string Must(params string[] words)
    {
        Ran ran = Run(words);
        return ran.ExitCode == 0 ? ran.Output : throw new IOException($"{string.Join(' ', words)}: {ran.Errors}");
    }
}

/// <summary>How a program ended.</summary>
internal sealed record Ran(int ExitCode, string Output, string Errors);
