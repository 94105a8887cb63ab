using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>A throw-away machine with sallyport-login, the account ada, and no agent but what the test plays.</summary>
internal sealed class LoginHost : IAsyncDisposable
{
    public const string Program = "/usr/sbin/sallyport-login";

    private LoginHost(Sandbox sandbox)
    {
        Sandbox = sandbox;
        Syslog = new Syslog(sandbox, TestContext.Current.CancellationToken);
    }

    public Sandbox Sandbox { get; }

    public Syslog Syslog { get; }

    public static async Task<LoginHost> StartAsync(string shell = "/bin/bash")
    {
        var host = new LoginHost(await Sandbox.StartAsync(TestContext.Current.CancellationToken));
        host.Sandbox.Copy(Built.Login, Program);
        await host.Sandbox.RunAsync("ln", "-sf", "sallyport-login", "/usr/sbin/login_duo");
        await host.Sandbox.RunAsync("useradd", "--create-home", "--shell", shell, "ada");
        return host;
    }

    public ScriptedAgent Agent(params string[] frames) => new(Sandbox, frames);

    /// <summary>As ada, in her home, with an empty standard input.</summary>
    public Task<Outcome> RunAsync(params string[] words) => AsAsync("ada", "", words);

    /// <param name="shell">Done in a shell before the program is run: variables, descriptors, limits.</param>
    public Task<Outcome> AsAsync(string user, string shell, params string[] words) => Sandbox.TryAsync(
        // What runs the tests ignores SIGPIPE, and hands that on; sshd does not.
        ["runuser", "-u", user, "--", "env", "-i", "--default-signal=PIPE", "PATH=/usr/bin:/bin", "HOME=/tmp", "bash", "-c",
            $"cd /tmp; {shell}\nexec \"$0\" \"$@\" </dev/null", .. Words(words)]);

    /// <summary>As ada, at a terminal where all of this is typed at once.</summary>
    public Task<Outcome> TypingAsync(string typed, params string[] words)
    {
        string command = string.Join(' ', Words(words).Select(word => $"'{word}'"));
        return Sandbox.TryAsync("sh", "-c",
            "printf '%b' \"$0\" | runuser -u ada -- env -i PATH=/usr/bin:/bin TERM=dumb script -qec \"$1\" /dev/null", typed, command);
    }

    public async ValueTask DisposeAsync()
    {
        await Sandbox.DisposeAsync();
        Syslog.Dispose();
    }

    private static string[] Words(string[] words) => words is [['/', ..], ..] ? words : [Program, .. words];
}
