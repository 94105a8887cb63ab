using Sallyport.EndToEnd.Dev;
using Built = Sallyport.EndToEnd.Harness.Built;

namespace Sallyport.EndToEnd.Systemd;

/// <summary>What ./dev install leaves under DESTDIR.</summary>
public sealed class Given_an_installed_tree : IAsyncLifetime
{
    private const UnixFileMode Program = (UnixFileMode)0b111_101_101;
    private const UnixFileMode Readable = (UnixFileMode)0b110_100_100;
    private const UnixFileMode RootOnly = (UnixFileMode)0b110_000_000;

    private readonly DirectoryInfo _tree = Directory.CreateTempSubdirectory("sallyport-tree-");

    public async ValueTask InitializeAsync()
    {
        Built.RequireHostPrograms();
        await InstallAsync();
    }

    public ValueTask DisposeAsync()
    {
        _tree.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void Each_file_is_where_a_package_would_put_it_and_nothing_else_is_there()
    {
        Assert.Equal(
            [
                ("etc/sallyport/sallyport.conf", RootOnly),
                ("usr/bin/sallyport", Program),
                ("usr/bin/sallyport-server", Program), // a link
                ("usr/lib/sallyport-server/libe_sqlite3.so", Program),
                ("usr/lib/sallyport-server/sallyport-server", Program),
                ("usr/lib/systemd/system/sallyport-agent.service", Readable),
                ("usr/lib/systemd/system/sallyport-agent.socket", Readable),
                ("usr/lib/systemd/system/sallyport-server.service", Readable),
                ("usr/lib/systemd/system/sallyport-server.socket", Readable),
                ("usr/lib/systemd/system/sallyport-setup-boot.service", Readable),
                ("usr/lib/systemd/system/sallyport-setup-undo.service", Readable),
                ("usr/lib/systemd/system/sallyport-setup-undo.timer", Readable),
                ("usr/lib/sysusers.d/sallyport-server.conf", Readable),
                ("usr/lib/tmpfiles.d/sallyport-server.conf", Readable),
                (ModulePath(), Readable),
                ("usr/libexec/sallyport/sallyport-agent", Program),
                ("usr/sbin/sallyport-login", Program),
                ("usr/share/bash-completion/completions/sallyport", Readable),
                ("usr/share/bash-completion/completions/sallyport-server", Readable),
                ("usr/share/fish/vendor_completions.d/sallyport.fish", Readable),
                ("usr/share/man/man1/sallyport.1", Readable),
                ("usr/share/man/man5/sallyport.conf.5", Readable),
                ("usr/share/man/man8/pam_sallyport.8", Readable),
                ("usr/share/man/man8/sallyport-agent.8", Readable),
                ("usr/share/man/man8/sallyport-login.8", Readable),
                ("usr/share/man/man8/sallyport-server.8", Readable),
                ("usr/share/sallyport/duo.conf", Readable),
                ("usr/share/sallyport/home-files.conf", Readable),
                ("usr/share/zsh/vendor-completions/_sallyport", Readable),
            ],
            Files());
    }

    [Fact]
    public void The_module_lies_beside_the_distributions_own()
    {
        string folder = Path.GetDirectoryName("/" + ModulePath())!;

        Assert.True(File.Exists(Path.Combine(folder, "pam_unix.so")), folder);
    }

    [Fact]
    public async Task A_configuration_that_is_there_is_kept()
    {
        string configuration = Path.Combine(_tree.FullName, "etc/sallyport/sallyport.conf");
        File.WriteAllText(configuration, "# mine\n");

        await InstallAsync();

        Assert.Equal("# mine\n", File.ReadAllText(configuration));
    }

    [Fact]
    public async Task A_folder_that_is_not_absolute_is_not_guessed_at()
    {
        Command install = await Command.RunAsync(Path.Combine(Built.Root, "dev"), ["install", "DESTDIR=relative"]);

        Assert.Equal(1, install.ExitCode);
        Assert.Contains("DESTDIR=/absolute/folder", install.Error, StringComparison.Ordinal);
    }

    private async Task InstallAsync() => (await Command.RunAsync(
        Path.Combine(Built.Root, "dev"), ["install", $"DESTDIR={_tree.FullName}"])).Succeeded();

    private string ModulePath() => Files().Single(f => f.Path.EndsWith("/pam_sallyport.so", StringComparison.Ordinal)).Path;

    private (string Path, UnixFileMode Mode)[] Files() =>
    [
        .. _tree.EnumerateFiles("*", SearchOption.AllDirectories)
            .Select(f => (Path.GetRelativePath(_tree.FullName, f.FullName), f.UnixFileMode))
            .OrderBy(f => f.Item1, StringComparer.Ordinal),
    ];
}
