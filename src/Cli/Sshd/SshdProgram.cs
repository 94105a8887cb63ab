using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Sallyport.Cli.Sshd;

/// <summary>
/// The sshd of this host, asked what it would do. It is found at fixed places and runs in an empty environment: nothing
/// that the caller's shell has set may change the answer.
/// </summary>
/// <param name="Path">Absolute.</param>
/// <param name="ConfigurationFile">What it reads (-f).</param>
/// <param name="Settings">What stands on its command line (-o) and so before every file.</param>
internal sealed partial record SshdProgram(string Path, string ConfigurationFile, IReadOnlyList<string> Settings)
{
    public const string UsualConfiguration = "/etc/ssh/sshd_config";

    private const string Folder = "/run/sshd";

    private static readonly string[] _places =
        ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd", "/usr/lib/openssh/sshd", "/opt/openssh/sbin/sshd"];

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    /// <summary>Of the process that waits for connections; null: none does.</summary>
    public int? Process { get; init; }

    /// <summary>Null: none at the places where distributions have it.</summary>
    public static SshdProgram? Find() => _places.FirstOrDefault(File.Exists) is string path
        ? new(path, UsualConfiguration, [])
        : null;

    /// <summary>"OpenSSH_9.2p1 ..." as 9.2; null where it does not say.</summary>
    public Version? Version()
    {
        (_, string output, string errors) = Run("-V"); // before 9.0 an error, with the version in its text
        Match version = OpenSsh().Match(output + errors);
        return version.Success ? System.Version.Parse(version.Groups[1].Value) : null;
    }

    /// <summary>sshd -t: null, or what it says is wrong.</summary>
    public string? Check()
    {
        (int code, string output, string errors) = Run(["-t", .. Arguments()]);
        return code == 0 ? null : (errors + output).Trim();
    }

    /// <summary>sshd -T -C: what holds for one connection.</summary>
    /// <exception cref="SshdException">It does not say.</exception>
    public EffectiveConfiguration Evaluate(SshdConnection connection)
    {
        (int code, string output, string errors) = Run(["-T", .. Arguments(), "-C", connection.ToString()]);
        return code == 0 ? EffectiveConfiguration.Parse(output) : throw new SshdException(errors.Trim());
    }

    private IEnumerable<string> Arguments() =>
        [.. ConfigurationFile == UsualConfiguration ? [] : (string[])["-f", ConfigurationFile],
            .. Settings.SelectMany(setting => (string[])["-o", setting])];

    private (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        var ran = Start(arguments);
        if (!ran.Errors.Contains($"Missing privilege separation directory: {Folder}", StringComparison.Ordinal))
        {
            return ran;
        }

        // Debian's unit makes it, and takes it away where systemd has ended sshd until the next connection.
        Directory.CreateDirectory(Folder);
        return Start(arguments);
    }

    private (int Code, string Output, string Errors) Start(string[] arguments)
    {
        var start = new ProcessStartInfo(Path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        var errors = new StringBuilder();
        using var process = System.Diagnostics.Process.Start(start) ?? throw new SshdException($"{Path} does not start");
        process.StandardInput.Close();
        process.ErrorDataReceived += (_, line) => errors.AppendLine(line.Data);
        process.BeginErrorReadLine();
        using var limit = new Timer(_ => process.Kill(), null, _patience, Timeout.InfiniteTimeSpan);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.ToString());
    }

    [GeneratedRegex(@"OpenSSH_(\d+\.\d+)")]
    private static partial Regex OpenSsh();
}

/// <summary>sshd refuses its configuration, in its own words.</summary>
internal sealed class SshdException(string message) : Exception(message);
