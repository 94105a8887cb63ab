using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Sallyport.Agent;
using Sallyport.Host.Access;
using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

const int usageError = 64; // sysexits.h, EX_USAGE
const string usage = "usage: sallyport-agent [--config FILE] [--socket PATH]";

string configPath = "/etc/sallyport/sallyport.conf";
string? socketPath = null;
for (int i = 0; i < args.Length; i += 2)
{
    if (i + 1 == args.Length || args[i] is not ("--config" or "--socket"))
    {
        Console.Error.WriteLine(usage);
        return args is ["--help"] ? 0 : usageError;
    }

    (configPath, socketPath) = args[i] == "--config" ? (args[i + 1], socketPath) : (configPath, args[i + 1]);
}

var trace = new Trace(Console.OpenStandardError());
var configuration = new ConfigurationFile(configPath);
TimeProvider time = TimeProvider.System;
var state = new AgentState(configuration, new FileLocks(), time, trace);
try
{
    _ = state.Current();
}
catch (Exception wrong) when (wrong is ConfigurationException or StateUnusableException)
{
    // It stays up and refuses, naming the fault in the log of every login; a correction holds without a restart.
    trace.Write(Priority.Critical, $"every login is refused until this is mended: {wrong.Message}");
}

if (!ActingUser.IsPossible)
{
    trace.Write(Priority.Notice, "may not act as users (no CAP_SETUID, CAP_SETGID): state files in homes are not served");
}

Listener? listener;
try
{
    listener = socketPath is not null ? Listener.Bind(socketPath) : Listener.FromSystemd();
}
catch (IOException unusable)
{
    trace.Write(Priority.Critical, unusable.Message);
    return 1;
}

if (listener is null)
{
    trace.Write(Priority.Critical, $"no socket: start it by sallyport-agent.socket, or give --socket PATH. {usage}");
    return usageError;
}

using var stop = new ManualResetEventSlim();
void OnSignal(PosixSignalContext context)
{
    context.Cancel = true; // we end by ourselves, below
    stop.Set();
}

using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);

var callers = new Callers(time);
var connections = new DuoConnections(time);
using var ending = new CancellationTokenSource();
var factors = new Factors(
    configuration, state, callers, connections, new ConnectionMemory(time), time, trace, ending.Token);
var conversation = new Conversation(
    configuration, callers, factors, new ConnectionMemory(time), state, new HopMemory(time), time, trace);
var server = new AgentServer(listener, conversation, trace);
server.Start();
new BypassReports(configuration, state, connections, time, trace).Start();
Notify("READY=1");

stop.Wait();
Notify("STOPPING=1");
server.Drain(TimeSpan.FromSeconds(6));
ending.Cancel(); // no phone goes on ringing for a login that nobody will finish
server.Drain(TimeSpan.FromSeconds(2)); // the unit gives ten in all
if (socketPath is not null)
{
    _ = Unistd.unlink(Encoding.UTF8.GetBytes(socketPath + '\0'));
}

return 0;

// sd_notify(3). An abstract name starts with '@' in the variable and with NUL in the address.
static void Notify(string state)
{
    if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } path)
    {
        return;
    }

    using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    try
    {
        socket.SendTo(Encoding.UTF8.GetBytes(state),
            new UnixDomainSocketEndPoint(path[0] == '@' ? '\0' + path[1..] : path));
    }
    catch (SocketException)
    {
        // Nobody listens there any more; systemd will see the process itself.
    }
}
