using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Sallyport.EndToEnd.Harness;

/// <summary>The app on a person's phone: a secret in base32, and its passcodes.</summary>
internal sealed class Authenticator(string secret, int stepSeconds = 30)
{
    private const string Base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public string Secret => secret;

    public int StepSeconds => stepSeconds;

    public static Authenticator Create(int stepSeconds = 30) =>
        new(RandomNumberGenerator.GetString(Base32Alphabet, 32), stepSeconds);

    /// <summary>The passcode of now, or of so many steps later (or, if negative, earlier).</summary>
    public string Passcode(int steps = 0)
    {
        long time = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + (steps * stepSeconds);
        return Oathtool(time);
    }

    /// <summary>A passcode of the right form that is right at no time near now.</summary>
    public string WrongPasscode()
    {
        string[] right = [.. Enumerable.Range(-3, 7).Select(Passcode)];
        return Enumerable.Range(0, right.Length + 1)
            .Select(number => number.ToString("D6", CultureInfo.InvariantCulture))
            .First(passcode => !right.Contains(passcode));
    }

    /// <summary>Waits until enough of the step is left for some logins.</summary>
    public async Task EarlyInStepAsync()
    {
        long second = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() % stepSeconds;
        if (second > stepSeconds * 2 / 3)
        {
            await Task.Delay(TimeSpan.FromSeconds(stepSeconds - second), TestContext.Current.CancellationToken);
        }
    }

    private string Oathtool(long time)
    {
        using Process process = Process.Start(Command.Describe(
            [
                "oathtool", "--totp", "-b", "-s", string.Create(CultureInfo.InvariantCulture, $"{stepSeconds}s"),
                "-N", string.Create(CultureInfo.InvariantCulture, $"@{time}"), secret,
            ],
            new Dictionary<string, string>()))!;
        return process.StandardOutput.ReadToEnd().Trim();
    }
}
