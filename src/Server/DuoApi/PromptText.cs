using Sallyport.Protocol.Duo;

namespace Sallyport.Server.DuoApi;

/// <summary>
/// What a person sees at the prompt, in the words that scripts and editors look for. There is no menu yet: nothing can
/// be pushed, called or sent, so only a code can be typed.
/// </summary>
internal static class PromptText
{
    /// <summary>Ends with a blank and no line end, because clients print it as it is and then read.</summary>
    public static string Of(string userName) => $"Duo two-factor login for {DuoText.Line(userName)}\n\nPasscode: ";

    /// <summary>
    /// Without a terminal, clients take the default and refuse where there is none. This one is refused by name, and
    /// is not counted as a wrong passcode: a job that runs every minute locks nobody out.
    /// </summary>
    public static Answer.Fields Factors { get; } = new(("default", "auto"));
}
