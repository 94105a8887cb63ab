using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Sallyport.Agent;
using Sallyport.Host.Access;
using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Host.Tests.Agent;

/// <summary>
/// The agent in this process, on a socket of its own, at a clock that the test moves. State files are
/// FOLDER/USER/state, so that accounts that every system has (root, daemon) can be enrolled without touching a home.
/// </summary>
public sealed class AgentUnderTest : IDisposable
{
    public const string Secret = "JBSWY3DPEHPK3PXP";

    /// <summary>The passcodes of that secret at 2001-09-09T01:46:40Z, step 33333333, and one step later.</summary>
    public const string Passcode = "949556";
    public const string NextPasscode = "310976";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-host-");
    private readonly MemoryStream _trace = new();
    private readonly Listener _listener;
    private readonly AgentState _state;

    /// <param name="beforeItStarts">Leaves what an agent before this one has left in its folder.</param>
    public AgentUnderTest(Action<AgentUnderTest>? beforeItStarts = null)
    {
        if (Environment.UserName != "root")
        {
            throw new InvalidOperationException("these tests act as several users, so they run as root: sudo ./dev test");
        }

        _folder.UnixFileMode = (UnixFileMode)0x1ED; // 0755: daemon reads its file in here
        Directory.CreateDirectory(Path("agent"));
        Configure($"[totp]\nsecret = {StatePath("${USER}")}\n[agent]\nstate_directory = {Path("agent")}\n");
        beforeItStarts?.Invoke(this);
        var trace = new Trace(_trace);
        var configuration = new ConfigurationFile(ConfigurationPath);
        _state = new AgentState(configuration, new FileLocks(), Clock, trace);
        Store = _state.Current().Totp;
        _listener = Listener.Bind(SocketPath);
        var callers = new Callers(Clock);
        var factors = new Factors(
            configuration, _state, callers, new DuoConnections(TimeProvider.System), new ConnectionMemory(Clock), Clock, trace,
            CancellationToken.None);
        var conversation = new Conversation(
            configuration, callers, factors, new ConnectionMemory(Clock), _state, new HopMemory(Clock), Clock, trace);
        Server = new AgentServer(_listener, conversation, trace);
        Server.Start();
    }

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.FromUnixTimeSeconds(1_000_000_000));

    internal AgentServer Server { get; }

    internal TotpStore Store { get; }

    public string SocketPath => Path("agent.sock");

    public string ConfigurationPath => Path("sallyport.conf");

    /// <summary>What the agent wrote to its own log so far.</summary>
    public string Log => System.Text.Encoding.Latin1.GetString(_trace.ToArray());

    public string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    public void Configure(string text, UnixFileMode mode = (UnixFileMode)0x180)
    {
        File.WriteAllText(ConfigurationPath, text);
        File.SetUnixFileMode(ConfigurationPath, mode);
    }

    /// <summary>A state file: the secret, and these lines below it.</summary>
    public void Enrol(string user, params string[] lines)
    {
        Account account = Pwd.ByName(user) ?? throw new ArgumentException("no such account", nameof(user));
        string path = StatePath(user);
        Directory.CreateDirectory(Path(user));
        File.WriteAllText(path, string.Join('\n', [Secret, .. lines]) + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal(0, TestCalls.chown(path, account.Uid, account.Gid));
        Assert.Equal(0, TestCalls.chown(Path(user), account.Uid, account.Gid)); // it replaces its file in there
    }

    public string StateOf(string user) => File.ReadAllText(StatePath(user));

    public string StatePath(string user) => Path(user + "/state");

    /// <summary>The passcode so many steps after the first.</summary>
    public static string PasscodeAt(int steps)
    {
        Assert.True(OtpSecret.TryParse("JBSWY3DPEHPK3PXP"u8, out OtpSecret? secret));
        using (secret)
        {
            return Hotp.Compute(secret, 33_333_333 + steps).ToString("D6", CultureInfo.InvariantCulture);
        }
    }

    internal AgentClient Connect() => new(SocketPath);

    public void Dispose()
    {
        // The threads stay in accept(2) until the test process ends; nobody can reach them without the path.
        File.Delete(SocketPath);
        _state.Dispose();
        GC.KeepAlive(_listener);
        for (int i = 0; ; i++)
        {
            try
            {
                _folder.Delete(recursive: true);
                return;
            }
            catch (IOException) when (i < 100)
            {
                Thread.Sleep(20); // a refusal may still be writing its record
            }
        }
    }
}
