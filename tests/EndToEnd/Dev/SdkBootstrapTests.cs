namespace Sallyport.EndToEnd.Dev;

public sealed class Given_a_machine_without_the_SDK : IDisposable
{
    /// <summary>Does what Microsoft's script does as far as ./dev can see: it leaves a dotnet in the folder asked for.</summary>
    private const string InstallScript = """
        #!/usr/bin/env bash
        echo "asked for: $*"
        while [ "$1" != --install-dir ]; do shift; done
        mkdir -p "$2"
        printf '#!/bin/sh\nif [ "$1" = --version ]; then echo 10.0.100; else echo "own SDK: $*"; fi\n' >"$2/dotnet"
        chmod +x "$2/dotnet"
        """;

    private readonly BareMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task It_fetches_the_install_script_says_so_and_uses_what_that_leaves_in_its_own_folder()
    {
        using DownloadServer server = new(InstallScript);

        Command dev = (await _machine.DevAsync(server.Url, "dotnet", "hello")).Succeeded();

        Assert.Equal("own SDK: hello\n", dev.Output);
        Assert.Contains("The .NET SDK is missing", dev.Error, StringComparison.Ordinal);
        Assert.Contains(server.Url, dev.Error, StringComparison.Ordinal);
        Assert.Contains($"--channel 10.0 --install-dir {_machine.Root}/out/dotnet", dev.Error, StringComparison.Ordinal);
        Assert.Equal(1, server.Requests);
    }

    [Fact]
    public async Task It_fetches_the_SDK_once()
    {
        using DownloadServer server = new(InstallScript);
        await _machine.DevAsync(server.Url, "dotnet", "hello");

        Command second = (await _machine.DevAsync(server.Url, "dotnet", "again")).Succeeded();

        Assert.Equal("own SDK: again\n", second.Output);
        Assert.Equal("", second.Error);
        Assert.Equal(1, server.Requests);
    }

    [Fact]
    public async Task It_passes_over_an_SDK_that_does_not_satisfy_global_json()
    {
        using DownloadServer server = new(InstallScript);
        _machine.AddProgram("dotnet", "echo 'A compatible .NET SDK was not found.' >&2; exit 145");

        Command dev = (await _machine.DevAsync(server.Url, "dotnet", "hello")).Succeeded();

        Assert.Equal("own SDK: hello\n", dev.Output);
    }

    [Fact]
    public async Task It_takes_the_distributions_package_where_there_is_one()
    {
        using DownloadServer server = new(InstallScript);
        _machine.AddProgram("apt-cache", "[ \"$2\" != dotnet-sdk-10.0 ] || printf '  Candidate: 10.0.109\\n'");
        _machine.AddProgram("apt-get", $"""
            echo "$*" >>{_machine.Root}/apt.log
            case " $* " in *" install dotnet-sdk-10.0 "*)
                printf '#!/bin/sh\nif [ "$1" = --version ]; then echo 10.0.109; else echo "packaged SDK: $*"; fi\n' \
                    >{_machine.Bin}/dotnet
                chmod +x {_machine.Bin}/dotnet
            esac
            """);

        Command dev = (await _machine.DevAsync(server.Url, "dotnet", "hello")).Succeeded();

        Assert.Equal("packaged SDK: hello\n", dev.Output);
        Assert.Contains("Installing with apt: dotnet-sdk-10.0", dev.Error, StringComparison.Ordinal);
        Assert.Equal(0, server.Requests);
    }

    [Fact]
    public async Task It_says_what_to_do_next_when_the_download_fails()
    {
        string url;
        using (DownloadServer server = new(""))
        {
            url = server.Url;
        }

        Command dev = await _machine.DevAsync(url, "dotnet", "hello");

        Assert.Equal(1, dev.ExitCode);
        Assert.Contains($"could not be fetched from {url}", dev.Error, StringComparison.Ordinal);
        Assert.Contains("https_proxy", dev.Error, StringComparison.Ordinal);
        Assert.Contains("DOTNET_ROOT", dev.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_says_what_to_do_next_when_the_script_leaves_no_SDK()
    {
        using DownloadServer server = new("exit 0");

        Command dev = await _machine.DevAsync(server.Url, "dotnet", "hello");

        Assert.Equal(1, dev.ExitCode);
        Assert.Contains($"Remove {_machine.Root}/out/dotnet", dev.Error, StringComparison.Ordinal);
    }
}
