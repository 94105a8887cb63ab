using System.Text.RegularExpressions;

namespace Sallyport.Pam.Tests;

public sealed partial class Given_the_built_module
{
    [Fact]
    public async Task It_exports_what_libpam_calls_and_nothing_else()
    {
        Native.Output symbols = await Native.RunAsync("nm", "-D", "--defined-only", "--format=posix", Native.Module);

        Assert.Equal(
            ["pam_sm_acct_mgmt", "pam_sm_authenticate", "pam_sm_close_session", "pam_sm_open_session", "pam_sm_setcred"],
            symbols.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]).Order());
    }

    [Fact]
    public async Task It_is_hardened()
    {
        Native.Output headers = await Native.RunAsync("readelf", "--wide", "--program-headers", "--dynamic", Native.Module);
        Native.Output symbols = await Native.RunAsync("nm", "-D", "--undefined-only", Native.Module);

        Assert.Contains("GNU_RELRO", headers.Text, StringComparison.Ordinal);
        Assert.Contains("BIND_NOW", headers.Text, StringComparison.Ordinal);
        Assert.Matches(StackThatIsNotExecutable(), headers.Text);
        Assert.DoesNotMatch(WritableAndExecutable(), headers.Text);
        Assert.DoesNotContain("TEXTREL", headers.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("RUNPATH", headers.Text, StringComparison.Ordinal);
        Assert.Contains("__stack_chk_fail", symbols.Text, StringComparison.Ordinal);
        Assert.Contains("__vsyslog_chk", symbols.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_can_neither_fork_nor_start_a_thread_nor_exit_nor_touch_signals()
    {
        Native.Output symbols = await Native.RunAsync("nm", "-D", "--undefined-only", "--format=posix", Native.Module);
        var uses = symbols.Text.Split('\n').Select(line => line.Split(' ', '@')[0]).ToHashSet();

        Assert.Contains("sendmsg", uses);
        Assert.DoesNotContain(uses, name => Forbidden().IsMatch(name));
    }

    [Fact]
    public void Its_source_stays_under_400_lines() =>
        Assert.InRange(File.ReadAllLines(Path.Combine(Native.Source, "pam_sallyport.c")).Length, 1, 399);

    [Fact]
    public async Task Clang_accepts_it_too()
    {
        string output = Directory.CreateTempSubdirectory("sallyport-").FullName;
        try
        {
            Native.Output make = await Native.RunAsync("make", "-C", Native.Source, "CC=clang", $"OUT={output}", "all");

            Assert.True(make.ExitCode == 0, $"install clang and libclang-rt-14-dev (./dev test does)\n{make.Errors}");
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
    }

    [GeneratedRegex(@"GNU_STACK .* RW  +0x", RegexOptions.CultureInvariant)]
    private static partial Regex StackThatIsNotExecutable();

    [GeneratedRegex(" RWE ", RegexOptions.CultureInvariant)]
    private static partial Regex WritableAndExecutable();

    // malloc it may: for the frame, once.
    [GeneratedRegex("^_?(v?fork|clone|pthread_.*|exec.*|posix_spawn.*|system|popen|exit|_exit|abort|signal|sigaction"
        + "|sigprocmask|calloc|realloc|strdup|setuid|setenv|putenv|getenv|dlopen)$", RegexOptions.CultureInvariant)]
    private static partial Regex Forbidden();
}
