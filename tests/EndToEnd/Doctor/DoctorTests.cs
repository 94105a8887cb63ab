using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Doctor;

/// <summary>
/// sallyport doctor on a real sshd. Each faulty layout first shows its harm: somebody gets in who must not, or nobody
/// does. Each healthy one first shows that it asks.
/// </summary>
public sealed class DoctorTests
{
    private const string Documentation = "docs/reference/doctor.md";

    public static TheoryData<string> Faults => [.. FaultyLayouts.All.Keys];

    public static TheoryData<string> Healthy => [.. HealthyLayouts.All.Keys];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task It_names_what_does_harm(string layout)
    {
        Fault fault = FaultyLayouts.All[layout];
        await using DoctorHost host = await DoctorHost.StartAsync(fault.Layout);

        await fault.Harm(host);
        Diagnosis diagnosis = await host.DoctorAsync();

        Assert.True(diagnosis.Serious.Contains(fault.Id), diagnosis.Text);
        Assert.Equal(diagnosis.Findings.Any(f => f.Severity == "error") ? 1 : 2, diagnosis.ExitCode);
    }

    [Theory]
    [MemberData(nameof(Healthy))]
    public async Task It_has_nothing_to_say_of_what_is_right(string layout)
    {
        await using DoctorHost host = await DoctorHost.StartAsync(HealthyLayouts.All[layout]);

        (await host.SshAsync(["alice@server", "id -un"])).MustBeRefused(host.World);
        (await host.Alice.SshAsync("id -un", host.Alice.Phone.WrongPasscode(), "correct horse")).MustBeRefused(host.World);
        (await host.Alice.SshAsync("id -un", host.Alice.Phone.Passcode(), "correct horse")).MustBeAllowed(host.World);
        Diagnosis diagnosis = await host.DoctorAsync();

        Assert.True(diagnosis.Serious.Length == 0, diagnosis.Text);
        Assert.Equal(0, diagnosis.ExitCode);
    }

    [Fact]
    public void Faults_are_of_twenty_five_kinds_and_more_and_ten_layouts_are_healthy()
    {
        Assert.InRange(FaultyLayouts.All.Values.Select(fault => fault.Id).Distinct().Count(), 25, 100);
        Assert.InRange(HealthyLayouts.All.Count, 10, 100);
    }

    [Fact]
    public async Task Each_finding_has_its_entry_in_the_documentation_and_no_other_has()
    {
        string[] known =
        [
            .. Regex.Matches(await SourceAsync("src/Cli/Doctor/FindingId.cs"), "= \"([a-z-]+)\";").Select(m => m.Groups[1].Value),
        ];
        string[] described =
        [
            .. Regex.Matches(await SourceAsync(Documentation), "^\\| `([a-z-]+)` \\|", RegexOptions.Multiline)
                .Select(m => m.Groups[1].Value),
        ];

        Assert.NotEmpty(known);
        Assert.Equal(known.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    private static Task<string> SourceAsync(string path) =>
        File.ReadAllTextAsync(Path.Combine(Built.Root, path), TestContext.Current.CancellationToken);
}
