using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <summary>[duo] of sallyport.conf: Duo's keys, read strictly (docs/reference/compatibility.md).</summary>
public sealed class Given_duo_in_the_configuration
{
    private const string Whole = "[duo]\nikey = DIXXXXXXXXXXXXXXXXXX\nskey = deadbeef\nhost = api.example.org\n";

    [Fact]
    public void When_it_says_no_more_than_it_has_to_the_rest_is_strict()
    {
        DuoSettings duo = Parse(Whole);

        Assert.Equal(("DIXXXXXXXXXXXXXXXXXX", "deadbeef", "api.example.org", 443),
            (duo.IntegrationKey, duo.SecretKey, duo.Host, duo.Port));
        Assert.Equal(
            (FailMode.Secure, 3, TimeSpan.FromSeconds(10), 7),
            (duo.FailMode, duo.Prompts, duo.HttpsTimeout, duo.OfflineDays));
        Assert.Null(duo.CaFile);
        Assert.Null(duo.Proxy);
        Assert.Null(duo.GecosPosition);
        Assert.Empty(duo.Groups);
        Assert.Equal(',', duo.GecosDelimiter);
        Assert.False(duo.NoVerify || duo.PushInfo || duo.AutoPush || duo.VerifiedPush || duo.AcceptEnvFactor
            || duo.FallbackLocalIp || duo.SendGecos || duo.Motd || duo.SuTarget);
    }

    [Fact]
    public void When_it_says_everything_all_of_it_holds()
    {
        DuoSettings duo = Parse(
            "[duo]\nikey = I\nskey = S\nhost = sallyport.example.org:8443\ncafile = /etc/ssl/ours.pem\n"
            + "http_proxy = http://joe:p@ss@proxy.example.org:3128/\ngroups = *,!ops two\\ words\nfailmode = offline\n"
            + "pushinfo = yes\nprompts = 1\nautopush = on\naccept_env_factor = 1\nfallback_local_ip = true\n"
            + "https_timeout = 3\nsend_gecos = yes\ngecos_delim = /\ngecos_username_pos = 2\nmotd = yes\n"
            + "offline_days = 90\nsu = target\n");

        Assert.Equal(("sallyport.example.org", 8443, "/etc/ssl/ours.pem"), (duo.Host, duo.Port, duo.CaFile));
        Assert.Equal(new DuoProxy("proxy.example.org", 3128, "joe:p@ss"), duo.Proxy);
        Assert.Equal(["*,!ops", "two words"], duo.Groups);
        Assert.Equal(
            (FailMode.Offline, 1, TimeSpan.FromSeconds(3), 90),
            (duo.FailMode, duo.Prompts, duo.HttpsTimeout, duo.OfflineDays));
        Assert.Equal(('/', 2), (duo.GecosDelimiter, duo.GecosPosition));
        Assert.True(duo.PushInfo && duo.AutoPush && duo.AcceptEnvFactor);
        Assert.True(duo.FallbackLocalIp && duo.SendGecos && duo.Motd
            && duo.SuTarget);
    }

    [Fact]
    public void When_it_is_not_there_no_server_is_asked() => Assert.Null(HostConfiguration.Parse("f", "[totp]\n").Duo);

    [Theory]
    [InlineData("safe", FailMode.Safe)]
    [InlineData("secure", FailMode.Secure)]
    internal void When_a_fail_mode_is_named_it_holds(string name, FailMode mode) =>
        Assert.Equal(mode, Parse(Whole + $"failmode = {name}\n").FailMode);

    [Theory]
    [InlineData("[duo]\nskey = s\nhost = h\n", ":1: [duo] wants 'ikey'")]
    [InlineData("[duo]\nikey = i\nhost = h\n", ":1: [duo] wants 'skey'")]
    [InlineData("[duo]\nikey = i\nskey = s\n", ":1: [duo] wants 'host'")]
    [InlineData("[duo]\nikey =\nskey = s\nhost = h\n", ":2: cannot use this ikey: not what a server gives out")]
    [InlineData("[duo]\nikey = a:b\nskey = s\nhost = h\n", ":2: cannot use this ikey: not what a server gives out")]
    [InlineData("[duo]\nikey = i\nskey =\nhost = h\n", ":3: cannot use this skey: not what a server gives out")]
    [InlineData("[duo]\nikey = i\nskey = a b\nhost = h\n", ":3: cannot use this skey: not what a server gives out")]
    [InlineData("[duo]\nikey = i\nskey = s\nhost =\n", ":4: cannot use '' for host: name, or name:port")]
    [InlineData(
        "[duo]\nikey = i\nskey = s\nhost = https://h\n",
        ":4: cannot use 'https://h' for host: name, or name:port")]
    [InlineData("[duo]\nikey = i\nskey = s\nhost = h:0\n", ":4: cannot use 'h:0' for host")]
    [InlineData("[duo]\nikey = i\nskey = s\nhost = h:65536\n", ":4: cannot use 'h:65536' for host")]
    [InlineData("[duo]\nikey = i\nskey = s\nhost = h:\n", ":4: cannot use 'h:' for host")]
    [InlineData("[duo]\nikey = i\nskey = s\nhost = 2001:db8::1\n", ":4: cannot use '2001:db8::1' for host")]
    [InlineData("[duo x]\n", ":1: unknown section [duo x]")]
    [InlineData(Whole + "[duo]\n", ":5: [duo] is there twice")]
    [InlineData(Whole + "host = again\n", ":5: 'host' is set twice in [duo]")]
    [InlineData(Whole + "fail_mode = safe\n", ":5: unknown key 'fail_mode' in [duo]")]
    [InlineData(
        Whole + "failmode = secure # note\n",
        ":5: cannot use 'secure # note' for failmode: secure, offline or safe")]
    [InlineData(Whole + "failmode = Safe\n", ":5: cannot use 'Safe' for failmode")]
    [InlineData(Whole + "failmode =\n", ":5: cannot use '' for failmode")]
    [InlineData(Whole + "pushinfo = Yes\n", ":5: cannot use 'Yes' for pushinfo: yes or no")]
    [InlineData(Whole + "autopush = enabled\n", ":5: cannot use 'enabled' for autopush: yes or no")]
    [InlineData(Whole + "motd =\n", ":5: cannot use '' for motd: yes or no")]
    [InlineData(
        Whole + "autopush = yes\nverified_push = yes\n",
        ":6: cannot use 'yes' for verified_push: autopush and verified_push cannot both be yes")]
    [InlineData(Whole + "cafile = ours.pem\n", ":5: cannot use 'ours.pem' for cafile: not an absolute path")]
    [InlineData(Whole + "cafile =\n", ":5: cannot use '' for cafile: without a file nothing would be verified")]
    [InlineData(
        Whole + "noverify = 1\n",
        ":5: cannot use '1' for noverify: the server's certificate is always verified")]
    [InlineData(
        Whole + "noverify = no\n",
        ":5: cannot use 'no' for noverify: the server's certificate is always verified")]
    [InlineData(Whole + "gecos_parsed = yes\n", ":5: cannot use 'yes' for gecos_parsed: it has no effect")]
    [InlineData(Whole + "dev_fips_mode = yes\n", ":5: cannot use 'yes' for dev_fips_mode: it has no effect")]
    [InlineData(Whole + "http_proxy = https://joe:secret@proxy\n", ":5: cannot use this http_proxy: not [http://]")]
    [InlineData(Whole + "http_proxy =\n", ":5: cannot use this http_proxy: not [http://]")]
    [InlineData(Whole + "groups =\n", ":5: cannot use '' for groups: names of groups")]
    [InlineData(
        Whole + "group = !ops,!www !adm\n",
        ":5: cannot use '!ops,!www !adm' for group: with negations alone nobody is asked")]
    [InlineData(Whole + "groups = a\ngroup = b\n", ":6: cannot use 'b' for group: groups is set, too")]
    [InlineData(Whole + "prompts = 0\n", ":5: cannot use '0' for prompts: a number from 1 to 3")]
    [InlineData(Whole + "prompts = 4\n", ":5: cannot use '4' for prompts")]
    [InlineData(Whole + "prompts = +1\n", ":5: cannot use '+1' for prompts")]
    [InlineData(Whole + "https_timeout = 0\n", ":5: cannot use '0' for https_timeout: a number from 1 to 600")]
    [InlineData(Whole + "https_timeout = 601\n", ":5: cannot use '601' for https_timeout")]
    [InlineData(Whole + "https_timeout = 5s\n", ":5: cannot use '5s' for https_timeout")]
    [InlineData(
        Whole + "gecos_delim = ::\n",
        ":5: cannot use '::' for gecos_delim: one punctuation character other than ':'")]
    [InlineData(Whole + "gecos_delim = :\n", ":5: cannot use ':' for gecos_delim")]
    [InlineData(Whole + "gecos_delim = x\n", ":5: cannot use 'x' for gecos_delim")]
    [InlineData(Whole + "gecos_username_pos = 0\n", ":5: cannot use '0' for gecos_username_pos: a number from 1")]
    [InlineData(Whole + "offline_days = 91\n", ":5: cannot use '91' for offline_days: a number from 1 to 90")]
    [InlineData(Whole + "offline_days = 0\n", ":5: cannot use '0' for offline_days")]
    [InlineData(Whole + "su = root\n", ":5: cannot use 'root' for su: caller or target")]
    public void When_it_is_wrong_the_configuration_is_refused_with_file_and_line(string text, string problem)
    {
        var refused = Assert.Throws<ConfigurationException>(() => HostConfiguration.Parse("/f", text));

        Assert.StartsWith("/f" + problem, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[duo]\nskey deadbeef\n")]
    [InlineData("[duo]\nikey = i\nskey =\n  deadbeef\nhost = h\n")]
    [InlineData("[duo]\nikey = i\nskey = deadbeef deadbeef\nhost = h\n")]
    [InlineData(Whole + "http_proxy = ftp://joe:deadbeef@proxy\n")]
    public void When_a_secret_is_in_the_wrong_line_it_is_not_told(string text)
    {
        var refused = Assert.Throws<ConfigurationException>(() => HostConfiguration.Parse("/f", text));

        Assert.DoesNotContain("deadbeef", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void When_it_is_printed_the_secrets_are_not()
    {
        DuoSettings duo = Parse(Whole + "http_proxy = joe:deadbeef@proxy\n");

        Assert.DoesNotContain("deadbeef", $"{duo} {duo.Proxy} {new { duo }}", StringComparison.Ordinal);
    }

    private static DuoSettings Parse(string text) => HostConfiguration.Parse("/f", text).Duo!;
}
