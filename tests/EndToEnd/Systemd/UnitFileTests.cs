using System.Globalization;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Dev;
using Built = Sallyport.EndToEnd.Harness.Built;

namespace Sallyport.EndToEnd.Systemd;

/// <summary>What systemd-analyze thinks of the units, as files.</summary>
public sealed partial class Given_the_unit_files : IDisposable
{
    private const string Service = "sallyport-agent.service";
    private const string Server = "sallyport-server.service";

    private static readonly string _units = Path.Combine(Built.Root, "eng", "systemd");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-units-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_sandbox_for_a_store_that_only_root_reads_is_tight()
    {
        Copy(Service, Service);

        Assert.InRange(await ExposureAsync(), 0.0, 1.0);
    }

    [Fact]
    public async Task The_sandbox_for_home_files_stays_below_the_limit()
    {
        Copy(Service, Service);
        Copy("home-files.conf", $"{Service}.d/home-files.conf");

        Assert.InRange(await ExposureAsync(), 1.1, 2.5);
    }

    [Fact]
    public async Task An_open_sandbox_would_be_seen()
    {
        string unit = File.ReadAllText(Path.Combine(_units, Service));
        File.WriteAllText(
            Path.Combine(_folder.FullName, Service),
            unit.Replace("CapabilityBoundingSet=\n", "", StringComparison.Ordinal)
                .Replace("ProtectSystem=strict\n", "", StringComparison.Ordinal)
                .Replace("PrivateNetwork=yes\n", "", StringComparison.Ordinal));

        Assert.InRange(await ExposureAsync(), 2.6, 10.0);
    }

    [Fact]
    public async Task The_sandbox_of_the_server_has_a_network_and_one_privilege()
    {
        Copy(Server, Server);

        Assert.InRange(await ExposureAsync(Server), 0.0, 1.6);
    }

    private async Task<double> ExposureAsync(string service = Service)
    {
        Command analysis = (await Command.RunAsync(
            "systemd-analyze",
            ["security", "--offline=true", "--no-pager", "--threshold=100", Path.Combine(_folder.FullName, service)]))
            .Succeeded();
        Match level = Overall().Match(analysis.Output);
        Assert.True(level.Success, analysis.Output);
        return double.Parse(level.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    private void Copy(string from, string to)
    {
        string target = Path.Combine(_folder.FullName, to);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(Path.Combine(_units, from), target);
    }

    [GeneratedRegex(@"Overall exposure level for \S+: ([0-9.]+)")]
    private static partial Regex Overall();
}
