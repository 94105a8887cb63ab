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
        Tool.Must(["useradd", "--system", "--no-create-home", "--home-dir", home, "--shell", "/bin/sh", "--password", "*",
            .. groups.Count > 0 ? ["--groups", string.Join(',', groups)] : (string[])[], name]);
        Tool.Must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", $"{home}/key");
        foreach (string file in KeyFiles(name, home))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.Copy($"{home}/key.pub", file, overwrite: true);
            File.SetUnixFileMode(file, (UnixFileMode)0x1A4 /* 0644 */);
        }

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

        if (Pwd.ByName(name) is not null)
        {
            foreach (string file in KeyFiles(name, $"{Folder}/{name}").Where(f => Path.GetFileName(f) == name))
            {
                File.Delete(file);
            }

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

    /// <summary>Where this host's sshd looks for its key.</summary>
    private static IEnumerable<string> KeyFiles(string name, string home) => Places(name)
        .SelectMany(files => files.Split(' ')).Take(1)
        .Select(file => file.Replace("%u", name, StringComparison.Ordinal).Replace("%h", home, StringComparison.Ordinal))
        .Select(file => file.StartsWith('/') ? file : $"{home}/{file}");

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
