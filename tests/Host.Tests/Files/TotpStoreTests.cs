using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Host.Tests.Files;

public sealed class Given_a_TotpStore : IDisposable
{
    private readonly StoreUnderTest _given = new();

    private TotpStore Store => _given.Store;

    [Fact]
    public void What_is_enrolled_is_read()
    {
        _given.With(StoreUnderTest.Entry());

        using TotpReading reading = Store.Open(StoreUnderTest.User);
        Assert.Equal((ReadProblem.None, null), (reading.Problem, reading.Message));
        Assert.Equal("12345678901234567890"u8, reading.Entry!.Enrolment.Secret.Expose());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_given.File));
        Assert.Equal(TotpEntry.FileBytes, new FileInfo(_given.File).Length);
        Assert.Equal([_given.File], Directory.GetFiles(_given.Folder));
    }

    [Fact]
    public void What_is_saved_is_read_by_the_next()
    {
        _given.With(StoreUnderTest.Entry());

        for (long step = 1; step < 6; step++)
        {
            using (TotpReading reading = Store.Open(StoreUnderTest.User))
            {
                Assert.Equal(StepUse.Used, reading.Entry!.TryUseStep(new(step), 3));
                Assert.Equal(0, reading.Save());
                Assert.False(reading.Entry.Changed);
            }

            using TotpReading next = Store.Open(StoreUnderTest.User);
            Assert.Equal(step, next.Entry!.Record.HighestStep);
        }
    }

    [Fact]
    public void A_login_writes_one_sector_and_the_file_stays()
    {
        _given.With(StoreUnderTest.Entry());
        Assert.True(_given.LogIn(StoreUnderTest.Passcode(StoreUnderTest.Now))); // the first syncs the folder too
        byte[] before = File.ReadAllBytes(_given.File);

        Assert.True(_given.LogIn(StoreUnderTest.Passcode(StoreUnderTest.Now + 30), StoreUnderTest.Now + 30));

        byte[] after = File.ReadAllBytes(_given.File);
        int[] changed = [.. Enumerable.Range(0, after.Length).Where(i => after[i] != before[i]).Select(i => i / 512).Distinct()];
        Assert.Equal([8], changed); // the slot at 4096, because the first login wrote that at 4608
        Assert.Equal([_given.File], Directory.GetFiles(_given.Folder));
    }

    [Fact]
    public void A_passcode_lets_in_once()
    {
        _given.With(StoreUnderTest.Entry());
        string passcode = StoreUnderTest.Passcode(StoreUnderTest.Now);

        Assert.True(_given.LogIn(passcode));
        Assert.False(_given.LogIn(passcode));
        Assert.False(_given.LogIn(StoreUnderTest.Passcode(StoreUnderTest.Now - 30))); // before the highest: strict
        Assert.True(_given.LogIn(StoreUnderTest.Passcode(StoreUnderTest.Now + 30)));
    }

    [Fact]
    public void Passcodes_of_eight_digits_and_another_hash_let_in()
    {
        TotpSettings settings = StoreUnderTest.Totp with { Digits = 8, Algorithm = OtpAlgorithm.Sha256 };
        _given.With(StoreUnderTest.Entry(settings));
        using OtpSecret secret = StoreUnderTest.Secret();
        uint number = Totp.Compute(secret, new(StoreUnderTest.Now / 30), 8, OtpAlgorithm.Sha256);
        string passcode = Passcode.FromNumber(number, 8).Expose();

        Assert.True(_given.LogIn(passcode));
        Assert.False(_given.LogIn(passcode));
        Assert.True(_given.LogIn($"{StoreUnderTest.RecoveryCode}"));
        Assert.False(_given.LogIn($"{StoreUnderTest.RecoveryCode}"));
    }

    [Fact]
    public void An_entry_learns_a_clock_and_its_third_code_is_used_up()
    {
        _given.With(StoreUnderTest.Entry());
        string Off(int step) => StoreUnderTest.Passcode(StoreUnderTest.Now + ((step + 10) * 30));
        bool At(int step) => _given.LogIn(Off(step), StoreUnderTest.Now + (step * 30));

        Assert.False(At(0));
        Assert.False(At(1));
        Assert.True(At(2));
        Assert.False(At(2));
        Assert.True(At(3));
    }

    [Fact]
    public void Of_sixteen_with_one_passcode_one_gets_in()
    {
        _given.With(StoreUnderTest.Entry());
        string passcode = StoreUnderTest.Passcode(StoreUnderTest.Now);
        int accepted = 0;
        Thread[] threads =
        [
            .. Enumerable.Range(0, 16).Select(_ => new Thread(() => Interlocked.Add(ref accepted, _given.LogIn(passcode) ? 1 : 0))),
        ];

        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.Equal(1, accepted);
    }

    /// <summary>Two processes are two stores: only the file's lock is between them.</summary>
    [Fact]
    public void Of_two_processes_one_waits_for_the_other()
    {
        _given.With(StoreUnderTest.Entry());
        using TotpStore other = TotpStore.At(_given.Folder, TimeSpan.FromSeconds(10));
        TotpReading held = Store.Open(StoreUnderTest.User);
        TotpReading? waiting = null;
        var thread = new Thread(() => waiting = other.Open(StoreUnderTest.User));
        thread.Start();
        Assert.False(thread.Join(200));

        held.Entry!.TryUseStep(new(100), 3);
        Assert.Equal(0, held.Save());
        held.Dispose();
        thread.Join();

        Assert.Equal(100, waiting!.Entry!.Record.HighestStep);
    }

    [Fact]
    public void Who_waited_for_an_entry_that_was_replaced_reads_the_new_one()
    {
        _given.With(StoreUnderTest.Entry());
        using TotpStore other = TotpStore.At(_given.Folder, TimeSpan.FromSeconds(10));
        TotpReading held = Store.Open(StoreUnderTest.User);
        TotpReading? waiting = null;
        var thread = new Thread(() => waiting = other.Open(StoreUnderTest.User));
        thread.Start();
        Assert.False(thread.Join(200));

        using TotpEntry next = StoreUnderTest.Entry(key: "another secret");
        Assert.Equal(0, Store.Replace(held, next));
        held.Dispose();
        thread.Join();

        Assert.Equal("another secret"u8, waiting!.Entry!.Enrolment.Secret.Expose());
    }

    [Fact]
    public void Who_waited_for_an_entry_that_was_retired_finds_none()
    {
        _given.With(StoreUnderTest.Entry());
        using TotpStore other = TotpStore.At(_given.Folder, TimeSpan.FromSeconds(10));
        TotpReading held = Store.Open(StoreUnderTest.User);
        TotpReading? waiting = null;
        var thread = new Thread(() => waiting = other.Open(StoreUnderTest.User));
        thread.Start();
        Assert.False(thread.Join(200));

        Assert.Equal(0, Store.Retire(held));
        held.Dispose();
        thread.Join();

        Assert.Equal(ReadProblem.Missing, waiting!.Problem);
    }

    [Fact]
    public void Who_waits_too_long_is_refused()
    {
        _given.With(StoreUnderTest.Entry());
        using TotpStore other = TotpStore.At(_given.Folder, TimeSpan.FromMilliseconds(50));
        using TotpReading held = Store.Open(StoreUnderTest.User);

        using TotpReading refused = other.Open(StoreUnderTest.User);

        Assert.Equal((ReadProblem.Unusable, Errno.EAGAIN), (refused.Problem, refused.Errno));
        Assert.Null(refused.Entry);
    }

    [Fact]
    public void A_first_enrolment_overwrites_nothing()
    {
        _given.With(StoreUnderTest.Entry());
        byte[] before = File.ReadAllBytes(_given.File);
        using TotpEntry other = StoreUnderTest.Entry(key: "another secret");

        Assert.Equal(Errno.EEXIST, Store.Enrol(StoreUnderTest.User, other));

        Assert.Equal(before, File.ReadAllBytes(_given.File));
        Assert.Equal([_given.File], Directory.GetFiles(_given.Folder));
    }

    [Fact]
    public void New_recovery_codes_end_the_old_ones()
    {
        _given.With(StoreUnderTest.Entry());
        Assert.True(_given.LogIn(StoreUnderTest.Passcode(StoreUnderTest.Now)));
        using (TotpReading held = Store.Open(StoreUnderTest.User))
        using (TotpEntry next = held.Entry!.Replacement(
            held.Entry.Enrolment.WithRecoveryCodes(StoreUnderTest.Codes(55555555))))
        {
            Assert.Equal(0, Store.Replace(held, next));
        }

        Assert.False(_given.LogIn($"{StoreUnderTest.RecoveryCode}"));
        Assert.False(_given.LogIn(StoreUnderTest.Passcode(StoreUnderTest.Now)));
        Assert.True(_given.LogIn("55555555"));
        Assert.False(_given.LogIn("55555555"));
    }

    /// <summary>A file without a name would take it, and it would be lost.</summary>
    [Fact]
    public void Nothing_is_saved_in_an_entry_that_was_replaced_or_retired()
    {
        _given.With(StoreUnderTest.Entry());
        using TotpEntry next = StoreUnderTest.Entry(key: "another secret");
        using (TotpReading held = Store.Open(StoreUnderTest.User))
        {
            Assert.Equal(0, Store.Replace(held, next));
            Assert.Throws<InvalidOperationException>(() => held.Save());
            Assert.Throws<InvalidOperationException>(() => Store.Retire(held));
        }

        using (TotpReading held = Store.Open(StoreUnderTest.User))
        {
            Assert.Equal(0, Store.Retire(held));
            Assert.Throws<InvalidOperationException>(() => held.Save());
            Assert.Throws<InvalidOperationException>(() => Store.Replace(held, next));
        }

        Assert.Empty(Directory.GetFiles(_given.Folder));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("../ada")]
    [InlineData("a/b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("a\u007fb")]
    [InlineData("a\u20acb")]
    public void A_name_that_is_not_plain_has_no_entry(string user)
    {
        _given.With(StoreUnderTest.Entry());
        using TotpEntry entry = StoreUnderTest.Entry();

        using TotpReading reading = Store.Open(user);
        Assert.Equal(ReadProblem.Unusable, reading.Problem);
        Assert.Equal(Errno.EINVAL, Store.Enrol(user, entry));
    }

    [Fact]
    public void A_name_has_at_most_255_bytes()
    {
        Assert.True(TotpStore.IsName(new('a', 255)));
        Assert.False(TotpStore.IsName(new('a', 256)));
    }

    [Fact]
    public void Only_an_entry_that_is_not_there_is_missing()
    {
        using TotpReading missing = Store.Open("nobody");
        Assert.Equal((ReadProblem.Missing, Errno.ENOENT), (missing.Problem, missing.Errno));
        Assert.Null(missing.Entry);
    }

    [Theory]
    [InlineData("chmod 640 ada", "a mode other than 0600")]
    [InlineData("chmod 4600 ada", "a mode other than 0600")]
    [InlineData("chown 1 ada", "another owner")]
    [InlineData("ln ada second", "more than one name")]
    [InlineData("truncate -s 8191 ada", "8192 bytes")]
    [InlineData("truncate -s 8193 ada", "8192 bytes")]
    [InlineData("truncate -s 0 ada", "8192 bytes")]
    [InlineData("mv ada other && ln -s other ada", "a symbolic link")]
    [InlineData("rm ada && mkfifo -m 600 ada", "not a regular file")]
    [InlineData("rm ada && mkdir -m 600 ada", "Is a directory")]
    [InlineData("dd if=/dev/zero of=ada bs=512 count=1 conv=notrunc", "version")]
    [InlineData("dd if=/dev/zero of=ada bs=512 count=1 seek=8 conv=notrunc", "no whole record")]
    public void An_entry_that_is_not_as_it_should_be_is_refused(string command, string message)
    {
        _given.With(StoreUnderTest.Entry());
        Shell(command);

        using TotpReading reading = Store.Open(StoreUnderTest.User);
        Assert.Equal(ReadProblem.Unusable, reading.Problem);
        Assert.Contains(message, reading.Message, StringComparison.Ordinal);
        Assert.Null(reading.Entry);
    }

    [Theory]
    [InlineData("chmod 750 .")]
    [InlineData("chown 1 .")]
    public void A_folder_that_others_may_enter_is_refused(string command)
    {
        Shell(command);

        Assert.Throws<IOException>(() => TotpStore.At(_given.Folder, TimeSpan.Zero));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_made()
    {
        string path = Path.Combine(_given.Folder, "totp");
        using (TotpStore made = TotpStore.At(path, TimeSpan.Zero))
        {
            using TotpEntry entry = StoreUnderTest.Entry();
            Assert.Equal(0, made.Enrol(StoreUnderTest.User, entry));
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        Assert.Throws<IOException>(() => TotpStore.At(Path.Combine(_given.Folder, "no", "such"), TimeSpan.Zero));
    }

    [Fact]
    public void What_an_enrolment_left_behind_is_deleted_unless_it_is_at_work()
    {
        _given.With(StoreUnderTest.Entry());
        string dead = Path.Combine(_given.Folder, ".new-00000000000000000000");
        string alive = Path.Combine(_given.Folder, ".new-11111111111111111111");
        File.WriteAllText(dead, "secret");
        File.WriteAllText(alive, "secret");
        using SafeFileHandle held = File.OpenHandle(alive);
        Assert.Equal(0, SysFile.flock(held, SysFile.LOCK_EX));

        Store.RemoveLeftovers();

        Assert.Equal([alive, _given.File], Directory.GetFiles(_given.Folder).Order());
    }

    [Fact]
    public void On_a_full_disk_no_enrolment_is_made_and_a_right_passcode_lets_in()
    {
        string disk = Path.Combine(_given.Folder, "disk");
        Directory.CreateDirectory(disk);
        Shell("mount -t tmpfs -o size=64k,mode=700 tmpfs disk");
        try
        {
            using TotpStore store = TotpStore.At(disk, TimeSpan.FromSeconds(10));
            using TotpEntry entry = StoreUnderTest.Entry();
            Assert.Equal(0, store.Enrol(StoreUnderTest.User, entry));
            Shell("head -c 64k /dev/zero >disk/full || true");

            Assert.Equal(Errno.ENOSPC, store.Enrol("bob", entry));
            using (TotpReading held = store.Open(StoreUnderTest.User))
            {
                Assert.Equal(Errno.ENOSPC, store.Replace(held, entry));
            }

            string passcode = StoreUnderTest.Passcode(StoreUnderTest.Now);
            Assert.True(StoreUnderTest.LogIn(store, StoreUnderTest.User, passcode, StoreUnderTest.Now));
            Assert.False(StoreUnderTest.LogIn(store, StoreUnderTest.User, passcode, StoreUnderTest.Now));
            Assert.Equal(["ada", "full"], Directory.GetFiles(disk).Select(Path.GetFileName).Order());
        }
        finally
        {
            Shell("umount disk");
        }
    }

    /// <summary>A descriptor that cannot be written stands for a disk that cannot.</summary>
    [Fact]
    public void A_record_that_cannot_be_written_says_so()
    {
        _given.With(StoreUnderTest.Entry());
        using SafeFileHandle folder = Fcntl.openat(Fcntl.AT_FDCWD, Bytes(_given.Folder), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0);
        SafeFileHandle readOnly = Fcntl.openat(folder, Bytes(StoreUnderTest.User), Fcntl.O_RDONLY, 0);
        Assert.Equal(0, SysStat.statx(folder, Bytes(StoreUnderTest.User), 0, SysStat.STATX_BASIC_STATS, out SysStat.Statx stat));
        using TotpReading reading = TotpReading.Read(folder, readOnly, StoreUnderTest.User, new MemoryStream(), stat, null);
        Assert.Equal(StepUse.Used, reading.Entry!.TryUseStep(new(100), 3));

        Assert.Equal(Errno.EBADF, reading.Save());
        Assert.True(reading.Entry.Changed);
    }

    [Fact]
    public void It_costs_the_same_however_many_there_are()
    {
        _given.With(StoreUnderTest.Entry());
        TimeSpan alone = Measure();
        byte[] content = File.ReadAllBytes(_given.File);
        for (int i = 0; i < 5000; i++)
        {
            File.WriteAllBytes(Path.Combine(_given.Folder, $"user{i}"), content);
        }

        TimeSpan among = Measure();
        Assert.True(among < (alone * 3) + TimeSpan.FromMilliseconds(2), $"alone {alone}, among 5000 {among}");
    }

    public void Dispose() => _given.Dispose();

    private TimeSpan Measure()
    {
        TimeSpan least = TimeSpan.MaxValue;
        for (int i = 0; i < 200; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Store.Open(StoreUnderTest.User).Dispose();
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            least = took < least ? took : least;
        }

        return least;
    }

    private void Shell(string command)
    {
        var start = new ProcessStartInfo("sh", ["-c", command]) { WorkingDirectory = _given.Folder, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static byte[] Bytes(string path) => System.Text.Encoding.Latin1.GetBytes(path + '\0');
}
