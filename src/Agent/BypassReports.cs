using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;
using Sallyport.Host.Messages;

namespace Sallyport.Agent;

/// <summary>Tells the server of logins that it has not seen, as soon as it can be reached again.</summary>
internal sealed class BypassReports(
    ConfigurationFile configuration, AgentState state, DuoConnections connections, TimeProvider time, Trace trace)
{
    private static readonly TimeSpan _again = TimeSpan.FromSeconds(30);

    public void Start() => new Thread(Work) { IsBackground = true, Name = "reports" }.Start();

    private void Work()
    {
        while (true)
        {
            try
            {
                Bypasses bypasses = state.Current().Bypasses;
                bypasses.Added.WaitOne(_again); // what is left of an attempt that failed is told, too
                while (!TryTell(bypasses))
                {
                    Thread.Sleep(_again);
                }
            }
            catch (Exception later) when (later is IOException or ConfigurationException or StateUnusableException)
            {
                Thread.Sleep(_again); // each login says what is wrong
            }
        }
    }

    /// <returns>Whether there is nothing left to tell.</returns>
    private bool TryTell(Bypasses bypasses)
    {
        IReadOnlyList<DuoBypass> waiting = bypasses.Waiting();
        if (waiting.Count == 0)
        {
            return true;
        }

        if (configuration.Current().Duo is not DuoSettings settings)
        {
            return false;
        }

        List<string> told = [];
        try
        {
            var client = new DuoClient(settings, connections, Factors.UserAgent, time);
            foreach (DuoBypass bypass in waiting)
            {
                bool? isTold = client.Report(bypass);
                if (isTold is false)
                {
                    return false; // logins say why
                }

                if (isTold is null)
                {
                    trace.Write(Priority.Warning, "the server does not take the report of a login that it has not seen; "
                        + $"this log is its only record: {Printable.Of(bypass.User)}, {bypass.Reason}, {bypass.Time:u}");
                }

                told.Add(bypass.Id);
            }
        }
        finally
        {
            if (told.Count > 0)
            {
                bypasses.Remove(told);
            }
        }

        return true;
    }
}
