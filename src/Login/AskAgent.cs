using Sallyport.Host;
using Sallyport.Host.Messages;

namespace Sallyport.Login;

/// <summary>The usual way: sallyport-agent decides, because the secrets are its.</summary>
internal static class AskAgent
{
    /// <summary>What of a command the phone can show; the shell gets all of it.</summary>
    private const int LongestCommand = 4096;

    public static Verdict Run(LoginFacts facts, Output output)
    {
        var person = new LoginConversation(output, facts.IsHeadless);
        try
        {
            using AgentCall? agent = AgentCall.Connect(AgentCall.UsualPath)
                ?? throw new IOException($"no agent answers at {AgentCall.UsualPath}");
            return agent.Ask(Hello(facts), person, () => person.IsGone);
        }
        catch (IOException failed)
        {
            output.Log(Priority.Error, "Error in Duo login", facts.Account.Name, facts.Address, failed.Message);
            if (!facts.IsHeadless)
            {
                Output.Complain("The second factor cannot be asked for. Please tell your administrator:\n"
                    + Output.Fit(failed.Message));
            }

            return Verdict.Deny;
        }
    }

    /// <summary>Nothing that was not said: to the agent an empty field is one that somebody has left out.</summary>
    private static IEnumerable<string> Hello(LoginFacts facts)
    {
        string command = facts.Command ?? "";
        (string Name, string? Value)[] fields =
        [
            ("op", "login"), ("user", facts.Account.Name), ("service", "sallyport-login"), ("tty", facts.IsTerminal ? "yes" : null),
            ("headless", facts.IsHeadless ? "yes" : null), ("command", command[..Math.Min(command.Length, LongestCommand)]),
            ("ssh_connection", facts.SshConnection), ("duo_user", facts.DuoUser), ("rhost", facts.Host),
            ("authtok", facts.Passcode),
        ];
        return fields.Where(field => field.Value is { Length: > 0 }).Select(field => $"{field.Name}={field.Value}");
    }
}
