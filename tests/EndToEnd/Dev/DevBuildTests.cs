using System.Globalization;

namespace Sallyport.EndToEnd.Dev;

/// <summary>Runs ./dev build over a stand-in for dotnet that leaves a compiler server behind, as the real one does.</summary>
public sealed class Given_a_build_that_leaves_a_compiler_server_behind : IDisposable
{
    private readonly BareMachine _machine = new();

    public Given_a_build_that_leaves_a_compiler_server_behind()
    {
        foreach (string input in (string[])
            ["src/Protocol/a", "src/Host/a", "src/Agent/a", "src/Cli/a", "src/Login/a", "src/Server/a", "Directory.Build.props",
             "Directory.Packages.props", ".editorconfig", "eng/BannedSymbols.txt", "src/Pam/Makefile", "src/Pam/pam_sallyport.c"])
        {
            _machine.Write(input, "one");
        }

        _machine.AddProgram("dotnet", $$"""
            if [ "$1" = --version ]; then echo 10.0.100; exit; fi
            echo "$2" >>{{_machine.Root}}/published
            sleep 600 </dev/null >/dev/null 2>&1 &
            echo $! >>{{_machine.Root}}/servers
            while [ "$1" != -o ]; do shift; done
            mkdir -p "$2"
            touch "$2/${2##*/}" "$2/${2##*/}.dbg"
            """);
        _machine.AddProgram("make", $"touch {_machine.Root}/out/host/pam_sallyport.so");
    }

    private string[] Published => Lines("published");

    public void Dispose()
    {
        foreach (string server in Lines("servers"))
        {
            using var process = System.Diagnostics.Process.GetProcessById(int.Parse(server, CultureInfo.InvariantCulture));
            process.Kill();
        }

        _machine.Dispose();
    }

    [Fact]
    public async Task The_next_build_does_not_wait_for_it_to_go()
    {
        (await _machine.DevAsync("", "build")).Succeeded();
        _machine.Write("src/Host/a", "two");

        (await _machine.DevAsync("", "build")).Succeeded();

        // The server has nothing of Host.
        Assert.Equal(["src/Agent", "src/Cli", "src/Login", "src/Server", "src/Agent", "src/Cli", "src/Login"], Published);
    }

    [Fact]
    public async Task What_has_not_changed_is_not_built_again()
    {
        (await _machine.DevAsync("", "build")).Succeeded();

        (await _machine.DevAsync("", "build")).Succeeded();

        Assert.Equal(["src/Agent", "src/Cli", "src/Login", "src/Server"], Published);
    }

    private string[] Lines(string file) => File.ReadAllLines(Path.Combine(_machine.Root, file));
}
