using Sallyport.Cli.Terminal;
using Sallyport.Host.Configuration;

namespace Sallyport.Cli.Setup;

/// <summary>What no option says is asked, on a terminal; elsewhere it is what it was, or the usual.</summary>
internal static class SetupQuestions
{
    public static SetupChoices Ask(SetupChoices choices)
    {
        HostConfiguration now = PolicyText.Parse(HostFile.Read(PolicyText.Path).Text);
        if (Console.IsInputRedirected)
        {
            return choices;
        }

        if (choices.Ask is null)
        {
            string groups = now.Policy is { AskGroups.Count: > 0 } policy ? string.Join(' ', policy.AskGroups) : "all";
            choices = choices with { Ask = Answer("Who is asked for a passcode? all, or names of groups", groups).Replace(',', ' ') };
        }

        if (choices.Enrolment is null && now.Policy is null)
        {
            choices = choices with { Enrolment = Answer("Who has no factor yet: invited, required, deny, or allow until YYYY-MM-DD\nEnrolment", "invited") };
        }

        if (choices.Exempt.Count == 0 && now.Exemptions.Count == 0)
        {
            choices = choices with { Exempt = AskExemptions() };
        }

        return choices.BreakGlass is not null || now.BreakGlass is not null ? choices : choices with
        {
            BreakGlass = AskExemption("The account for when nothing else works, as NAME:UNTIL:REASON\nBreak-glass"),
        };
    }

    /// <summary>Everything that is not a yes is a no.</summary>
    public static bool Agrees(string question)
    {
        Screen.Write($"\n{question} (y/N) ");
        return Screen.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    private static List<Exemption> AskExemptions()
    {
        List<Exemption> exempt = [];
        string question = "An account that needs its key alone, as NAME:UNTIL:REASON; empty: none\nExempt";
        while (AskExemption(question) is Exemption one)
        {
            exempt.Add(one);
            question = "Another one; empty: no more\nExempt";
        }

        return exempt;
    }

    private static Exemption? AskExemption(string question)
    {
        while (true)
        {
            string answer = Answer(question, "");
            if (answer.Length == 0 || SetupChoices.Exemption(answer) is not null)
            {
                return SetupChoices.Exemption(answer);
            }

            Screen.Write("As in ops:2027-12-31:sealed key in the safe\n");
        }
    }

    private static string Answer(string question, string otherwise)
    {
        Screen.Write(otherwise.Length > 0 ? $"{question} [{otherwise}]: " : $"{question}: ");
        string answer = Screen.ReadLine()?.Trim() ?? throw new EndOfStreamException();
        return answer.Length > 0 ? answer : otherwise;
    }
}
