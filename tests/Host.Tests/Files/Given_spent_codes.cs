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
        var code = new SpentCode(7, ".google_authenticator", (CodeKind)kind, 33_333_333);
        using (SpentCodes codes = Open())
        {
            Assert.NotNull(codes.TrySpend(code, _now));
            Assert.False(codes.WasSpent(code, out _)); // the state file of this login knows it
        }

        using SpentCodes again = Open();
        Assert.True(again.WasSpent(code, out _));
        Assert.False(again.WasSpent(code with { FolderInode = 8 }, out _));
        Assert.False(again.WasSpent(code with { Name = "other" }, out _));
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
    public void When_the_name_does_not_fit_nothing_is_promised()
    {
        using SpentCodes codes = Open();

        Assert.Null(codes.TrySpend(Step(1) with { Name = new string('n', 256) }, _now));
        Assert.NotNull(codes.TrySpend(Step(1) with { Name = new string('n', 255) }, _now));
    }

    [Fact]
    public void When_two_days_have_gone_by_steps_give_way_and_counters_do_not()
    {
        SpentCode counter = Step(1) with { Kind = CodeKind.Counter };
        using (SpentCodes codes = Open())
        {
            Assert.NotNull(codes.TrySpend(Step(1), _now));
            Assert.NotNull(codes.TrySpend(counter, _now));
        }

        using (SpentCodes soon = SpentCodes.Open(_folder.FullName, _now.AddHours(52)))
        {
            Assert.True(soon.WasSpent(Step(1), out _));
        }

        using SpentCodes later = SpentCodes.Open(_folder.FullName, _now.AddHours(53));
        Assert.False(later.WasSpent(Step(1), out _));
        Assert.True(later.WasSpent(counter, out _));
    }

    [Fact]
    public void When_it_is_made_only_its_owner_reads_it()
    {
        using SpentCodes codes = Open();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PathOfFile));
    }

    [Fact]
    public void When_another_agent_uses_the_file_it_says_so()
    {
        using SpentCodes codes = Open();

        Assert.Throws<IOException>(Open);
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

    private static SpentCode Step(long value) => new(7, "state", CodeKind.TimeStep, value);

    private SpentCodes Open() => SpentCodes.Open(_folder.FullName, _now);
}
