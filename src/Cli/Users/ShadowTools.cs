using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Sallyport.Cli.Users;

/// <summary>How a program of the distribution ended, and what it said on its two outputs.</summary>
internal sealed record Ended(int ExitCode, string Output, string Errors)
{
    /// <summary>In one line, without what could move the cursor.</summary>
    public string Reason => Errors.Trim().Length == 0 ? $"exit code {ExitCode}"
        : string.Concat(Errors.Trim().Replace('\n', ';').Select(c => char.IsControl(c) ? '?' : c));
}

/// <summary>
/// useradd, usermod and userdel, and sshd for what it reads: by their absolute paths, each argument by itself, never
/// through a shell, and with nothing of the caller's environment.
/// </summary>
internal static class ShadowTools
{
    /// <exception cref="IOException">The program is not there.</exception>
    public static Ended Add(NewUser user, string? shell) => Run("useradd",
        ["--create-home", "--comment", user.Unfinished, .. shell is null ? (string[])[] : ["--shell", shell],
            .. user.Groups.Count == 0 ? (string[])[] : ["--groups", string.Join(',', user.Groups)], "--", user.Name]);

    /// <summary>Where useradd will make the home.</summary>
    /// <exception cref="IOException">It does not say.</exception>
    public static string HomeOf(string name)
    {
        string? line = Run("useradd", ["-D"]).Output.Split('\n').FirstOrDefault(l => l.StartsWith("HOME=/", StringComparison.Ordinal));
        return line is null ? throw new IOException("useradd -D does not say where homes are") : $"{line[5..].TrimEnd('/')}/{name}";
    }

    /// <summary>The account is no longer one that was not finished.</summary>
    public static Ended Finish(string name) => Run("usermod", ["--comment", "", "--", name]);

    public static Ended AddToGroups(string name, IReadOnlyList<string> groups) =>
        Run("usermod", ["--append", "--groups", string.Join(',', groups), "--", name]);

    public static Ended Delete(string name, bool home) => Run("userdel", [.. home ? (string[])["--remove"] : [], "--", name]);

    /// <summary>sshd's effective configuration for an account, as lines "keyword value" in small letters; null: it does not say.</summary>
    public static string[]? Sshd(string name)
    {
        try
        {
            Ended said = Run("sshd", ["-T", "-C", $"user={name},host=localhost,addr=127.0.0.1"]);
            return said.ExitCode == 0 ? said.Output.Split('\n') : null;
        }
        catch (IOException)
        {
            return null; // no sshd here
        }
    }

    private static Ended Run(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo($"/usr/sbin/{program}", arguments)
        {
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LC_ALL"] = "C";
        var errors = new StringBuilder();
        try
        {
            using Process running = Process.Start(start)!;
            running.ErrorDataReceived += (_, line) => errors.AppendLine(line.Data);
            running.BeginErrorReadLine();
            running.StandardInput.Close();
            string output = running.StandardOutput.ReadToEnd();
            running.WaitForExit();
            return new(running.ExitCode, output, errors.ToString());
        }
        catch (Win32Exception missing)
        {
            throw new IOException($"/usr/sbin/{program}: {missing.Message}", missing);
        }
    }
}
