using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Duo;

/// <summary>sallyport import-duo: from login_duo.conf to the agent's own configuration.</summary>
public sealed class ImportDuoTests
{
    private const string File = "/etc/duo/login_duo.conf";
    private const string Keys = "[duo]\nikey = DIXXXX\nskey = deadbeef\nhost = api.example.org\n";

    [Fact]
    public async Task It_writes_the_section_closes_the_file_and_says_what_it_means()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        host.World.Agent.Configure("# ours\n[totp]\nhome_files = no\n");
        await WriteAsync(host, Keys + "groups = *,!ops\npushinfo = Yes\n");

        Outcome dry = await host.RootAsync("import-duo", "--dry-run", File);
        string untouched = host.Sandbox.Read(Agent.Configuration);
        Outcome done = await host.RootAsync("import-duo", File);
        Outcome again = await host.RootAsync("import-duo", File);
        Outcome forced = await host.RootAsync("import-duo", "--force", File);

        Assert.Equal((0, 0, 1, 0), (dry.ExitCode, done.ExitCode, again.ExitCode, forced.ExitCode));
        Assert.Equal("# ours\n[totp]\nhome_files = no\n", untouched);
        Assert.Equal("# ours\n[totp]\nhome_files = no\n\n[duo]\nikey = DIXXXX\nskey = deadbeef\nhost = api.example.org\n"
            + "groups = *,!ops\nfailmode = secure\n", host.Sandbox.Read(Agent.Configuration));
        Assert.Equal("600 root root\n", await host.Sandbox.RunAsync("stat", "-c", "%a %U %G", Agent.Configuration));
        Assert.StartsWith(dry.Output, done.Output, StringComparison.Ordinal);
        Assert.Contains("here it is secure", done.Output, StringComparison.Ordinal);
        Assert.Contains("matches '*,!ops' needs the second factor. Everybody else", done.Output, StringComparison.Ordinal);
        Assert.Contains("pushinfo = Yes means no", done.Errors, StringComparison.Ordinal);
        Assert.Contains("has [duo] already; --force replaces it", again.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("deadbeef", $"{dry}{done}{again}{forced}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Keys + "noverify = 1\n", "the server's certificate is not verified at all", "--cafile=system")]
    [InlineData(Keys + "cafile =\n", "the server's certificate is not verified at all", "--cafile=/etc/ca.pem")]
    [InlineData(Keys + "cafile = ca.pem\n", "cafile is not an absolute path", "--cafile=/etc/ca.pem")]
    [InlineData(Keys + "groups = !ops\n", "its groups are all negated", null)]
    [InlineData(Keys + "failmode = secure # note\n", "Parse error in " + File + ", line 5", null)]
    [InlineData("[duo]\n", "Missing host, ikey, or skey in " + File, null)]
    public async Task What_would_weaken_it_is_refused_and_nothing_is_written(string text, string why, string? flag)
    {
        await using StoreHost host = await StoreHost.StartAsync();
        string before = host.Sandbox.Read(Agent.Configuration);
        await WriteAsync(host, text);

        Outcome refused = await host.RootAsync("import-duo", File);
        string untouched = host.Sandbox.Read(Agent.Configuration);
        Outcome allowed = await host.RootAsync(["import-duo", .. flag is null ? (string[])[] : [flag], File]);

        Assert.Equal((1, before), (refused.ExitCode, untouched));
        Assert.Contains(why, refused.Errors, StringComparison.Ordinal);
        Assert.True(allowed.ExitCode == (flag is null ? 1 : 0), allowed.ToString());
        Assert.DoesNotContain("noverify", host.Sandbox.Read(Agent.Configuration), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_is_not_root_may_look_and_not_write()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        await host.World.AddAccountAsync("ada");
        await host.Sandbox.RunAsync("sh", "-c", $"printf '%s' \"$0\" > /home/ada/duo.conf; chown ada /home/ada/duo.conf; chmod 600 /home/ada/duo.conf", Keys);

        Outcome dry = await host.AsAsync("ada", StoreHost.Program, "import-duo", "--dry-run", "/home/ada/duo.conf");
        Outcome refused = await host.AsAsync("ada", StoreHost.Program, "import-duo", "/home/ada/duo.conf");
        await host.Sandbox.RunAsync("chmod", "644", "/home/ada/duo.conf");
        Outcome open = await host.AsAsync("ada", StoreHost.Program, "import-duo", "--dry-run", "/home/ada/duo.conf");

        Assert.True(dry.ExitCode == 0, dry.ToString());
        Assert.Equal("sallyport import-duo: only root can do that; --dry-run shows what it would do\n", refused.Errors);
        Assert.Equal("sallyport import-duo: /home/ada/duo.conf must be readable only by user 'ada'\n", open.Errors);
    }

    private static Task<string> WriteAsync(StoreHost host, string text) => host.Sandbox.RunAsync(
        "sh", "-c", $"mkdir -p /etc/duo && umask 077 && printf '%s' \"$0\" > {File}", text);
}
