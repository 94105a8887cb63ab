using Sallyport.Host;
using Sallyport.Host.Messages;

namespace Sallyport.Agent;

/// <summary>
/// The agent's own record: one line for each answer, on standard error, which systemd takes to the journal with the
/// priority in front (sd-daemon(3)). It is written before the answer is given: no login without a trace.
/// </summary>
internal sealed class Trace(Stream output)
{
    private readonly Lock _lock = new();

    public void Answer(Hello hello, uint callerUid, Verdict verdict) => Write(
        verdict is Verdict.Allow ? Priority.Info : Priority.Notice,
        $"{Name(verdict)} {Name(hello.Op)} user={Printable.Of(hello.User)} service={Printable.Of(hello.Service)} "
        + $"rhost={Printable.Of(hello.RemoteHost)} caller={callerUid}");

    /// <summary>For what has been refused already: a log that cannot be written must not end the agent.</summary>
    public void TryWrite(Priority priority, string text)
    {
        try
        {
            Write(priority, text);
        }
        catch (IOException)
        {
            // Nobody is let in by what this line would have said.
        }
    }

    /// <exception cref="IOException">It cannot be written; then nobody may be let in.</exception>
    public void Write(Priority priority, string text)
    {
        byte[] line = System.Text.Encoding.Latin1.GetBytes($"<{(int)priority}>{text}\n");
        lock (_lock)
        {
            output.Write(line);
            output.Flush();
        }
    }

    private static string Name(Verdict verdict) => verdict switch
    {
        Verdict.Allow => "allow",
        Verdict.Ignore => "ignore",
        Verdict.Unavailable => "unavailable",
        _ => "deny",
    };

    private static string Name(Op op) => op switch
    {
        Op.Auth => "auth",
        Op.Account => "account",
        Op.Session => "session",
        Op.Enrol => "enrol",
        Op.Codes => "codes",
        Op.Status => "status",
        Op.Invite => "invite",
        Op.Login => "login",
        _ => "nothing",
    };
}
