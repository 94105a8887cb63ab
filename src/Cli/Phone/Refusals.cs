using System.Globalization;
using System.Text.Json;

namespace Sallyport.Cli.Phone;

/// <summary>What kept a request from its answer, in words that say what to do next.</summary>
internal static class Refusals
{
    // The server takes proofs that are a minute off (docs/formats/phone-api.md); half of it is worth a word.
    private static readonly TimeSpan ClockOff = TimeSpan.FromSeconds(30);

    /// <summary>No answer at all.</summary>
    /// <param name="trust">What is wrong with the certificate; null: nothing.</param>
    public static PhoneException Of(string server, HttpRequestException failed, string? trust) =>
        trust is not null ? new PhoneException(trust, failed)
        : failed.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => new PhoneException(
                $"nobody knows the address of {server}. Is the name right, and the network there?", failed)
            { Passes = true },
            HttpRequestError.ConnectionError => new PhoneException(
                $"nothing answers at {server}. Is the network there, and does the server run?", failed)
            { Passes = true },
            HttpRequestError.SecureConnectionError => new PhoneException(
                $"{server} does not speak TLS 1.2 or 1.3. Is it a sallyport-server?", failed) { Passes = true },
            HttpRequestError.ConfigurationLimitExceeded => new PhoneException(
                $"{server} sends more than it may. Is it a sallyport-server?", failed),
            _ => new PhoneException($"the connection to {server} broke off; try again", failed) { Passes = true },
        };

    /// <summary>An answer that is none of those that were hoped for.</summary>
    public static PhoneException Of(string server, HttpResponseMessage response, byte[] body, DateTimeOffset now)
    {
        (string error, string description) = Read(body);
        int status = (int)response.StatusCode;
        return (status, error) switch
        {
            (_, "invalid_code") => new PhoneException(
                "there is no such activation code, or not any more: a code is for one phone and a time. "
                    + "Ask for a new one ('sallyport-server device add-phone')"),
            (_, "invalid_token") => new PhoneException(
                $"{server} has no such phone any more. Delete its file, ask for a code, and activate again"),
            (_, "invalid_dpop_proof") => Proof(server, response.Headers.Date, now),
            (429, _) => new PhoneException($"{server} asks to slow down; try again a little later")
            {
                Passes = true,
                NotBefore = response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1),
            },
            ( >= 500, _) => new PhoneException(
                $"{server} cannot answer now ({status}); try again, or look into its log") { Passes = true },
            ( >= 300 and < 400, _) => new PhoneException(
                $"{server} sends elsewhere, which is not followed. Is it the server's own name?"),
            (404 or 405, _) => new PhoneException(
                $"{server} knows no phones. Is it a sallyport-server, and as new as this program?"),
            _ => new PhoneException(
                $"{server} does not take that ({status} {RequestText.Shown($"{error}: {description}")})"),
        };
    }

    private static PhoneException Proof(string server, DateTimeOffset? theirs, DateTimeOffset now)
    {
        TimeSpan off = theirs is DateTimeOffset at ? now - at : TimeSpan.Zero;
        string seconds = off.Duration().TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        return new PhoneException(off.Duration() > ClockOff
            ? $"this machine's clock is {seconds} seconds {(off > TimeSpan.Zero ? "ahead of" : "behind")} that of "
                + $"{server}: set it (timedatectl set-ntp true)"
            : $"{server} does not take this phone's proof. Is it the server's own name, to the letter? "
                + "If so, activate again");
    }

    private static (string Error, string Description) Read(byte[] body)
    {
        try
        {
            using JsonDocument json = Json.Parse(body);
            bool isDescribed = json.RootElement.TryGetProperty("error_description", out JsonElement words);
            return (Json.Text(json.RootElement, "error"), isDescribed ? words.GetString() ?? "" : "");
        }
        catch (Exception garbage) when (Json.IsGarbage(garbage))
        {
            return ("", "");
        }
    }
}
