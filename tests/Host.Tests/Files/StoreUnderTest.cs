using System.Text;
using Sallyport.Host.Files;
using Sallyport.Host.Passcodes;
using Sallyport.Protocol;

namespace Sallyport.Host.Tests.Files;

/// <summary>A root-only store in a folder of its own, with entries that a reader can take in.</summary>
internal sealed class StoreUnderTest : IDisposable
{
    public const string User = "ada";
    public const uint RecoveryCode = 12345678;
    public const uint OtherRecoveryCode = 87654321;

    /// <summary>Step 33333333 of 30 seconds.</summary>
    public const long Now = 1_000_000_000;

    public static readonly TotpSettings Totp = new() { Mode = OtpMode.Totp, Limit = null };

    private static readonly byte[] _salt = new byte[RecoveryCodeHashes.SaltBytes];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-store-");

    public StoreUnderTest() => Store = TotpStore.At(Folder, TimeSpan.FromSeconds(10));

    public TotpStore Store { get; }

    public string Folder => _folder.FullName;

    public string File => System.IO.Path.Combine(Folder, User);

    public static OtpSecret Secret(string key = "12345678901234567890") => OtpSecret.FromBytes(Encoding.ASCII.GetBytes(key));

    public static RecoveryCodeHashes Codes(params uint[] codes) => RecoveryCodeHashes.Of(_salt, codes);

    public static TotpEntry Entry(TotpSettings? settings = null, string key = "12345678901234567890") => TotpEntry.Create(
        new(Secret(key), settings ?? Totp, Now, Codes(RecoveryCode, OtherRecoveryCode)));

    public static string Passcode(long now, string key = "12345678901234567890")
    {
        using OtpSecret secret = Secret(key);
        return Sallyport.Protocol.Passcode.FromNumber(Protocol.Totp.Compute(secret, new(now / 30)), 6).Expose();
    }

    /// <summary>Of a secret in base32.</summary>
    public static string PasscodeOf(string base32, long now)
    {
        Assert.True(OtpSecret.TryParse(Encoding.ASCII.GetBytes(base32), out OtpSecret? secret));
        using (secret)
        {
            return Sallyport.Protocol.Passcode.FromNumber(Protocol.Totp.Compute(secret, new(now / 30)), 6).Expose();
        }
    }

    /// <summary>An entry for the one account; enrolled.</summary>
    public StoreUnderTest With(TotpEntry entry)
    {
        using (entry)
        {
            Assert.Equal(0, Store.Enrol(User, entry));
        }

        return this;
    }

    /// <summary>A login as it will be: read, check, save, and only then let in.</summary>
    public static bool LogIn(TotpStore store, string user, string answer, long now, bool moveCounter = true)
    {
        using TotpReading reading = store.Open(user);
        if (reading.Entry is not TotpEntry entry || !entry.TryGetSecret(out OtpSecret? secret))
        {
            return false;
        }

        using (secret)
        {
            var check = new CodeCheck(entry, secret, learnSkew: true, moveCounter, now, (_, _) => { });
            bool accepted = check.Try(Encoding.ASCII.GetBytes(answer), prefixAllowed: false, out _) is CheckOutcome.Accepted;
            return (!entry.Changed || reading.Save() == 0) && accepted;
        }
    }

    public bool LogIn(string answer, long now = Now) => LogIn(Store, User, answer, now);

    public void Dispose()
    {
        Store.Dispose();
        _folder.Delete(recursive: true);
    }
}
