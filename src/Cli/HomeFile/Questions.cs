using System.Globalization;
using Sallyport.Cli.Terminal;

namespace Sallyport.Cli.HomeFile;

/// <summary>
/// The questions of google-authenticator, each with no default. Scripts that answer them know them by the phrases kept
/// here: those at their ends, and "disallow multiple uses".
/// </summary>
internal static class Questions
{
    public static bool TimeBased() => YesOrNo("Do you want authentication tokens to be time-based");

    public static bool Update(string path) => YesOrNo($"Do you want me to update your \"{path}\" file?");

    public static bool DisallowReuse(int stepSeconds) => YesOrNo($"""
        Do you want to disallow multiple uses of the same authentication token?
        Each passcode then logs in once, which leaves one login in {stepSeconds} seconds, and one
        that somebody has watched or intercepted is worth nothing any more
        """);

    public static bool WiderTotpWindow(int stepSeconds) => YesOrNo($"""
        The app shows a new passcode every {stepSeconds} seconds. One before and one after the
        current passcode are accepted too, so the clocks of this host and of the phone
        may be {stepSeconds} seconds apart. Where they cannot be kept in step, 8 before and 8
        after can be accepted, for clocks up to {Span(8 * stepSeconds)} apart: a window of 17 instead
        of 3. That also makes a passcode easier to guess.
        Do you want to do so?
        """);

    public static bool WiderHotpWindow() => YesOrNo("""
        Three passcodes are accepted at any time, so that two may be made and not used.
        If that happens more often, the window can be widened from 3 to 17, which also
        makes a passcode easier to guess. Do you want to do so?
        """);

    public static bool LimitRate() => YesOrNo("""
        Somebody who has the password could try passcodes one after the other. With a
        limit there are no more than 3 attempts in 30 seconds, his and yours together.
        Do you want to enable rate-limiting?
        """);

    /// <summary>A line that somebody typed.</summary>
    /// <exception cref="EndOfStreamException">There is none any more.</exception>
    public static string Answer() => Screen.ReadLine() ?? throw new EndOfStreamException();

    /// <summary>Only the first character counts, and it has to be one of y, Y, n and N.</summary>
    private static bool YesOrNo(string question)
    {
        Screen.Write("\n");
        while (true)
        {
            Screen.Write(question + " (y/n) ");
            switch (Answer())
            {
                case ['y' or 'Y', ..]:
                    return true;
                case ['n' or 'N', ..]:
                    return false;
                default:
                    continue;
            }
        }
    }

    private static string Span(int seconds) => seconds % 60 == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds / 60} minutes")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds} seconds");
}
