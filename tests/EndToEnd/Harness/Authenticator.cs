using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Protocol;

namespace Sallyport.EndToEnd.Harness;

/// <summary>The app on a person's phone: a secret in base32, and its passcodes.</summary>
internal sealed class Authenticator(string secret, int stepSeconds = 30)
{
    public string Secret => secret;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public static Authenticator Create(int stepSeconds = 30) =>
        new(Base32.Encode(RandomNumberGenerator.GetBytes(20)), stepSeconds);

    /// <summary>The passcode of now, or of so many steps later (or, if negative, earlier).</summary>
    public string Passcode(int steps = 0)
    {
        Assert.True(OtpSecret.TryParse(Encoding.ASCII.GetBytes(secret), out OtpSecret? key), "a secret in base32");
        using (key)
        {
            TimeStep now = TimeStep.At(Now, TimeSpan.FromSeconds(stepSeconds));
            uint code = Totp.Compute(key, new TimeStep(now.Value + steps));
            return code.ToString("D6", CultureInfo.InvariantCulture);
        }
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
        long second = Now.ToUnixTimeSeconds() % stepSeconds;
        if (second > stepSeconds * 2 / 3)
        {
            await Task.Delay(TimeSpan.FromSeconds(stepSeconds - second), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits, as a person does, until the phone shows another passcode than one that is used up.</summary>
    public async Task UntilNextAsync(string used)
    {
        while (Passcode() == used || Passcode(+1) == used)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken);
        }
    }
}
