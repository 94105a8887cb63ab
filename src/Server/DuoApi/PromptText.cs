using System.Globalization;
using System.Text;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;

namespace Sallyport.Server.DuoApi;

/// <summary>
/// What a person sees at the prompt, in the words that scripts and editors look for, and what the numbers in it mean.
/// </summary>
internal static class PromptText
{
    /// <summary>Ends with a blank and no line end, because clients print it as it is and then read.</summary>
    public static string Of(string userName, IReadOnlyList<Device> phones)
    {
        StringBuilder text = new($"Duo two-factor login for {DuoText.Line(userName)}\n\n");
        if (phones.Count == 0)
        {
            return text.Append("Passcode: ").ToString();
        }

        text.Append("Enter a passcode or select one of the following options:\n\n");
        for (int i = 0; i < phones.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $" {i + 1}. Duo Push to {NameOf(phones[i])}\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"\nPasscode or option (1-{phones.Count}): ").ToString();
    }

    /// <summary>
    /// Without a terminal, clients take the default and refuse where there is none. Where no phone can be asked, it is
    /// one that is refused by name, and is not counted as a wrong passcode: a job that runs every minute locks nobody
    /// out.
    /// </summary>
    public static Answer.Fields Factors(IReadOnlyList<Device> phones) => new(
    [
        ("default", phones.Count > 0 ? "push1" : "auto"),
        .. Enumerable.Range(1, phones.Count).Select(
            number => (number.ToString(CultureInfo.InvariantCulture), (Answer)$"push{number}")),
    ]);

    /// <summary>What can be asked, at this login.</summary>
    public static IReadOnlyList<Device> Phones(Ruling.Ask ask) => ask.CanPush ? [.. ask.Phones.Take(MostLines)] : [];

    private const int MostLines = DuoPrompt.MaxNumber;

    private static string NameOf(Device phone) =>
        DuoText.Line(phone.Name) + (phone.IsTerminal ? " (terminal)" : "");
}
