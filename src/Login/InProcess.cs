using Sallyport.Host;
using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;
using Sallyport.Host.Messages;

namespace Sallyport.Login;

/// <summary>
/// With -c: the server is asked by this very process, so that somebody who is not root can protect his own account.
/// </summary>
internal static class InProcess
{
    public static Verdict Run(string file, LoginFacts facts, Output output)
    {
        output.Log(Priority.Info, $"Loading config file {file}");
        List<DuoNote> notes = [];
        try
        {
            DuoSettings settings = DuoFile.Open(file, notes);
            Say(notes, output);
            return Ask(settings, facts, output);
        }
        catch (ConfigurationException refused)
        {
            Say(notes, output);
            Output.Complain(refused.Message);
            return Verdict.Deny;
        }
    }

    private static Verdict Ask(DuoSettings settings, LoginFacts facts, Output output)
    {
        output.Log(Priority.Error, "Error in Duo login", facts.DuoUser ?? facts.Account.Name, facts.Address,
            $"{settings.Host} cannot be asked without an agent yet");
        return Verdict.Deny;
    }

    private static void Say(List<DuoNote> notes, Output output)
    {
        foreach (DuoNote note in notes)
        {
            if (note.Priority is Priority priority)
            {
                output.Log(priority, note.Text);
            }
            else
            {
                Output.Complain(note.Text);
            }
        }
    }
}
