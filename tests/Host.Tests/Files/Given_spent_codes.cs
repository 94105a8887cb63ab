using Sallyport.Host.Files;

namespace Sallyport.Host.Tests.Files;

public sealed class Given_spent_codes : IDisposable
{
    private static readonly DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(1_000_000_000);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-spent-");

    private string PathOfFile => Path.Combine(_folder.FullName, "spent-codes");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(CodeKind.TimeStep)]
    [InlineData(CodeKind.Counter)]
    [InlineData(CodeKind.RecoveryCode)]
    public void When_the_agent_starts_again_it_knows_the_code_and_no_other(object kind)
    {
        var code = new SpentCode(7, (CodeKind)kind, 33_333_333);
        using (SpentCodes codes = Open())
        {
            Assert.NotNull(codes.TrySpend(code, _now));
            Assert.False(codes.WasSpent(code, out _)); // the state file of this login knows it
        }

        using SpentCodes again = Open();
        Assert.True(again.WasSpent(code, out _));
        Assert.False(again.WasSpent(code with { Secret = 8 }, out _));
        Assert.False(again.WasSpent(code with { Kind = CodeKind.Unspecified }, out _));
        Assert.False(again.WasSpent(code with { Value = 33_333_334 }, out _));
    }

    [Fact]
    public void When_the_state_file_knows_the_code_it_is_forgotten()
    {
        SpentCode code = Step(1);
        using (SpentCodes codes = Open())
        {
            codes.TrySpend(code, _now)!.Forget();
        }

        using (SpentCodes again = Open())
        {
            Assert.False(again.WasSpent(code, out _));
            Assert.NotNull(again.TrySpend(code, _now));
        }

        using (SpentCodes afterAPowerCut = Open())
        {
            Assert.True(afterAPowerCut.WasSpent(code, out SpentCodes.Entry? entry));
            entry.Forget();
            Assert.False(afterAPowerCut.WasSpent(code, out _));
        }

        using SpentCodes last = Open();
        Assert.False(last.WasSpent(code, out _));
    }

    [Fact]
    public void When_no_room_is_left_nothing_is_promised()
    {
        using SpentCodes codes = Open();
        SpentCodes.Entry[] entries = [.. Enumerable.Range(0, 64).Select(i => codes.TrySpend(Step(i), _now)!)];

        Assert.All(entries, Assert.NotNull);
        Assert.Null(codes.TrySpend(Step(64), _now));
        entries[5].Forget();
        Assert.NotNull(codes.TrySpend(Step(64), _now));
    }

    [Fact]
    public void When_two_days_have_gone_by_steps_give_way_when_no_other_slot_is_left_and_counters_never_do()
    {
        SpentCode counter = Step(1) with { Kind = CodeKind.Counter };
        using (SpentCodes codes = Open())
        {
            Assert.NotNull(codes.TrySpend(Step(1), _now));
            Assert.NotNull(codes.TrySpend(counter, _now));
        }

        DateTimeOffset later = _now.AddHours(53);
        using SpentCodes then = SpentCodes.Open(_folder.FullName, later);
        Assert.All(Enumerable.Range(100, 62), i => Assert.NotNull(then.TrySpend(Step(i), later)));
        Assert.True(then.WasSpent(Step(1), out _)); // the clock may be wrong
        Assert.NotNull(then.TrySpend(Step(200), later));
        Assert.False(then.WasSpent(Step(1), out _));
        Assert.Null(then.TrySpend(Step(201), later));
        Assert.True(then.WasSpent(counter, out _));
    }

    [Fact]
    public void When_two_logins_find_one_entry_its_slot_is_given_back_once()
    {
        using (SpentCodes codes = Open())
        {
            Assert.NotNull(codes.TrySpend(Step(1), _now));
        }

        using (SpentCodes codes = Open())
        {
            Assert.True(codes.WasSpent(Step(1), out SpentCodes.Entry? first));
            Assert.True(codes.WasSpent(Step(1), out SpentCodes.Entry? second));
            first.Forget();
            Assert.NotNull(codes.TrySpend(Step(2), _now)); // in that slot
            second.Forget();
        }

        using SpentCodes again = Open();
        Assert.True(again.WasSpent(Step(2), out _));
    }

    [Fact]
    public void When_the_state_file_may_come_back_without_it_the_code_is_refused_at_once()
    {
        using SpentCodes codes = Open();
        codes.TrySpend(Step(1), _now)!.Keep();

        Assert.True(codes.WasSpent(Step(1), out _));
    }

    [Fact]
    public void When_the_folder_is_in_memory_nothing_is_promised()
    {
        DirectoryInfo memory = Directory.CreateDirectory($"/dev/shm/sallyport-spent-{Environment.ProcessId}");
        try
        {
            using SpentCodes codes = SpentCodes.Open(memory.FullName, _now);
            Assert.Null(codes.TrySpend(Step(1), _now));
        }
        finally
        {
            memory.Delete(recursive: true);
        }
    }

    [Fact]
    public void When_it_is_made_only_its_owner_reads_it()
    {
        using SpentCodes codes = Open();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PathOfFile));
    }

    [Fact]
    public void When_another_agent_has_the_file_it_counts_and_promises_nothing()
    {
        using SpentCodes codes = Open();
        Assert.NotNull(codes.TrySpend(Step(1), _now));

        using SpentCodes second = Open();
        Assert.True(second.WasSpent(Step(1), out _));
        Assert.Null(second.TrySpend(Step(2), _now));
    }

    [Fact]
    public void When_a_link_is_in_its_place_it_is_not_followed()
    {
        string victim = Path.Combine(_folder.FullName, "victim");
        File.WriteAllText(victim, "untouched");
        File.CreateSymbolicLink(PathOfFile, victim);

        Assert.Throws<IOException>(Open);
        Assert.Equal("untouched", File.ReadAllText(victim));
    }

    [Fact]
    public void When_it_was_cut_short_it_is_made_anew_and_what_is_in_it_means_nothing_else()
    {
        File.WriteAllBytes(PathOfFile, [.. Enumerable.Repeat((byte)0xFF, 700)]);
        using (SpentCodes codes = Open())
        {
            Assert.NotNull(codes.TrySpend(Step(1), _now));
        }

        Assert.Equal(64 * 512, new FileInfo(PathOfFile).Length);
    }

    private static SpentCode Step(long value) => new(7, CodeKind.TimeStep, value);

    private SpentCodes Open() => SpentCodes.Open(_folder.FullName, _now);
}
