using System.Globalization;
using System.Security.Cryptography;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Cli.Setup;

/// <summary>
/// An account that lives as long as setup tries logins with it. Its key never leaves memory's file system, its name is in
/// the journal before it exists, and whoever reads the journal can remove it.
/// </summary>
internal sealed class ProbeAccount : IDisposable
{
    public const string Folder = "/run/sallyport-setup";

    private const string Prefix = "sallyport-probe-";

    private readonly OtpSecret? _secret;

    private ProbeAccount(string name, OtpSecret? secret) => (Name, _secret) = (name, secret);

    public string Name { get; }

    public string Key => $"{Folder}/{Name}/key";

    public static string NewName()
    {
        const string letters = "abcdefghijklmnopqrstuvwxyz0123456789";
        return Prefix + RandomNumberGenerator.GetString(letters, 10);
    }

    /// <exception cref="IOException">It cannot be made.</exception>
    public static ProbeAccount Make(string name, bool enrolled, IReadOnlyList<string> groups)
    {
        string home = $"{Folder}/{name}";
        Directory.CreateDirectory($"{home}/.ssh");
        foreach (string folder in (string[])[Folder, home, $"{home}/.ssh"])
        {
            File.SetUnixFileMode(folder, (UnixFileMode)0x1ED /* 0755, whatever the umask: the probe itself reads in there */);
        }

        Tool.Must(["useradd", "--system", "--uid", FreshUid(), "--user-group", "--no-create-home",
            "--home-dir", home, "--shell", "/bin/sh", "--password", "*",
            .. groups.Count > 0 ? ["--groups", string.Join(',', groups)] : (string[])[], name]);
        Tool.Must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", $"{home}/key");
        File.SetUnixFileMode($"{home}/key.pub", (UnixFileMode)0x1A4 /* 0644, likewise */);
        PutKey(name, KeyFile(name, home), File.ReadAllBytes($"{home}/key.pub"));
        return new ProbeAccount(name, enrolled ? Enrol(name) : null);
    }

    /// <summary>The passcode of now; that of the next step serves for a second login.</summary>
    public string Passcode(int steps) => _secret is null ? "000000" : Totp
        .Compute(_secret, new TimeStep(TimeStep.At(TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(30)).Value + steps))
        .ToString("D6", CultureInfo.InvariantCulture);

    /// <summary>A passcode that is right at no time near now.</summary>
    public string WrongPasscode()
    {
        HashSet<string> right = [.. Enumerable.Range(-5, 11).Select(Passcode)];
        return Enumerable.Range(100_000, 20).Select(n => n.ToString(CultureInfo.InvariantCulture)).First(n => !right.Contains(n));
    }

    public void Dispose() => _secret?.Dispose();

    /// <summary>Also what a killed run left. Nothing is left, or it says so.</summary>
    /// <exception cref="IOException">The account is there still.</exception>
    public static void Remove(string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            throw new IOException($"{name} is no account of setup's");
        }

        RemoveKey(name);
        if (Pwd.ByName(name) is not null)
        {
            Ran ran = Tool.Run("userdel", "--force", name);
            if (Pwd.ByName(name) is not null)
            {
                throw new IOException($"userdel {name}: {ran.Errors}");
            }
        }

        using (TotpStore store = Store())
        using (TotpReading held = store.Open(name))
        {
            if (held.Entry is not null)
            {
                _ = store.Retire(held);
            }
        }

        if (Directory.Exists($"{Folder}/{name}"))
        {
            Directory.Delete($"{Folder}/{name}", recursive: true);
        }
    }

    /// <summary>Not that of the last one, as useradd would have it: the agent counts what a uid has tried in half a minute.</summary>
    private static string FreshUid()
    {
        int[] free = [.. Enumerable.Range(400, 500).Where(uid => Pwd.ByUid((uint)uid) is null)];
        return free.Length > 0 ? RandomNumberGenerator.GetItems<int>(free, 1)[0].ToString(CultureInfo.InvariantCulture)
            : throw new IOException("there is no uid from 400 to 899 free to try logins with");
    }

    private static OtpSecret Enrol(string name)
    {
        OtpSecret secret = FreshFactor.Secret();
        using var enrolment = new TotpEnrolment(
            OtpSecret.FromBytes(secret.Expose()), new TotpSettings { Mode = OtpMode.Totp }, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        using TotpStore store = Store();
        int error = store.Enrol(name, TotpEntry.Create(enrolment));
        return error == 0 ? secret : throw new IOException($"cannot enrol {name}: {Unistd.StrError(error)}");
    }

    /// <summary>By its place alone: a configuration that somebody has broken meanwhile must not keep an account alive.</summary>
    private static TotpStore Store() => TotpStore.At(TotpStore.DefaultPath, TimeSpan.FromSeconds(30));

    /// <summary>
    /// Noted before it is there, so that it goes also when sshd looks elsewhere by then. Never over a file that is there: it
    /// would be somebody's.
    /// </summary>
    private static void PutKey(string name, string file, byte[] key)
    {
        string folder = Path.GetDirectoryName(file)!;
        new HostFile(NoteOf(name), System.Text.Encoding.UTF8.GetBytes(file)).Put();
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, (UnixFileMode)0x1ED /* 0755 */);
        }

        using (var made = new FileStream(file, FileMode.CreateNew, FileAccess.Write))
        {
            made.Write(key);
        }

        File.SetUnixFileMode(file, (UnixFileMode)0x1A4 /* 0644 */);
    }

    private static void RemoveKey(string name)
    {
        HostFile note = HostFile.Read(NoteOf(name));
        if (note.Content is null)
        {
            return;
        }

        string file = System.Text.Encoding.UTF8.GetString(note.Content);
        if (file.Contains(name, StringComparison.Ordinal))
        {
            File.Delete(file);
            string folder = Path.GetDirectoryName(file)!;
            if (Path.GetFileName(folder) == name && Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
            }
        }

        new HostFile(note.Path, null).Put();
    }

    private static string NoteOf(string name) => $"{Journal.Folder}/key-of-{name}";

    /// <summary>Where this host's sshd looks for its key, and for nobody else's.</summary>
    /// <exception cref="IOException">There is no such place.</exception>
    private static string KeyFile(string name, string home)
    {
        string[] files = [.. Places(name).SelectMany(files => files.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        return files
            .Select(file => file.Replace("%u", name, StringComparison.Ordinal).Replace("%h", home, StringComparison.Ordinal))
            .Select(file => file.StartsWith('/') ? file : $"{home}/{file}")
            .FirstOrDefault(file => file.Contains(name, StringComparison.Ordinal))
            ?? throw new IOException($"AuthorizedKeysFile {string.Join(' ', files)} has no place for the key of one account (%u or %h), so "
                + "no login can be tried: add one, such as .ssh/authorized_keys");
    }

    private static IEnumerable<string> Places(string name)
    {
        try
        {
            return Sshd.Effective(name)["authorizedkeysfile"];
        }
        catch (IOException)
        {
            return []; // with such files sshd lets nobody in by any key
        }
    }
}
