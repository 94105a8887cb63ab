using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Configuration;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Users;

/// <summary>What to send to somebody: the host and its keys, his invitation, and what he does first.</summary>
/// <param name="host">The name or address by which people reach this host.</param>
internal sealed class Letters(string host, HostConfiguration configuration, TimeProvider time, SafeFileHandle? file)
{
    /// <summary>On disk, or on the screen, when it returns.</summary>
    /// <param name="code">Null: he has a factor already.</param>
    /// <param name="before">Why he may have another one, whose code is void.</param>
    /// <param name="owes">His next login wants a factor of him, whatever policy says of others (user reset).</param>
    /// <exception cref="IOException">Nobody can see it.</exception>
    public void Write(string name, IReadOnlyList<PublicKey> keys, string? code, DateTimeOffset until, string? before,
        bool owes = false)
    {
        string text = string.Join('\n', Lines(name, keys, code, until, before, owes)) + "\n\n";
        if (file is null)
        {
            Terminal.Screen.Write(text);
            return;
        }

        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        while (!rest.IsEmpty)
        {
            nint wrote = Unistd.write(file, rest, rest.Length);
            rest = wrote >= 0 ? rest[(int)wrote..] : throw Failed("the letter");
        }

        if (Unistd.fsync(file) != 0)
        {
            throw Failed("the letter");
        }
    }

    /// <summary>A file for letters: they are added to it, and nobody but root reads it.</summary>
    /// <exception cref="IOException">It cannot be used.</exception>
    public static SafeFileHandle Open(string path)
    {
        SafeFileHandle file = Fcntl.openat(Fcntl.AT_FDCWD, Encoding.UTF8.GetBytes(path + '\0'),
            Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_APPEND | Fcntl.O_NOFOLLOW | Fcntl.O_NONBLOCK | Fcntl.O_CLOEXEC, 0x180);
        if (file.IsInvalid)
        {
            throw Failed(path);
        }

        if (SysStat.statx(file, [0], Fcntl.AT_EMPTY_PATH, SysStat.STATX_BASIC_STATS, out SysStat.Statx stat) == 0
            && (stat.Mode & SysStat.S_IFMT) == SysStat.S_IFREG && stat.Uid == Unistd.geteuid() && (stat.Mode & 0x3F) == 0)
        {
            return file;
        }

        file.Dispose();
        throw new IOException($"{path}: letters are for a file of root's with mode 0600");
    }

    private IEnumerable<string> Lines(
        string name, IReadOnlyList<PublicKey> keys, string? code, DateTimeOffset until, string? before,
        bool owes)
    {
        yield return $"To {name}, by a way on which you know that nobody else reads it:";
        yield return "";
        if (before is not null)
        {
            yield return $"  {before}";
            yield return "";
        }

        yield return $"  Your account on {host} is {name}. You log in with your SSH key:";
        foreach (PublicKey key in keys)
        {
            yield return $"    {key.Fingerprint}";
        }

        yield return "  The first time, ssh shows the key of the host. Say yes only to one of these:";
        foreach (string key in HostKeys(name))
        {
            yield return $"    {key}";
        }

        yield return "";
        yield return $"    ssh {name}@{host}";
        if (code is null)
        {
            yield return "  It asks for a passcode of the app that you have enrolled here.";
            yield break;
        }

        bool inLogin = owes || configuration.Policy?.EnrolmentAt(time.GetUtcNow())
            is Host.Configuration.Enrolment.Invited or Host.Configuration.Enrolment.Required;
        yield return "";
        yield return inLogin
            ? "  Have an authenticator app at hand. Asked for the invitation code, type this:"
            : "  Have an authenticator app at hand. Logged in, run: sallyport enroll";
        yield return inLogin ? $"    {code}" : $"  and, asked for the invitation code, type this:\n    {code}";
        yield return $"  It works once, until {FactorStatus.Moment(until.ToUnixTimeSeconds())}. Scan the QR code, type the";
        yield return "  passcode that the app shows, and write the recovery codes down. From then on";
        yield return "  each login asks for a passcode.";
    }

    /// <summary>As sshd has them, else those of the usual place; only public halves are read.</summary>
    private static string[] HostKeys(string name)
    {
        string[] paths = [.. (ShadowTools.Sshd(name) ?? [])
            .Where(line => line.StartsWith("hostkey ", StringComparison.Ordinal)).Select(line => line[8..] + ".pub")];
        paths = paths.Length > 0 ? paths : ["/etc/ssh/ssh_host_ed25519_key.pub", "/etc/ssh/ssh_host_ecdsa_key.pub", "/etc/ssh/ssh_host_rsa_key.pub"];
        string[] found =
        [
            .. from path in paths
               where File.Exists(path) && new FileInfo(path).Length < 16_384
               let words = File.ReadAllText(path).Split(' ')
               where words.Length >= 2
               let blob = Blob(words[1].Trim())
               where blob is not null
               select $"{PublicKey.FingerprintOf(blob)} ({words[0]})",
        ];
        return found.Length > 0 ? found : ["(ask your administrator: it could not be read)"];
    }

    private static byte[]? Blob(string base64)
    {
        byte[] blob = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, blob, out int length) ? blob[..length] : null;
    }

    private static IOException Failed(string path) =>
        new($"{path}: {Unistd.StrError(System.Runtime.InteropServices.Marshal.GetLastPInvokeError())}");
}
