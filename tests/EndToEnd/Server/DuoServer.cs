using System.Globalization;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Server;

/// <summary>sallyport-server as ./dev build leaves it, in a sandbox, with a data folder of its own.</summary>
internal sealed partial class DuoServer(Sandbox sandbox, CancellationToken cancellationToken)
{
    public const string Host = "duo.example.org";
    public const string Data = "/var/lib/sallyport-server";

    /// <summary>Where a node listens, and where another does that shares its database.</summary>
    public const string First = "127.0.0.1";
    public const string Second = "127.0.0.2";

    private const string Library = "libe_sqlite3.so";
    private const string Program = "/usr/bin/sallyport-server";
    private const string Folder = "/usr/lib/sallyport-server";
    private const string PidFile = "/run/sallyport-server.pid";

    // It takes a second; a machine with other work at hand takes its time.
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private Command? _serving;
    private Command? _second;
    private int _port;

    public void Install()
    {
        string built = Path.GetDirectoryName(Built.Server)!;
        if (!sandbox.Exists(Built.Server))
        {
            // A home, say, which is empty in there.
            sandbox.Copy(Built.Server, $"{Folder}/sallyport-server");
            sandbox.Copy(Path.Combine(built, Library), $"{Folder}/{Library}");
            built = Folder;
        }

        File.CreateSymbolicLink(sandbox.Outside(Program), $"{built}/sallyport-server");
        sandbox.Write("/etc/hosts", sandbox.Read("/etc/hosts") + $"{First} {Host}\n");
    }

    /// <summary>Runs one of the administrator's commands, which has to succeed; what it printed.</summary>
    public Task<string> RunAsync(params string[] arguments) =>
        sandbox.RunAsync([Program, .. arguments, "--data", Data]);

    /// <summary>The settings may name another port: "--public-host", "HOST:PORT".</summary>
    public Task InitAsync(params string[] settings)
    {
        int at = Array.IndexOf(settings, "--public-host");
        _port = at < 0 ? 443 : int.Parse(settings[at + 1].Split(':')[1], CultureInfo.InvariantCulture);
        string[] where = at < 0 ? ["--public-host", Host] : [];
        return RunAsync(["init", .. where, "--listen", $"{First}:{_port}", .. settings]);
    }

    /// <summary>An authenticator app for a user who is there already.</summary>
    public async Task<Authenticator> AddTotpAsync(string user)
    {
        Match secret = Secret().Match(await RunAsync("device", "add-totp", user));
        Assert.True(secret.Success, "device add-totp shows a key URI with a secret");
        return new Authenticator(secret.Groups[1].Value);
    }

    public async Task<string> AddBypassCodeAsync(string user) =>
        (await RunAsync("bypass-code", "add", user)).Split('\n')[0];

    public async Task StartAsync()
    {
        // Not as nsenter's own child: nsenter stops when that does, and would not see the sandbox end.
        _serving = sandbox.Start([
            "sh", "-c", "\"$@\" & echo $! > \"$0\"; wait $!", PidFile, Program, "serve", "--data", Data,
        ]);
        await Wait.UntilAsync(() => Listens("0100007F"), "the server listens", StartLimit, cancellationToken);
    }

    /// <summary>One more, at the second address, with the same name, keys and database. It ends with the sandbox.</summary>
    public async Task StartSecondAsync()
    {
        _second = sandbox.Start([Program, "serve", "--data", Data, "--listen", $"{Second}:{_port}"]);
        await Wait.UntilAsync(() => Listens("0200007F"), "the second node listens", StartLimit, cancellationToken);
    }

    public async Task KillSecondAsync()
    {
        await sandbox.RunAsync("sh", "-c", $"kill -KILL $(pgrep -f -- '^{Program} .*--listen {Second}:')");
        using (_second)
        {
            await _second!.EndAsync(cancellationToken);
        }
    }

    /// <summary>What the name means from now on. A client tries the addresses in turn.</summary>
    public void Name(params string[] addresses)
    {
        string others = string.Join('\n', sandbox.Read("/etc/hosts").Split('\n')
            .Where(line => !line.EndsWith(" " + Host, StringComparison.Ordinal)));
        sandbox.Write("/etc/hosts", others + string.Concat(addresses.Select(address => $"{address} {Host}\n")));
    }

    /// <summary>KILL is a crash; TERM is how systemd ends it.</summary>
    public async Task<Outcome> EndAsync(string signal = "TERM")
    {
        await SignalAsync(signal);
        return await EndedAsync();
    }

    public async Task<Outcome> EndedAsync()
    {
        using (_serving)
        {
            return await _serving!.EndAsync(cancellationToken);
        }
    }

    /// <summary>STOP: it has its port and its connections, and says nothing any more.</summary>
    public Task SignalAsync(string signal) => sandbox.RunAsync("kill", $"-{signal}", sandbox.Read(PidFile).Trim());

    public async Task<int> AnswersAsync(string path)
    {
        Outcome outcome = await sandbox.TryAsync(
            "curl", "--silent", "--cacert", $"{Data}/ca.pem", "--output", "/dev/null", "--write-out", "%{http_code}",
            $"https://{Host}{path}");
        return int.Parse(outcome.Output);
    }

    /// <summary>The audit rows of logins, oldest first: result, reason, factor, user, application, ssh client's address.</summary>
    public async Task<string[]> AuditAsync()
    {
        const string rows = "SELECT Result, Reason, Factor, UserName, ApplicationName, AccessAddress FROM audit_events "
            + "WHERE Action IN ('authentication', 'enrollment') ORDER BY At, Id";
        string text = await sandbox.RunAsync("sqlite3", "-separator", " ", $"{Data}/sallyport.db", rows);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    // 0A: TCP_LISTEN.
    public bool Listens(string address) => File.ReadLines(sandbox.Outside("/proc/1/net/tcp"))
        .Any(line => line.Contains($"{address}:{_port:X4} 00000000:0000 0A", StringComparison.Ordinal));

    [GeneratedRegex("[?&]secret=([A-Z2-7]+)")]
    private static partial Regex Secret();
}
