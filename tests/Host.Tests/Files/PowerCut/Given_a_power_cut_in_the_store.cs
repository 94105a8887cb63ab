using Sallyport.Protocol;

namespace Sallyport.Host.Tests.Files.PowerCut;

/// <summary>
/// The script is played once, every call that it makes to the kernel is recorded, and the power is cut after each of
/// them, in every way that a disk may take it. It runs when the others have ended: it takes a processor for itself, and
/// some of them look at the time.
/// </summary>
[Collection(nameof(Alone))]
public sealed class Given_a_power_cut_in_the_store(
    Given_a_power_cut_in_the_store.Recording recording, ITestOutputHelper output)
    : IClassFixture<Given_a_power_cut_in_the_store.Recording>
{
    private readonly PowerCutCheck _check = recording.Check;

    /// <summary>Else the recorder has overlooked a call, and the other tests prove nothing.</summary>
    [Fact]
    public void The_recorded_calls_make_the_folder_that_was_left()
    {
        Disk disk = new();
        foreach (DiskCall call in recording.Calls)
        {
            disk.Apply(call);
        }

        Assert.Equal(recording.Left, disk.Whole());
        Assert.Equal(StoreScript.Steps.Count, recording.Calls.OfType<DiskCall.Returned>().Count());
    }

    [Fact]
    public void Nothing_acknowledged_works_again_and_nothing_is_unreadable()
    {
        using PowerCutCheck check = new(); // whose count is of this test alone
        Assert.Null(check.FirstViolation(recording.Calls));

        output.WriteLine($"{StoreScript.Steps.Count} steps, {recording.Calls.Count} calls, "
            + $"{check.States} states, {check.Different} of them different");
        Assert.InRange(check.States, 1000, int.MaxValue);
        Assert.InRange(check.Different, 1000, int.MaxValue);
    }

    /// <summary>
    /// The same at the agent: it reads every entry of every state, and lets nobody in by what let in somebody before the
    /// cut.
    /// </summary>
    [Fact]
    public void The_agent_reads_every_state_and_allows_nothing_that_was_acknowledged()
    {
        using var check = new PowerCutAtTheAgent();

        foreach ((Dictionary<string, byte[]> state, int returned) in PowerCutCheck.StatesOf(recording.Calls))
        {
            Assert.Null(check.Violation(state, returned));
        }

        output.WriteLine($"{check.Logins} logins in {check.States} states");
        Assert.InRange(check.States, 1000, int.MaxValue);
        Assert.InRange(check.Logins, 5 * check.States, int.MaxValue);
    }

    /// <summary>The proof that the agent's check can fail: a record that was not yet written lets a code in again.</summary>
    [Fact]
    public void The_agent_allows_what_a_state_does_not_know_of()
    {
        using var check = new PowerCutAtTheAgent();
        Disk disk = new();
        foreach (DiskCall call in recording.Calls.TakeWhile(call => call is not DiskCall.Returned))
        {
            disk.Apply(call); // enrolled, and nobody has logged in
        }

        Assert.Contains("passcode of daemon", check.Violation(disk.Whole(), returned: 2), StringComparison.Ordinal);
    }

    /// <summary>The proof that the check can fail, and that the store syncs no more than it must.</summary>
    [Fact]
    public void Without_any_one_of_the_syncs_a_promise_is_broken()
    {
        List<int> needless = [];
        int syncs = 0;
        for (int i = 0; i < recording.Calls.Count; i++)
        {
            if (recording.Calls[i] is DiskCall.SyncedFile or DiskCall.SyncedFolder)
            {
                syncs++;
                string? violation = _check.FirstViolation([.. recording.Calls.Where((_, j) => j != i)], from: i);
                output.WriteLine($"without call {i}: {(violation ?? "nothing").Split('\n')[0]}");
                if (violation is null)
                {
                    needless.Add(i);
                }
            }
        }

        // The first login after an enrolment syncs the folder once more; see the test below.
        Assert.Equal(FirstLogins(), needless);
        Assert.InRange(syncs, 35, int.MaxValue);
    }

    [Fact]
    public void With_records_in_one_slot_only_a_promise_is_broken()
    {
        DiskCall InFirstSlot(DiskCall call) =>
            call is DiskCall.Wrote { Data.Length: TotpRecord.Bytes } record ? record with { Offset = TotpEnrolment.TextBytes } : call;

        Assert.NotNull(_check.FirstViolation([.. recording.Calls.Select(InFirstSlot)]));
    }

    [Fact]
    public void With_a_name_given_before_its_file_is_on_disk_a_promise_is_broken()
    {
        List<DiskCall> calls = [.. recording.Calls];
        int rename = calls.FindIndex(call => call is DiskCall.Renamed);
        int sync = calls.FindLastIndex(rename, call => call is DiskCall.SyncedFile);
        (calls[sync], calls[rename]) = (calls[rename], calls[sync]);

        Assert.NotNull(_check.FirstViolation(calls));
    }

    /// <summary>
    /// An enrolment that dies between giving a name and syncing it has not returned; but the login that comes next is
    /// allowed by it, and what that one uses up must not be lost with the name.
    /// </summary>
    [Fact]
    public void The_first_login_makes_good_for_an_enrolment_that_died()
    {
        foreach (int login in FirstLogins())
        {
            List<DiskCall> calls = [.. recording.Calls];
            int rename = calls.FindLastIndex(login, call => call is DiskCall.Renamed);
            int sync = calls.FindIndex(rename, call => call is DiskCall.SyncedFolder);
            int returned = calls.FindIndex(rename, call => call is DiskCall.Returned);
            Assert.True(rename < sync && sync < returned && returned < login);
            calls.RemoveAt(returned);
            calls.RemoveAt(sync);
            Assert.Null(_check.FirstViolation(calls, from: rename));

            calls.RemoveAt(login - 2);
            Assert.NotNull(_check.FirstViolation(calls, from: rename));
        }
    }

    /// <summary>Where a login syncs the folder before it writes its record.</summary>
    private List<int> FirstLogins() =>
    [
        .. Enumerable.Range(0, recording.Calls.Count - 1).Where(i =>
            recording.Calls[i] is DiskCall.SyncedFolder && recording.Calls[i + 1] is DiskCall.Wrote),
    ];

    /// <summary>One recorded run for all tests, and what they have found out together.</summary>
    public sealed class Recording : IDisposable
    {
        public Recording()
        {
            DirectoryInfo folder = Directory.CreateTempSubdirectory("sallyport-recorded-");
            try
            {
                Calls = DiskRecorder.Record(folder.FullName);
                Left = folder.GetFiles().ToDictionary(file => file.Name, file => File.ReadAllBytes(file.FullName));
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }

        internal IReadOnlyList<DiskCall> Calls { get; }

        internal Dictionary<string, byte[]> Left { get; }

        internal PowerCutCheck Check { get; } = new();

        public void Dispose() => Check.Dispose();
    }

    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;
}
