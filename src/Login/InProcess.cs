using System.Net;
using System.Text;
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
        using DuoConnections connections = new(TimeProvider.System);
        var login = new DuoLogin
        {
            Account = facts.Account,
            ServerName = facts.DuoUser,
            Address = IPAddress.TryParse(facts.Address, out _) || !settings.FallbackLocalIp
                ? facts.Address
                : facts.HostAddress ?? facts.Address,
            HostAddress = facts.HostAddress,
            Command = facts.Command,
            IsHeadless = facts.IsHeadless,
            Passcode = facts.Passcode is null ? null : Encoding.Latin1.GetBytes(facts.Passcode),
            MayPush = true, // whoever runs it is in the account already
            ShowsTexts = true,
        };
        var person = new LoginConversation(output, facts.IsHeadless);
        var factor = new DuoFactor(
            settings, new DuoClient(settings, connections, "sallyport-login", TimeProvider.System), login, person, TimeProvider.System);
        switch (factor.Run())
        {
            case DuoOutcome.Allowed or DuoOutcome.NotAsked:
                if (settings.Motd && !facts.IsHeadless)
                {
                    Motd.Show(person);
                }

                return Verdict.Allow;
            case DuoOutcome.NotEnrolled:
                person.Tell(factor.EnrolmentText);
                return Verdict.Deny;
            default:
                return Verdict.Deny;
        }
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
