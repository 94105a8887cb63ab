using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Server;

/// <summary>
/// A PostgreSQL in a sandbox, as an unprivileged user, on a Unix socket. It keeps what it says it kept: fsync is on.
/// </summary>
internal sealed class Postgres(Sandbox sandbox)
{
    private const string Folder = "/var/lib/pg";

    public const string Connection = $"Host={Folder};Username=sallyport;Database=sallyport";

    // Children of one that was killed may hold its memory for a moment, so it is started until it starts.
    private const string Start =
        $"until timeout 20 pg_ctl -D {Folder}/data -w -l {Folder}/log start; do sleep 0.1; done";

    public async Task CreateAsync()
    {
        await sandbox.RunAsync("install", "-d", "-o", "nobody", "-g", "nogroup", "-m", "755", Folder);
        await RunAsync($"initdb -D {Folder}/data -A trust -U sallyport -E UTF8 --locale=C --no-sync");
        await RunAsync(
            $"printf \"listen_addresses = ''\\nunix_socket_directories = '{Folder}'\\n\" >>{Folder}/data/postgresql.conf");
        await StartAsync();
        await RunAsync($"createdb -h {Folder} -U sallyport sallyport");
    }

    public Task StartAsync() => RunAsync(Start + " >/dev/null 2>&1");

    /// <summary>As the kernel does when memory is out. What it began may serve for a moment yet: it is waited for.</summary>
    public Task KillAsync() => RunAsync(
        $"all=$(head -n 1 {Folder}/data/postmaster.pid); children=$(pgrep -P $all); kill -KILL $all; "
        + "for child in $children; do while kill -0 $child 2>/dev/null; do sleep 0.02; done; done");

    /// <summary>Result and reason of each login, oldest first.</summary>
    public async Task<string[]> ReasonsAsync()
    {
        sandbox.Write("/run/audit.sql", """
            SELECT "Result" || ' ' || "Reason" FROM audit_events WHERE "Action" = 'authentication' ORDER BY "At", "Id";
            """);
        return (await RunAsync($"psql -h {Folder} -U sallyport -At -f /run/audit.sql sallyport"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private Task<string> RunAsync(string line) => sandbox.RunAsync(
        "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh", "-c",
        $"cd {Folder}; PATH=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1):$PATH; {line}");
}
