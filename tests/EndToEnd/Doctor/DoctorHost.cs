using System.Text.Json;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Doctor;

/// <summary>What doctor said.</summary>
internal sealed record Diagnosis(int ExitCode, IReadOnlyList<(string Id, string Severity, string Where)> Findings, string Text)
{
    public string[] Ids => [.. Findings.Select(finding => finding.Id)];

    /// <summary>Those that are more than a note.</summary>
    public string[] Serious => [.. Findings.Where(f => f.Severity != "note").Select(f => f.Id)];
}

/// <summary>A throw-away machine with a layout of its own: its sshd reads /etc/ssh/sshd_config, as sshd does anywhere.</summary>
internal sealed class DoctorHost : IAsyncDisposable
{
    private const string PidFile = "/run/sshd.pid";
    private const string Program = "/usr/bin/sallyport";

    private DoctorHost(World world, Account alice) => (World, Alice) = (world, alice);

    public World World { get; }

    public Sandbox Sandbox => World.Sandbox;

    /// <summary>She has a key and a phone.</summary>
    public Account Alice { get; }

    /// <param name="prepare">What comes before the layout.</param>
    public static async Task<DoctorHost> StartAsync(Layout layout, Func<DoctorHost, Task>? prepare = null)
    {
        World world = await World.StartAsync();
        try
        {
            world.Sandbox.Copy(Built.Command, Program);
            var host = new DoctorHost(world, await world.AddAccountAsync("alice"));
            await host.Alice.EnrolAsync("TOTP_AUTH", "DISALLOW_REUSE");
            foreach (string name in layout.People)
            {
                await world.AddAccountAsync(name);
            }

            await (prepare?.Invoke(host) ?? Task.CompletedTask);
            await host.ArrangeAsync(layout);
            return host;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => World.DisposeAsync();

    public Task<Login> SshAsync(string[] words, params string[] answers) => World.Client.RunAsync(["ssh", .. words], answers);

    public async Task<Diagnosis> DoctorAsync(params string[] words)
    {
        Outcome outcome = await Sandbox.TryAsync([Program, "doctor", "--json", .. words]);
        Assert.True(outcome.Errors.Length == 0, outcome.ToString());
        using var json = JsonDocument.Parse(outcome.Output);
        return new(
            outcome.ExitCode,
            [.. json.RootElement.GetProperty("findings").EnumerateArray().Select(finding =>
                (Text(finding, "id"), Text(finding, "severity"), Text(finding, "where")))],
            outcome.Output);
    }

    /// <summary>Waits until sshd has given up on alice.</summary>
    public Task NobodyLogsInAsync() => Wait.UntilAsync(
        () => !Directory.EnumerateDirectories(Sandbox.Outside("/proc")).Any(IsHers), "sshd gives up",
        TestContext.Current.CancellationToken);

    private static bool IsHers(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/cmdline").StartsWith("sshd: alice", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false; // no process, or no longer
        }
    }

    private async Task ArrangeAsync(Layout layout)
    {
        Sandbox.Write("/etc/ssh/sshd_config", $"""
            {layout.First}
            ListenAddress 127.0.1.1
            HostKey /etc/ssh/host_key
            PidFile {PidFile}
            {layout.Lines}
            {layout.Last}

            """);
        World.SetPam("sshd", layout.Pam);
        World.Agent.Configure(layout.Configuration);
        await Sandbox.RunAsync("sh", "-ec", layout.Shell);

        if (layout.RestartsAgent)
        {
            await World.Agent.KillAsync();
            await World.Agent.StartAsync();
        }

        // The one that every world has reads another file; and doctor looks at each that listens.
        await Sandbox.RunAsync("sh", "-c", "kill $(cat /run/sshd-server.pid); while [ -e /run/sshd-server.pid ]; do sleep 0.01; done");
        await Sandbox.RunAsync(["/usr/sbin/sshd", .. layout.Arguments]);
        await Wait.UntilAsync(() => Sandbox.Exists(PidFile), "sshd listens", TestContext.Current.CancellationToken);
        await Sandbox.RunAsync("sh", "-ec", layout.Later);
    }

    private static string Text(JsonElement finding, string name)
    {
        string text = finding.GetProperty(name).GetString()!;
        Assert.True(text.Length > 0 || name == "where", $"'{name}' is empty in {finding}");
        return text;
    }
}
