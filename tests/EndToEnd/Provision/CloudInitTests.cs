using System.Security.Cryptography;
using System.Text.Json;
using Sallyport.EndToEnd.Harness;
using Tool = Sallyport.EndToEnd.Dev.Command;

namespace Sallyport.EndToEnd.Provision;

/// <summary>eng/cloud-init/user-data.yaml, judged by cloud-init itself and then run as cloud-init would.</summary>
public sealed class Given_the_user_data : IAsyncLifetime
{
    private const UnixFileMode Runnable = (UnixFileMode)0b111_101_101;

    // cloud-init's own way from runcmd to a script.
    private const string Shellify = """
        import sys, yaml
        from cloudinit.util import shellify
        sys.stdout.write(shellify(yaml.safe_load(open(sys.argv[1]))['runcmd']))
        """;

    private static readonly string _userData = Path.Combine(Built.Root, "eng/cloud-init/user-data.yaml");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-user-data-");
    private string Archive => Path.Combine(_folder.FullName, "sallyport.tar.gz");

    /// <summary>What ./dev install makes, packed as the how-to says, with a sallyport that writes down its calls.</summary>
    public async ValueTask InitializeAsync()
    {
        Tools.MustBeThere("cloud-init", "curl", "tar");
        string tree = Path.Combine(_folder.FullName, "tree");
        (await Tool.RunAsync(Path.Combine(Built.Root, "dev"), ["install", $"DESTDIR={tree}"])).Succeeded();
        File.WriteAllText(Path.Combine(tree, "usr/bin/sallyport"), SetupContract.Recorder);
        (await Tool.RunAsync("chown", ["-R", "1000:1000", tree])).Succeeded();
        (await Tool.RunAsync("tar", ["-C", tree, "-czf", Archive, "."])).Succeeded();
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Cloud_init_finds_it_valid()
    {
        Tool schema = (await SchemaAsync(_userData)).Succeeded();

        Assert.StartsWith("Valid cloud-config", schema.Output.Trim(), StringComparison.Ordinal);
        Assert.DoesNotContain("deprecat", schema.Output + schema.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("permissions: \"0644\"", "permissions: 0644")]
    [InlineData("lock_passwd: true", "lock_passwd: perhaps")]
    [InlineData("  - set -eu", "  - set: eu")]
    public async Task Cloud_init_would_see_a_mistake(string right, string wrong)
    {
        string text = File.ReadAllText(_userData);
        string file = Path.Combine(_folder.FullName, "wrong.yaml");
        File.WriteAllText(file, text.Replace(right, wrong, StringComparison.Ordinal));
        Assert.Contains(right, text, StringComparison.Ordinal);

        Assert.NotEqual(0, (await SchemaAsync(file)).ExitCode);
    }

    [Fact]
    public async Task It_calls_setup_once_with_options_that_setup_has()
    {
        string[] setup = await SetupCallAsync();

        Assert.Equal(["sallyport", "setup"], setup[..2]);
        Assert.Contains("--yes", setup);
        Assert.All(setup[2..], argument => Assert.StartsWith("--", argument, StringComparison.Ordinal));
        Assert.Empty(SetupContract.OptionsIn(setup[2..]).Except(await SetupContract.OptionsAsync()));
    }

    [Fact]
    public async Task Run_as_cloud_init_runs_it_the_programs_are_in_place_and_setup_is_called()
    {
        await using Sandbox host = await HostAsync();
        host.Write("/run/runcmd", Script(await ShellifiedAsync(), Digest()), Runnable);

        Outcome run = await host.TryAsync("/run/runcmd");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(
            ["systemctl\tdaemon-reload", "systemctl\tenable\t--now\tsallyport-agent.socket", string.Join('\t', await SetupCallAsync())],
            host.Read("/run/recorded").TrimEnd('\n').Split('\n'));
        // Whoever packed the archive owns nothing here.
        Assert.Equal("0:0 755", (await host.RunAsync("stat", "-c", "%u:%g %a", "/usr/libexec/sallyport/sallyport-agent")).Trim());
        Assert.Equal("0:0 600", (await host.RunAsync("stat", "-c", "%u:%g %a", "/etc/sallyport/sallyport.conf")).Trim());
        Assert.Equal("0:0 755", (await host.RunAsync("stat", "-c", "%u:%g %a", "/etc")).Trim());
    }

    [Fact]
    public async Task Of_an_archive_that_is_another_nothing_is_unpacked_and_setup_is_not_called()
    {
        await using Sandbox host = await HostAsync();
        host.Write("/run/runcmd", Script(await ShellifiedAsync(), new string('a', 64)), Runnable);

        Outcome run = await host.TryAsync("/run/runcmd");

        Assert.NotEqual(0, run.ExitCode);
        Assert.False(host.Exists("/run/recorded"));
        Assert.False(host.Exists("/usr/libexec/sallyport/sallyport-agent"));
    }

    [Fact]
    public async Task With_the_real_setup_the_new_host_asks_and_the_break_glass_key_opens()
    {
        await using StockHost host = await StockHost.StartAsync(real: true);
        host.Sandbox.Write("/usr/local/bin/systemctl", SetupContract.Recorder, Runnable);
        await host.Sandbox.RunAsync("tar", "-C", "/srv/tree", "-czf", "/srv/sallyport-x86_64.tar.gz", ".");
        string digest = (await host.Sandbox.RunAsync("sha256sum", "/srv/sallyport-x86_64.tar.gz")).Split(' ')[0];
        string script = Script(await ShellifiedAsync(), digest).Replace("2027-", "2099-", StringComparison.Ordinal);
        host.Sandbox.Write("/run/runcmd", script, Runnable);

        Outcome run = await host.Sandbox.TryAsync("/run/runcmd");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Contains("AuthenticationMethods publickey,keyboard-interactive", host.Sandbox.Read(StockHost.DropIn), StringComparison.Ordinal);
        Login alice = await host.Client.RunAsync(["ssh", "-o", "KbdInteractiveAuthentication=no", "alice@127.0.0.1", "id -un"]);
        Assert.Equal((255, ""), (alice.ExitCode, alice.Output));
        Login rescue = await host.Client.RunAsync(["ssh", "-o", "KbdInteractiveAuthentication=no", "rescue@127.0.0.1", "id -un"]);
        Assert.Equal((0, "rescue"), (rescue.ExitCode, rescue.Output));
    }

    private async Task<Sandbox> HostAsync()
    {
        Sandbox host = await Sandbox.StartAsync(TestContext.Current.CancellationToken);
        host.Copy(Archive, "/srv/sallyport-x86_64.tar.gz");
        host.Write("/usr/local/bin/systemctl", SetupContract.Recorder, Runnable);
        return host;
    }

    // The lines that the page tells people to change.
    private static string Script(string script, string digest) => script
        .Replace("https://packages.example.org", "file:///srv", StringComparison.Ordinal)
        .Replace(new string('0', 64), digest, StringComparison.Ordinal);

    private string Digest() => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Archive)));

    private static async Task<string> ShellifiedAsync() =>
        (await Tool.RunAsync("/usr/bin/python3", ["-c", Shellify, _userData])).Succeeded().Output;

    private static async Task<string[]> SetupCallAsync()
    {
        Tool runcmd = await Tool.RunAsync("/usr/bin/python3", [
            "-c", "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))['runcmd']))", _userData]);
        using JsonDocument lines = JsonDocument.Parse(runcmd.Succeeded().Output);
        return [
            .. lines.RootElement.EnumerateArray()
                .Single(line => line.ToString().Contains("setup", StringComparison.Ordinal))
                .EnumerateArray().Select(word => word.GetString()!),
        ];
    }

    private static Task<Tool> SchemaAsync(string file) => Tool.RunAsync("cloud-init", ["schema", "-c", file]);
}
