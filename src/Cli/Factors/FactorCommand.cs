using System.Globalization;
using System.Text;
using Sallyport.Cli.Terminal;
using Sallyport.Host;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;
using Sallyport.Host.Qr;

namespace Sallyport.Cli.Factors;

/// <summary>
/// A change of somebody's factor: by the agent; or, where none answers and root asks, by the same code here.
/// </summary>
internal static class FactorCommand
{
    public const string DefaultSocket = AgentCall.UsualPath;
    public const string DefaultConfiguration = "/etc/sallyport/sallyport.conf";

    private const int Failed = 1;

    /// <exception cref="IOException">The agent broke off, or the terminal is gone.</exception>
    public static int Run(string op, string? user, IReadOnlyList<string> arguments, CallOptions call, QrMode qrMode)
    {
        uint uid = Unistd.getuid();
        string? name = user is null ? Pwd.ByUid(uid)?.Name : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(user));
        if (name is null || Pwd.ByName(name) is not Account account)
        {
            Screen.WriteError(user is null ? $"uid {uid} has no account" : $"There is no account {Printable.Of(user)}");
            return Failed;
        }

        if (uid != 0 && account.Uid != uid)
        {
            Screen.WriteError("Only root may ask about another account");
            return Failed;
        }

        if (uid != 0 && arguments.Count > 0)
        {
            Screen.WriteError($"Only root may choose that ({arguments[0]}).\nWhat you get is your administrator's choice.");
            return Failed;
        }

        using var person = new TerminalConversation(qrMode);
        using AgentCall? agent = AgentCall.Connect(call.Socket);
        if (agent is not null)
        {
            IEnumerable<string> fields =
                [$"op={op}", $"user={account.Name}", "service=sallyport", .. arguments.Select(argument => $"arg={argument}")];
            return agent.Ask(fields, person) is Verdict.Allow ? 0 : Failed;
        }

        if (uid != 0)
        {
            Screen.WriteError($"No agent answers at {call.Socket}.\n"
                + "Please tell your administrator (systemctl status sallyport-agent.socket).");
            return Failed;
        }

        return RunHere(op, account, arguments, call, person) is Verdict.Allow ? 0 : Failed;
    }

    private static Verdict RunHere(
        string op, Account account, IReadOnlyList<string> arguments, CallOptions call, TerminalConversation person)
    {
        if (EnrolmentOptions.Parse(arguments, out string? problem) is not EnrolmentOptions options)
        {
            person.Tell(problem!);
            return Verdict.Deny;
        }

        using HostStores stores = HostStores.Open(call.Configuration);
        TimeProvider time = TimeProvider.System;
        var request = new FactorRequest(account, CallerUid: 0);
        return op switch
        {
            "enrol" => new EnrolFactor(stores.Store, stores.Invitations, time, () => false, Syslog.Notice).Run(request, options, person),
            "codes" => new RenewRecoveryCodes(stores.Store, time, () => false, Syslog.Notice).Run(request, options, person),
            "status" => new FactorStatus(stores.Store, stores.Invitations, time).Run(request, person),
            "invite" => new InviteUser(stores.Invitations, time, Syslog.Notice).Run(request, options, person),
            _ => throw new ArgumentOutOfRangeException(nameof(op), op, "no such op"),
        };
    }

    /// <summary>60s, 30m, 48h, 7d, as seconds in digits; null: none of these, or out of the range of an invitation.</summary>
    public static string? Seconds(string text)
    {
        int unit = text is [.., char last] ? last switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86_400, _ => 0 } : 0;
        return unit > 0 && int.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && (long)count * unit is >= 60 and var seconds && seconds <= EnrolmentOptions.LongestInvitation.TotalSeconds
                ? seconds.ToString(CultureInfo.InvariantCulture)
                : null;
    }
}

/// <summary>Where the agent is, and the configuration for where it is not.</summary>
internal sealed record CallOptions(
    string Socket = FactorCommand.DefaultSocket, string Configuration = FactorCommand.DefaultConfiguration);
