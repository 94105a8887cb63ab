using Microsoft.Extensions.Time.Testing;
using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <summary>What the agent keeps for the time without a server (docs/formats/duo-host.md).</summary>
public sealed class Given_a_server_that_was_away : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-host-");
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_795_684_616));

    private DateTimeOffset Now => _clock.GetUtcNow();

    [Fact]
    public void Who_was_let_in_is_known_for_so_many_days_and_not_a_second_longer()
    {
        using OfflineMemory memory = Memory();
        Assert.False(memory.Knows("alice", 7, Now));

        Assert.Equal(0, memory.Remember("alice", Now));

        Assert.True(memory.Knows("alice", 7, Now + TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1)));
        Assert.False(memory.Knows("alice", 7, Now + TimeSpan.FromDays(7)));
        Assert.False(memory.Knows("bob", 7, Now));
        Assert.Equal("version = 1\nallowed = 1795684616\n", File.ReadAllText($"{_folder.FullName}/offline/alice"));
    }

    [Fact]
    public void It_is_written_anew_when_it_is_old_and_not_at_each_login()
    {
        using OfflineMemory memory = Memory();
        memory.Remember("alice", Now);
        memory.Remember("alice", Now + TimeSpan.FromHours(11));
        string file = $"{_folder.FullName}/offline/alice";
        Assert.Contains("allowed = 1795684616", File.ReadAllText(file), StringComparison.Ordinal);

        memory.Remember("alice", Now + TimeSpan.FromHours(13));
        Assert.DoesNotContain("allowed = 1795684616", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_was_refused_is_forgotten()
    {
        using OfflineMemory memory = Memory();
        memory.Remember("alice", Now);

        Assert.Equal(0, memory.Forget("alice"));
        Assert.Equal(0, memory.Forget("alice"));

        Assert.False(memory.Knows("alice", 7, Now));
    }

    [Theory]
    [InlineData("version = 1\nallowed = 1795684617\n")] // tomorrow's
    [InlineData("version = 2\nallowed = 1795684616\n")]
    [InlineData("version = 1\nallowed = 1795684616")]
    [InlineData("version = 1\nallowed = -1\n")]
    [InlineData("version = 1\nallowed = 99999999999999999999\n")]
    [InlineData("version = 1\nallowed = 1795684616\nmore = 1\n")]
    [InlineData("")]
    public void What_is_not_exactly_so_knows_nobody(string text)
    {
        using OfflineMemory memory = Memory();
        File.WriteAllText($"{_folder.FullName}/offline/alice", text);

        Assert.False(memory.Knows("alice", 90, Now));
    }

    [Theory]
    [InlineData("../alice")]
    [InlineData("")]
    [InlineData(".")]
    public void A_name_that_is_a_path_is_nobodys(string name)
    {
        using OfflineMemory memory = Memory();

        memory.Remember(name, Now);

        Assert.False(memory.Knows(name, 7, Now));
        Assert.Empty(Directory.EnumerateFileSystemEntries($"{_folder.FullName}/offline"));
    }

    [Fact]
    public void Who_was_let_in_without_it_is_reported_once_in_order_and_after_a_restart()
    {
        using (Bypasses before = Waiting())
        {
            before.Add("alice", "192.0.2.1", "failsafe");
            _clock.Advance(TimeSpan.FromSeconds(5));
            before.Add("b b\n\u00c3\u00a9%", null, "offline passcode"); // é, one char a byte
        }

        using Bypasses bypasses = Waiting();
        IReadOnlyList<DuoBypass> waiting = bypasses.Waiting();
        Assert.Equal(["alice", "b b\né%"], waiting.Select(b => b.User));
        Assert.Equal(
            ("192.0.2.1", "failsafe", 1_795_684_616),
            (waiting[0].Address, waiting[0].Reason, waiting[0].Time.ToUnixTimeSeconds()));
        Assert.Equal((null, "offline passcode"), (waiting[1].Address, waiting[1].Reason));
        Assert.NotEqual(waiting[0].Id, waiting[1].Id);

        bypasses.Remove([waiting[0].Id]);
        Assert.Equal(waiting[1], Assert.Single(bypasses.Waiting()));
        bypasses.Remove([waiting[1].Id]);
        Assert.Empty(bypasses.Waiting());
    }

    [Fact]
    public void A_line_that_was_torn_by_a_power_cut_is_passed_over()
    {
        using Bypasses bypasses = Waiting();
        bypasses.Add("alice", null, "failsafe");
        File.AppendAllText($"{_folder.FullName}/bypasses/waiting", "\n0199-torn 17956");
        bypasses.Add("bob", null, "failsafe");

        Assert.Equal(["alice", "bob"], bypasses.Waiting().Select(bypass => bypass.User));
    }

    [Fact]
    public void Only_root_may_read_them()
    {
        using Bypasses bypasses = Waiting();
        bypasses.Add("alice", null, "failsafe");

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode($"{_folder.FullName}/bypasses/waiting"));
        Assert.Equal((UnixFileMode)0x1C0, File.GetUnixFileMode($"{_folder.FullName}/bypasses"));
        Assert.Throws<IOException>(() =>
        {
            File.SetUnixFileMode($"{_folder.FullName}/bypasses", (UnixFileMode)0x1ED);
            Waiting().Dispose();
        });
    }

    [Fact]
    public void What_cannot_be_kept_is_an_error()
    {
        using Bypasses bypasses = Waiting();
        Directory.CreateDirectory($"{_folder.FullName}/bypasses/waiting");

        Assert.Throws<IOException>(() => bypasses.Add("alice", null, "failsafe"));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private OfflineMemory Memory() => OfflineMemory.At($"{_folder.FullName}/offline");

    private Bypasses Waiting() => Bypasses.At($"{_folder.FullName}/bypasses", _clock);
}
