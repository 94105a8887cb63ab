using System.Diagnostics;
using Sallyport.Pam.Tests;

[assembly: AssemblyFixture(typeof(BuiltShim))]

namespace Sallyport.Pam.Tests;

/// <summary>Where the module and the programs that test it are. <c>src/Pam/Makefile</c> builds them.</summary>
internal static class Native
{
    public static string Root { get; } = FindRoot();

    public static string Source { get; } = Path.Combine(Root, "src", "Pam");

    public static string Module { get; } = Path.Combine(Root, "out", "host", "pam_sallyport.so");

    /// <summary>The shim under sanitizers, against a PAM of our own.</summary>
    public static string Driver { get; } = Path.Combine(Root, "out", "test", "driver");

    /// <summary>As <see cref="Driver"/>, but an agent may be silent for 1.5 s only.</summary>
    public static string ImpatientDriver { get; } = Driver + "-impatient";

    /// <summary>Loads the module through the real libpam.</summary>
    public static string LibPam { get; } = Path.Combine(Root, "out", "test", "libpam");

    public static async Task<Output> RunAsync(string program, params IEnumerable<string> arguments)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        process.Start();
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new Output(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Sallyport.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("Sallyport.slnx is in no folder above the tests.");
    }

    internal sealed record Output(int ExitCode, string Text, string Errors);
}

/// <summary>Builds the shim once, before the first test.</summary>
public sealed class BuiltShim : IAsyncLifetime
{
    public async ValueTask InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new InvalidOperationException(
                "The shim talks to an agent of uid 0 only: run these tests as root (./dev test, or sudo dotnet test).");
        }

        Native.Output make;
        try
        {
            make = await Native.RunAsync("make", "-C", Native.Source, "all", "check-driver");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new InvalidOperationException("install make, gcc and libpam0g-dev (./dev test does)");
        }

        if (make.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"install make, gcc and libpam0g-dev (./dev test does), if that is what this is about:\n{make.Errors}");
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
