using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Sallyport.Bench;

/// <summary>One way into a host: a program that ends with 0 where it lets the user in, or a start of it.</summary>
/// <param name="Arguments">For a user and the address of his ssh client.</param>
internal sealed partial record HostLogin(string Name, string Program, Func<string, string, string[]> Arguments)
{
    private const int Children = -1; // RUSAGE_CHILDREN

    private int RightExit { get; init; }

    /// <summary>Only its start and its end: with -v both say what they are, and end with 1.</summary>
    public static HostLogin Version(string program) =>
        new($"{Path.GetFileName(program)} -v", program, static (_, _) => ["-v"]) { RightExit = 1 };

    public static HostLogin LoginDuo(string file) =>
        new("login_duo (Debian)", "login_duo", (user, address) => ["-c", file, "-f", user, "-h", address, "/bin/true"]);

    public static HostLogin SallyportLogin(Options options) =>
        new("sallyport-login, warm agent", options.Login, (user, address) => ["-f", user, "-h", address, "/bin/true"]);

    public static HostLogin PamDuo(Options options, string file) =>
        Pam("pam_duo (Debian)", options, [options.PamDuo, "--", $"conf={file}"]);

    /// <summary>pam_duo and ours are behind nothing here: ours has to be told that a first factor was.</summary>
    public static HostLogin PamSallyport(Options options) => Pam(
        "pam_sallyport, warm agent", options, [options.Module, "--", $"socket={AgentProcess.Socket}", "after_first_factor"]);

    /// <summary>Without standard input: headless. What it says is not shown.</summary>
    public Process Start(string user, string address)
    {
        Process login = Process.Start(new ProcessStartInfo(Program, Arguments(user, address))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        login.StandardInput.Close();
        return login;
    }

    /// <summary>A whole login: milliseconds from its start to its end, and of CPU.</summary>
    public (double Wall, double Cpu) Run(string user, string address)
    {
        double before = ChildrenMilliseconds();
        long begin = Stopwatch.GetTimestamp();
        using Process login = Start(user, address);
        login.WaitForExit();
        double wall = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        Expect(login);
        return (wall, ChildrenMilliseconds() - before);
    }

    public void Expect(Process ended)
    {
        if (ended.ExitCode != RightExit)
        {
            throw new InvalidOperationException(
                $"{Name} ended with {ended.ExitCode}: {ended.StandardOutput.ReadToEnd()}{ended.StandardError.ReadToEnd()}");
        }
    }

    // Its first prompt is answered with Enter at once. Code 0 is PAM_SUCCESS.
    private static HostLogin Pam(string name, Options options, string[] module) => new(
        name, options.PamLoop, (user, address) => ["-u", user, "-R", address, "-A", "", "-e", "0", "-v", "-m", .. module]);

    private static double ChildrenMilliseconds()
    {
        Span<long> usage = stackalloc long[18]; // struct rusage: user and system time come first
        return getrusage(Children, usage) == 0
            ? (usage[0] * 1000.0) + (usage[1] / 1000.0) + (usage[2] * 1000.0) + (usage[3] / 1000.0)
            : throw new InvalidOperationException("getrusage");
    }

    [LibraryImport("libc")]
    private static partial int getrusage(int who, Span<long> usage);
}
