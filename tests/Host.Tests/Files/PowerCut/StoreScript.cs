using System.Globalization;
using System.Text;
using Sallyport.Host.Files;
using Sallyport.Host.Passcodes;
using Sallyport.Protocol;

namespace Sallyport.Host.Tests.Files.PowerCut;

/// <summary>An answer that let somebody in, and when: it must never do so again.</summary>
internal readonly record struct Acknowledged(string User, string Answer, long Now);

/// <summary>Something that the store is asked to do. When it returns, it is acknowledged.</summary>
internal sealed record ScriptStep(string Name, Action<TotpStore> Run, Acknowledged? Used = null);

/// <summary>
/// All that a store goes through, the same bytes in every run but for the names of temporary files, so that a recorded
/// run and a run here can be compared.
/// </summary>
internal static class StoreScript
{
    private const string FirstKey = "12345678901234567890";
    private const string SecondKey = "another secret";
    private const string ThirdKey = "a third secret";
    private const long Start = StoreUnderTest.Now;

    // Accounts that every system has: the agent asks for them.
    private static readonly string[] _users = ["daemon", "bin", "sys"];

    public static IReadOnlyList<ScriptStep> Steps { get; } =
    [
        Enrol("daemon", StoreUnderTest.Totp, FirstKey, 12345678, 87654321),
        Passcode("daemon", FirstKey, Start),
        Passcode("daemon", FirstKey, Start + 30),
        LogIn("recovery code", "daemon", "12345678", Start + 30),
        Passcode("daemon", FirstKey, Start + 60),
        new("passcode of a clock that is off", store =>
            Assert.False(Try(store, "daemon", StoreUnderTest.Passcode(Start + 600, FirstKey), Start + 60))),
        Replace("new recovery codes", "daemon", enrolment => enrolment.WithRecoveryCodes(
            StoreUnderTest.Codes(55555555, 66666666)).WithNotice("New recovery codes")),
        LogIn("new recovery code", "daemon", "55555555", Start + 60),
        Passcode("daemon", FirstKey, Start + 90),
        Replace("settings", "daemon", enrolment => enrolment.WithSettings(StoreUnderTest.Totp with { Window = 17 })),
        Passcode("daemon", FirstKey, Start + 120),
        Replace("new secret", "daemon", _ => Enrolment(StoreUnderTest.Totp, SecondKey, 77777777)),
        Passcode("daemon", SecondKey, Start + 150),
        Enrol("bin", new() { Mode = OtpMode.Hotp }, FirstKey, 44444444),
        Counter("bin", FirstKey, 1),
        new("wrong passcode moves the counter", store => Assert.False(Try(store, "bin", "000000", Start))),
        Counter("bin", FirstKey, 3),
        Enrol("sys", StoreUnderTest.Totp with { IsStrict = false }, FirstKey),
        Passcode("sys", FirstKey, Start + 30),
        LogIn("passcode from before", "sys", StoreUnderTest.Passcode(Start, FirstKey), Start + 30),
        Retire("daemon"),
        Enrol("daemon", StoreUnderTest.Totp, ThirdKey),
        Passcode("daemon", ThirdKey, Start + 180),
        Retire("bin"),
    ];

    /// <summary>Everything that the store knows, but no secret that is not written in this file.</summary>
    public static string Describe(TotpStore store)
    {
        StringBuilder text = new();
        foreach (string user in _users)
        {
            using TotpReading reading = store.Open(user);
            text.Append(CultureInfo.InvariantCulture, $"{user}: {reading.Problem} ");
            if (reading.Entry is TotpEntry entry)
            {
                TotpRecord record = entry.Record;
                text.Append(Encoding.ASCII.GetString(entry.Enrolment.Secret.Expose())).Append(' ')
                    .Append(entry.Enrolment.Settings).Append(' ')
                    .AppendJoin(' ', entry.Enrolment.Notices).Append(' ')
                    .Append(entry.Enrolment.RecoveryCodes.IndexOf(12345678)).Append(' ')
                    .Append(entry.Enrolment.RecoveryCodes.IndexOf(55555555)).Append(' ')
                    .Append(record with { SkewSamples = [], Attempts = [] }).Append(' ')
                    .AppendJoin(' ', record.SkewSamples);
            }

            text.Append(reading.Problem is ReadProblem.Unusable ? reading.Message : "").Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Whether the answer would let in, were it given now; nothing is saved.</summary>
    public static bool WouldAccept(TotpStore store, Acknowledged used)
    {
        using TotpReading reading = store.Open(used.User);
        if (reading.Entry is not TotpEntry entry || !entry.TryGetSecret(out OtpSecret? secret))
        {
            return false;
        }

        using (secret)
        {
            var check = new CodeCheck(entry, secret, learnSkew: false, moveCounter: false, used.Now, (_, _) => { });
            return check.Try(Encoding.ASCII.GetBytes(used.Answer), prefixAllowed: false, out _) is CheckOutcome.Accepted;
        }
    }

    private static TotpEnrolment Enrolment(TotpSettings settings, string key, params uint[] codes) =>
        new(StoreUnderTest.Secret(key), settings, Start, StoreUnderTest.Codes(codes));

    private static ScriptStep Enrol(string user, TotpSettings settings, string key, params uint[] codes) =>
        new($"enrol {user}", store =>
        {
            using TotpEntry entry = TotpEntry.Create(Enrolment(settings, key, codes));
            Assert.Equal(0, store.Enrol(user, entry));
        });

    private static ScriptStep Replace(string name, string user, Func<TotpEnrolment, TotpEnrolment> change) =>
        new(name, store =>
        {
            using TotpReading held = store.Open(user);
            using TotpEntry next = held.Entry!.Replacement(change(held.Entry.Enrolment));
            Assert.Equal(0, store.Replace(held, next));
        });

    private static ScriptStep Retire(string user) => new($"retire {user}", store =>
    {
        using TotpReading held = store.Open(user);
        Assert.Equal(0, store.Retire(held));
    });

    private static ScriptStep Passcode(string user, string key, long now) =>
        LogIn("passcode", user, StoreUnderTest.Passcode(now, key), now);

    private static ScriptStep Counter(string user, string key, long counter)
    {
        using OtpSecret secret = StoreUnderTest.Secret(key);
        return LogIn("counter", user, Protocol.Passcode.FromNumber(Hotp.Compute(secret, counter), 6).Expose(), Start);
    }

    private static ScriptStep LogIn(string name, string user, string answer, long now) => new(
        $"{name} of {user}", store => Assert.True(Try(store, user, answer, now)), new(user, answer, now));

    private static bool Try(TotpStore store, string user, string answer, long now) =>
        StoreUnderTest.LogIn(store, user, answer, now);
}
