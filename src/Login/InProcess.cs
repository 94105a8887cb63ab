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
            DuoSettings settings = DuoFile.Open(file, notes, Encoding.Latin1);
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
        var login = new DuoLogin
        {
            Account = facts.Account,
            ServerName = facts.DuoUser,
            Address = AddressOf(settings, facts, output),
            HostAddress = OwnAddressOf(facts),
            Command = facts.Command,
            IsHeadless = facts.IsHeadless,
            Passcode = facts.Passcode is null ? null : Encoding.Latin1.GetBytes(facts.Passcode),
            MayPush = true, // whoever runs it is in the account already
            ShowsTexts = true,
        };
        try
        {
            _ = settings.CaFile is null ? null : TrustedRoots.Read(settings.CaFile);
            return Ask(settings, login, new LoginConversation(output, facts.IsHeadless));
        }
        catch (DuoException unusable)
        {
            output.Log(Priority.Error, "Couldn't open Duo API handle", facts.Account.Name, login.Address, unusable.Message);
        }
        catch (IOException unknown)
        {
            output.Log(Priority.Error, "Couldn't get groups", facts.Account.Name, null, unknown.Message);
        }

        return Verdict.Deny;
    }

    private static Verdict Ask(DuoSettings settings, DuoLogin login, LoginConversation person)
    {
        TimeProvider time = TimeProvider.System;
        using DuoConnections connections = new(time);
        var factor = new DuoFactor(settings, new DuoClient(settings, connections, "sallyport-login", time), login, person, time);
        switch (factor.Run())
        {
            case DuoOutcome.Allowed or DuoOutcome.NotAsked:
                if (settings.Motd && !login.IsHeadless)
                {
                    Motd.Show(person);
                }

                return Verdict.Allow;
            case DuoOutcome.NotEnrolled when !login.IsHeadless:
                person.Tell(factor.EnrolmentText);
                return Verdict.Deny;
            default:
                return Verdict.Deny;
        }
    }

    /// <summary>What is no number is sent all the same, unless the file wants this host's own in its place.</summary>
    private static string? AddressOf(DuoSettings settings, LoginFacts facts, Output output)
    {
        if (!settings.FallbackLocalIp || facts.Address is null || IPAddress.TryParse(facts.Address, out _)
            || OwnAddressOf(facts) is not string own)
        {
            return facts.Address;
        }

        output.Log(Priority.Warning, "fallback_local_ip is replacing the remote client address with this server's IP; the address "
            + $"reported to Duo is not the client's from {Printable.Of(facts.Address)}");
        return own;
    }

    /// <summary>This host's, in the client's connection, or else on the way to the rest of the world.</summary>
    private static string? OwnAddressOf(LoginFacts facts) =>
        IPAddress.TryParse(facts.HostAddress, out _) ? facts.HostAddress : OwnAddress.Find();

    private static void Say(List<DuoNote> notes, Output output)
    {
        // That failmode is absent is for who moves a file: login_duo has no line for it.
        foreach (DuoNote note in notes.Where(note => note.Priority is not Priority.Debug))
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
