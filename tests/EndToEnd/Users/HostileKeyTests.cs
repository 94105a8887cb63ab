using System.Buffers.Binary;
using System.Text;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Users;

/// <summary>Names and keys that mean something else than a person and his key.</summary>
public sealed class HostileKeyTests
{
    [Fact]
    public async Task A_line_that_is_not_exactly_one_key_is_refused()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        string[] key = host.Key.Split(' ');
        await host.ShAsync("ssh-keygen -q -t ecdsa -N '' -f /root/ecdsa");
        string ecdsa = host.Sandbox.Read("/root/ecdsa.pub").Split(' ')[1];
        string before = await host.AccountsAsync();
        (string Key, string Said)[] refused =
        [
            ("", "it does not begin with a type"),
            ("ssh-ed25519", "no base64"),
            ($"command=\"/bin/sh\" {host.Key}", "options are not taken"),
            ($"from=\"*\" {host.Key}", "options are not taken"),
            ($"restrict,pty {host.Key}", "options are not taken"),
            ($"cert-authority {host.Key}", "options are not taken"),
            ($"{host.Key}\n{host.Key}", "control character"),
            ($"{host.Key}\rcommand=\"x\" {host.Key}", "control character"),
            ($"{host.Key}\t", "control character"),
            ($"{host.Key}\u001b[2J", "control character"),
            ($"{host.Key} \u2028 x", "control character"),
            ($"{host.Key} \u202e x", "control character"),
            ($"ssh-rsa {key[1]}", "not of the type before it (ssh-rsa)"),
            ($"ssh-ed25519 {ecdsa}", "not of the type"),
            ($"ecdsa-sha2-nistp384 {ecdsa}", "not of the type"),
            ($"ssh-ed25519 {key[1][..^4]}", "damaged"),
            ($"ssh-ed25519 {key[1]}AAAA", "damaged"),
            ($"ssh-ed25519 {key[1][..^1]}*", "no base64"),
            ($"ssh-ed25519 {key[1][..20]} {key[1][20..]}", "damaged"),
            ($"ssh-rsa {Blob("ssh-rsa", [1, 0, 1], [0, .. Enumerable.Repeat((byte)0xFF, 128)])}", "RSA keys need 2048 bits, and this one has 1024"),
            ($"ssh-rsa {Blob("ssh-rsa", [1], new byte[300])}", "damaged"),
            ($"ssh-rsa {Blob("ssh-rsa", [1, 0, 1], [.. Enumerable.Repeat((byte)0xFF, 256)])}", "damaged"),
            ($"ssh-ed25519 {Blob("ssh-ed25519", new byte[31])}", "damaged"),
            ($"sk-ssh-ed25519@openssh.com {Blob("sk-ssh-ed25519@openssh.com", new byte[32])}", "damaged"),
            ($"ssh-dss {Blob("ssh-dss", new byte[128])}", "DSA keys are too weak"),
            ($"ssh-ed25519-cert-v01@openssh.com {key[1]}", "it does not begin with a type"),
            ("ssh-ed25519 " + Convert.ToBase64String([0xFF, 0xFF, 0xFF, 0xFF]), "not of the type"),
            ("# " + host.Key, "it does not begin with a type"),
            (new string('a', 9000), "too long"),
        ];

        foreach ((string hostile, string said) in refused)
        {
            Outcome outcome = await host.UserAsync("add", "alice", "--key", hostile);
            Assert.True(outcome.ExitCode == 1, $"{hostile}: {outcome}");
            Assert.True(outcome.Errors.Contains(said, StringComparison.Ordinal), $"{hostile}: {outcome}");
            Assert.DoesNotContain("\u001b", outcome.Errors, StringComparison.Ordinal);
        }

        Assert.Equal(before, await host.AccountsAsync());
    }

    [Fact]
    public async Task Each_type_that_is_taken_is_taken()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        string keys = await host.ShAsync("""
            for b in 256 384 521; do ssh-keygen -q -t ecdsa -b $b -N '' -f /root/e$b; cat /root/e$b.pub; done
            ssh-keygen -q -t rsa -b 2048 -N '' -f /root/r; cat /root/r.pub /root/.ssh/id_ed25519.pub
            """);
        keys += $"sk-ssh-ed25519@openssh.com {Blob("sk-ssh-ed25519@openssh.com", new byte[32], "ssh:"u8.ToArray())} Ägypten\n";
        keys += $"sk-ecdsa-sha2-nistp256@openssh.com {Blob("sk-ecdsa-sha2-nistp256@openssh.com", "nistp256"u8.ToArray(), [4, .. new byte[64]], "ssh:"u8.ToArray())}\n";
        host.Sandbox.Write("/root/keys", keys);

        await host.DoesAsync("add", "alice", "--key-file=/root/keys");

        Assert.Equal(keys, host.Sandbox.Read("/home/alice/.ssh/authorized_keys"));
    }

    [Theory]
    [InlineData("-o")]
    [InlineData("--", "-o")]
    [InlineData("--", "--badname")]
    [InlineData("Alice")]
    [InlineData("1alice")]
    [InlineData("al ice")]
    [InlineData("alice:x")]
    [InlineData("alice\n")]
    [InlineData("../alice")]
    [InlineData("alice$")]
    [InlineData("älice")]
    [InlineData("")]
    [InlineData("a23456789012345678901234567890123")]
    public async Task A_name_that_is_no_name_is_refused_and_nothing_is_made(params string[] name)
    {
        await using UsersHost host = await UsersHost.StartAsync();
        string before = await host.AccountsAsync();

        Outcome outcome = await host.UserAsync(["add", "--key", host.Key, .. name]);

        Assert.Equal(64, outcome.ExitCode);
        Assert.Equal(before, await host.AccountsAsync());
    }

    [Theory]
    [InlineData("root", "root gets no key here")]
    [InlineData("daemon", "its shell is /usr/sbin/nologin")]
    public async Task An_account_that_is_no_persons_gets_no_key(string name, string said)
    {
        await using UsersHost host = await UsersHost.StartAsync();
        string before = await host.AccountsAsync();

        Outcome plain = await host.UserAsync("add", name, "--key", host.Key);
        Outcome existing = await host.UserAsync("add", name, "--key", host.Key, "--existing");

        Assert.Equal((1, 1), (plain.ExitCode, existing.ExitCode));
        Assert.Contains(said, existing.Errors, StringComparison.Ordinal);
        Assert.Equal(before, await host.AccountsAsync());
    }

    [Fact]
    public async Task Somebody_who_is_not_root_changes_nothing()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        await host.ShAsync("useradd -m bob");
        string before = await host.AccountsAsync();
        foreach (string words in new[] { "add alice --key-file=/etc/hostname", "list", "reset bob --yes", "remove bob --yes" })
        {
            Outcome outcome = await host.Store.AsAsync("bob", [StoreProgram, "user", .. words.Split(' ')]);
            Assert.Equal((1, "sallyport user: only root can do that\n"), (outcome.ExitCode, outcome.Errors));
        }

        Assert.Equal(before, await host.AccountsAsync());
    }

    private const string StoreProgram = RootOnlyStore.StoreHost.Program;

    private static string Blob(string type, params byte[][] fields)
    {
        var blob = new List<byte>();
        foreach (byte[] field in fields.Prepend(Encoding.ASCII.GetBytes(type)))
        {
            byte[] length = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(length, field.Length);
            blob.AddRange([.. length, .. field]);
        }

        return Convert.ToBase64String([.. blob]);
    }
}
