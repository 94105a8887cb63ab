using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Agent;

/// <summary>
/// A thread waits in accept(2); the one that gets a connection serves it to its end, so that a login wakes one thread
/// and acting as a user never leaves it. When too few are left waiting, another thread starts.
/// </summary>
internal sealed class AgentServer(Listener listener, Conversation conversation, Trace trace)
{
    private const int FewestWaiting = 1;
    private const int MostWaiting = 6;
    private const int MostThreads = 192; // others than root have 64 at most; the unit's TasksMax leaves room for these
    private const int StackBytes = 256 * 1024;

    private readonly object _lock = new(); // not a Lock: Drain waits on it
    private int _threads;
    private int _waiting;
    private int _busy;
    private volatile bool _stopping;

    public void Start()
    {
        lock (_lock)
        {
            StartThread();
        }
    }

    /// <summary>
    /// Takes no more callers (systemd keeps them for the next agent), and waits for the conversations that are open, no
    /// longer than <paramref name="patience"/>.
    /// </summary>
    public void Drain(TimeSpan patience)
    {
        long end = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        lock (_lock)
        {
            _stopping = true;
            while (_waiting + _busy > 0 && end - Environment.TickCount64 is var left and > 0)
            {
                // A thread in accept(2) wakes for a caller only: it may be us. shutdown(2) would wake them all, and close
                // systemd's socket for good.
                if (_waiting > 0)
                {
                    listener.Call();
                }

                Monitor.Wait(_lock, (int)Math.Min(left, _waiting > 0 ? 10 : left));
            }
        }
    }

    private void StartThread()
    {
        try
        {
            new Thread(Work, StackBytes) { IsBackground = true, Name = "login" }.Start();
            _threads++;
            _waiting++;
        }
        catch (OutOfMemoryException)
        {
            trace.TryWrite(Priority.Error, "no room for another thread; logins wait for the ones that are open");
        }
    }

    private void Work()
    {
        bool goOn = true;
        while (goOn)
        {
            using SafeFileHandle socket = SysSocket.accept4(listener.Socket, 0, 0, SysSocket.SOCK_CLOEXEC);
            if (socket.IsInvalid)
            {
                // Out of descriptors, or a caller that has gone again: neither ends the agent, nor spins it.
                trace.TryWrite(Priority.Error, $"accept: {Unistd.StrError(Marshal.GetLastPInvokeError())}");
                Thread.Sleep(TimeSpan.FromMilliseconds(100));
                continue;
            }

            Enter();
            try
            {
                using var connection = new Connection(socket);
                if (!_stopping || connection.Peer()?.Pid != Environment.ProcessId)
                {
                    conversation.Serve(connection);
                }
            }
#pragma warning disable CA1031 // The one boundary: what nobody foresaw ends this login, refused, and no other.
            catch (Exception unforeseen)
#pragma warning restore CA1031
            {
                trace.TryWrite(Priority.Critical, $"refused: {unforeseen.GetType().Name}: {unforeseen.Message}");
            }

            goOn = Leave();
        }
    }

    private void Enter()
    {
        lock (_lock)
        {
            _waiting--;
            _busy++;
            if (!_stopping && _waiting < FewestWaiting && _threads < MostThreads)
            {
                StartThread();
            }
        }
    }

    private bool Leave()
    {
        lock (_lock)
        {
            _busy--;
            if (_stopping)
            {
                Monitor.PulseAll(_lock);
            }

            bool stay = !_stopping && _waiting < MostWaiting;
            _waiting += stay ? 1 : 0;
            _threads -= stay ? 0 : 1;
            return stay;
        }
    }
}
