using System.Text;
using CsCheck;
using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;
using Sallyport.Host.Tests.Agent;

namespace Sallyport.Host.Tests.Duo;

/// <summary>
/// login_duo.conf as the C programs read it, but that a failmode not set is secure and an error lets nobody in.
/// </summary>
public sealed class Given_a_file_of_duo : IDisposable
{
    private const string Keys = "ikey = I\nskey = S\nhost = h\n";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-duo-");
    private readonly List<DuoNote> _notes = [];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void When_nothing_else_is_set_it_is_secure_and_has_an_end_to_silence()
    {
        DuoSettings duo = Parse(Keys);

        Assert.Equal(("I", "S", "h", 443), (duo.IntegrationKey, duo.SecretKey, duo.Host, duo.Port));
        Assert.Equal((FailMode.Secure, 3, 10.0), (duo.FailMode, duo.Prompts, duo.HttpsTimeout.TotalSeconds));
        Assert.False(duo.NoVerify || duo.PushInfo || duo.AutoPush || duo.VerifiedPush || duo.AcceptEnvFactor
            || duo.FallbackLocalIp || duo.SendGecos || duo.Motd);
        Assert.Equal("failmode is not set in /f: it is secure", Assert.Single(_notes).Text);
    }

    [Fact]
    public void When_all_is_set_all_of_it_holds()
    {
        DuoSettings duo = Parse("[duo]\nikey=I\nskey=S\nhost=api.example.org:8443\ncafile=certs/ca.pem\n"
            + "http_proxy=http://u:p%40@proxy:3128/x\ngroups=a b,!c\nfailmode=safe\npushinfo=yes\n"
            + "prompts=2\nautopush=true\n"
            + "accept_env_factor=on\nfallback_local_ip=1\nhttps_timeout=30\nsend_gecos=yes\ngecos_delim=/\n"
            + "gecos_username_pos=2\nmotd=yes\n");

        Assert.Equal(("api.example.org", 8443, "certs/ca.pem"), (duo.Host, duo.Port, duo.CaFile));
        Assert.Equal(new DuoProxy("proxy", 3128, "u:p%40"), duo.Proxy);
        Assert.Equal(["a", "b,!c"], duo.Groups);
        Assert.Equal((FailMode.Safe, 2, 30.0), (duo.FailMode, duo.Prompts, duo.HttpsTimeout.TotalSeconds));
        Assert.Equal(('/', 2), (duo.GecosDelimiter, duo.GecosPosition));
        Assert.True(duo.PushInfo && duo.AutoPush && duo.AcceptEnvFactor);
        Assert.True(duo.FallbackLocalIp && duo.SendGecos && duo.Motd);
        Assert.Empty(_notes);
    }

    // Sections, pairs, comments, continuation, repeats.
    [Theory]
    [InlineData("[whatever]\nikey = I\n[]\nskey = S\n[ pam ] x\nhost = h\n", "I S h")]
    [InlineData("ikey=I\r\nskey\t=\tS\r\nhost = h", "I S h")]
    [InlineData("ikey = I\nskey = S\nhost = h ; a comment\n", "I S h")]
    [InlineData("ikey = I\nskey = S\nhost = h\t; a comment\n", "I S h")]
    [InlineData("ikey = I;no comment\nskey = ;S\nhost = h\n", "I;no comment ;S h")]
    [InlineData("; whole\n# whole\n  # whole, too, before any key\nikey = I\n;x\n#x\nskey = S\nhost = h\n", "I S h")]
    [InlineData("ikey = I # it is the value\nskey = S=x = y\nhost = h\n", "I # it is the value S=x = y h")]
    [InlineData("ikey = I\nskey =\n S\nhost = h\n ; skipped\n", "I S h")]
    [InlineData("ikey = I\n J\n\tK ; all of it\nskey = S\nhost = h\n", "K ; all of it S h")]
    [InlineData("ikey = I\n # the value\nskey = S\nhost = h\n", "# the value S h")]
    [InlineData("ikey = I\n[a]\n # a comment again\nskey = S\nhost = h\n", "I S h")]
    [InlineData("ikey = I\n\n J\nskey = S\nhost = h\n", "J S h")]
    [InlineData("ikey = I\nikey = J\nskey = S\nhost = h\n", "J S h")]
    [InlineData("  ikey = I\nskey = S\0 not read\nhost = h\n", "I S h")]
    public void When_it_is_written_so_it_reads_so(string text, string keys)
    {
        DuoSettings duo = Parse(text);

        Assert.Equal(keys, $"{duo.IntegrationKey} {duo.SecretKey} {duo.Host}");
    }

    [Fact]
    public void When_a_line_has_more_than_199_bytes_the_rest_is_a_line_of_its_own()
    {
        string fits = new('x', 199 - "skey = ".Length);
        string rest = "host = " + new string('h', 10);

        DuoSettings duo = Parse($"ikey = I\nskey = {fits}{rest}\n");

        Assert.Equal((fits, "hhhhhhhhhh"), (duo.SecretKey, duo.Host));
        Refused($"ikey = I\nskey = {fits}y\nhost = h\n", "Parse error in /f, line 3");
        Refused($"ikey = I\nskey = {fits}\nhost = h\nbad\n", "Parse error in /f, line 5"); // line 2 has two ends
    }

    [Theory]
    [InlineData("[duo\n", 1)]
    [InlineData("[duo ;]\n", 1)]
    [InlineData("\n[duo]\nikey: I\n", 3)]
    [InlineData("ikey = I\nskey\n", 2)]
    [InlineData("ikey ; = I\n", 1)]
    [InlineData("\ufeff[duo]\n", 1)]
    [InlineData("Ikey = I\n", 1)]
    [InlineData("= I\n", 1)]
    [InlineData("ikey = I\nfailmode = secure\nnonsense = 1\nfailmode = safe\nmore\n", 3)]
    [InlineData("failmode = Secure\n", 1)]
    [InlineData("failmode = offline\n", 1)]
    [InlineData("failmode = secure # note\n", 1)]
    [InlineData("failmode = secure\n more\n", 2)]
    [InlineData("gecos_delim = ,,\n", 1)]
    [InlineData("gecos_username_pos = 0\n", 1)]
    [InlineData("http_proxy = https://proxy\n", 1)]
    [InlineData("host = a b\n", 1)]
    [InlineData("host = h:https\n", 1)]
    [InlineData("groups = a b\\\n", 1)]
    [InlineData("groups = a\tb\n", 1)]
    public void When_it_cannot_be_read_it_is_refused_by_the_first_bad_line(string text, int line) =>
        Refused(text, $"Parse error in /f, line {line}");

    [Theory]
    [InlineData("x = 1", "Invalid login_duo option: 'x'")]
    [InlineData("failmode = secure # note", "Invalid failmode: 'secure # note'")]
    [InlineData("gecos_delim = ,,", "Invalid character option length. Character fields must be 1 character long: ',,'")]
    [InlineData("gecos_delim =", "Invalid character option length. Character fields must be 1 character long: ''")]
    [InlineData("gecos_delim = :", "Invalid gecos_delim ':' (delimiter must be punctuation other than ':')")]
    [InlineData("gecos_delim = a", "Invalid gecos_delim 'a' (delimiter must be punctuation other than ':')")]
    [InlineData("gecos_username_pos = -1", "Gecos position starts at 1")]
    [InlineData("http_proxy = socks://proxy", "http_proxy must be HTTP")]
    [InlineData("host = a/b", "Invalid host: 'a/b'")]
    [InlineData("groups = a\\", "Invalid groups: 'a\\'")]
    public void When_a_value_is_bad_it_says_why_and_which(string line, string why)
    {
        Refused(line, "Parse error in /f, line 1");

        string name = line.Split(' ')[0];
        Assert.Contains(why, _notes.Where(note => note.Priority is null).Select(note => note.Text));
        Assert.Equal((null, $"Invalid login_duo option: '{name}'"), (_notes[^1].Priority, _notes[^1].Text));
    }

    [Theory]
    [InlineData("", "Missing host, ikey, or skey in /f")]
    [InlineData("[duo]\n", "Missing host, ikey, or skey in /f")]
    [InlineData("ikey =\nskey =\nhost =\n", "Missing host, ikey, or skey in /f")]
    [InlineData("ikey = I\nskey = S\n", "Missing host, ikey, or skey in /f")]
    [InlineData(Keys + "skey =\n", "Missing host, ikey, or skey in /f")]
    [InlineData(
        Keys + "autopush = 1\nverified_push = yes\n", "autopush and verified_push cannot both be enabled in /f")]
    public void When_it_does_not_say_enough_or_too_much_it_is_refused(string text, string why) => Refused(text, why);

    [Fact]
    public void When_there_are_more_than_255_groups_it_is_refused()
    {
        Assert.Equal(255, Parse(Keys + string.Concat(Enumerable.Repeat("groups = a b c d e\n", 51))).Groups.Count);
        Refused(
            Keys + string.Concat(Enumerable.Repeat("groups = a b c d e\n", 51)) + "group = f\n",
            "Parse error in /f, line 55");
        Assert.Contains(new DuoNote(null, "Exceeded max 256 groups"), _notes);
    }

    [Theory]
    [InlineData("a  b", "a|b")]
    [InlineData("domain\\ users ops", "domain users|ops")]
    [InlineData("a\\  b\\ c,!d e", "a b c,!d|e")]
    [InlineData("a\n b\ngroup = c", "a|b|c")]
    public void When_groups_are_set_again_they_are_added(string value, string words) =>
        Assert.Equal(words, string.Join('|', Parse($"{Keys}groups = {value}\n").Groups));

    [Theory]
    [InlineData("yes", true, true)]
    [InlineData("true", true, true)]
    [InlineData("on", true, true)]
    [InlineData("1", true, true)]
    [InlineData("no", false, true)]
    [InlineData("off", false, true)]
    [InlineData("", false, true)]
    [InlineData("Yes", false, false)]
    [InlineData("TRUE", false, false)]
    [InlineData("enabled", false, false)]
    [InlineData("2", false, false)]
    [InlineData("yes # really", false, false)]
    public void When_a_switch_says_what_it_does_not_know_it_is_off_and_that_is_noted(string value, bool on, bool silent)
    {
        Assert.Equal(on, Parse($"{Keys}failmode = safe\npushinfo = {value}\n").PushInfo);

        Assert.Equal(silent, _notes.Count == 0);
        Assert.True(silent || _notes.Any(note =>
            note.Text == $"pushinfo = {value} means no: only yes, true, on and 1 mean yes"));
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("3", 3)]
    [InlineData("9", 3)]
    [InlineData("0", 1)]
    [InlineData("-2", 1)]
    [InlineData("two", 1)]
    [InlineData("2x", 2)]
    [InlineData("+2", 2)]
    [InlineData("4294967298", 2)] // the low half of a long
    [InlineData("99999999999999999999", 1)] // the largest long, whose low half is -1
    [InlineData("1\nprompts = 3", 1)] // it only ever goes down
    public void When_prompts_are_set_they_are_read_as_C_does(string value, int prompts) =>
        Assert.Equal(prompts, Parse($"{Keys}prompts = {value}\n").Prompts);

    [Theory]
    [InlineData("5", 5, false)]
    [InlineData("0", 10, false)]
    [InlineData("-1", 10, false)]
    [InlineData("none", 10, false)]
    [InlineData("601", 600, true)]
    public void When_the_server_may_be_silent_for_ever_it_may_not_here(string value, int seconds, bool noted)
    {
        Assert.Equal(seconds, Parse($"{Keys}failmode = safe\nhttps_timeout = {value}\n").HttpsTimeout.TotalSeconds);
        Assert.Equal(noted, _notes.Count > 0);
    }

    [Theory]
    [InlineData("noverify = 1\n", true)]
    [InlineData("noverify = yes\ncafile = /ca\n", true)]
    [InlineData("cafile =\n", true)]
    [InlineData("cafile = /ca\ncafile =\n", true)]
    [InlineData("noverify = YES\ncafile = /ca\n", false)]
    [InlineData("noverify = 1\nnoverify = 0\n", false)]
    public void When_nothing_is_verified_that_is_noted(string text, bool noVerify)
    {
        DuoSettings duo = Parse(Keys + text);

        Assert.Equal(noVerify, duo.NoVerify);
        Assert.Equal(noVerify, duo.CaFile is null && _notes.Any(
            note => note.Text.StartsWith("TLS certificate verification is disabled", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("groups = !a\n", true)]
    [InlineData("groups = !a,!b !c\n", true)]
    [InlineData("groups = !a b\n", false)]
    [InlineData("groups = *,!a\n", false)]
    [InlineData("", false)]
    public void When_all_groups_are_negated_that_is_noted(string text, bool noted)
    {
        Parse(Keys + text);

        Assert.Equal(noted, _notes.Any(note => note.Text.StartsWith(
            "All configured groups are negated; no user can match", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("groups = a # b\n")]
    [InlineData("cafile = /ca\n # old\n")]
    public void When_a_comment_has_become_a_value_that_is_noted(string text)
    {
        Parse(Keys + text);

        Assert.Contains(
            _notes, note => note.Text.Contains("what begins with # is no comment here", StringComparison.Ordinal));
    }

    [Fact]
    public void When_a_key_has_no_effect_that_is_noted()
    {
        Parse(Keys + "gecos_parsed = yes\ndev_fips_mode = yes\n");

        Assert.Contains("The gecos_parsed configuration item for Duo Unix is deprecated and no longer has any effect."
            + " Use gecos_delim and gecos_username_pos instead", _notes.Select(note => note.Text));
        Assert.Contains(
            _notes, note => note.Text.StartsWith("The dev_fips_mode configuration item", StringComparison.Ordinal));
    }

    [Fact]
    public void When_it_is_for_pam_there_is_no_motd()
    {
        Assert.True(Parse(Keys + "motd = yes\n").Motd);

        var refused = Assert.Throws<ConfigurationException>(
            () => DuoFile.Parse("/f", Encoding.UTF8.GetBytes(Keys + "motd = yes\n"), _notes, DuoFile.PamDuo));

        Assert.Equal("Parse error in /f, line 4", refused.Message);
        Assert.Equal("Invalid pam_duo option: 'motd'", _notes[^1].Text);
    }

    [Theory]
    [InlineData("ikey = I\nskey = deadbeef # x\nhost = h\n")]
    [InlineData("skey deadbeef\n")]
    [InlineData("http_proxy = ftp://joe:deadbeef@proxy\n")]
    public void When_there_are_secrets_in_it_none_is_told(string text)
    {
        string told = "";
        try
        {
            told = Parse(text).ToString();
        }
        catch (ConfigurationException refused)
        {
            told = refused.Message;
        }

        Assert.DoesNotContain("deadbeef", told + string.Concat(_notes), StringComparison.Ordinal);
    }

    [Fact]
    public void When_it_is_anything_at_all_it_is_settings_or_a_refusal()
    {
        string[] parts =
        [
            "ikey", "skey", "host", "cafile", "noverify", "http_proxy", "groups", "failmode", "prompts",
            "https_timeout", "gecos_delim", "gecos_username_pos", "motd", "=", " = ", "\n", "\n ", "\n;", "#", ";",
            "[", "]", "\\", " \\ ", "!", ":",
            "safe", "secure", "yes", "1", "-9223372036854775809", "http://", "@", "\0", "\u00ff", "\r\n", "\t", "*,!",
        ];
        Gen<string> part = Gen.OneOf(
            Gen.Int[0, parts.Length - 1].Select(i => parts[i]), Gen.Byte.Select(b => ((char)b).ToString()));
        part.Array[0, 60].Sample(
            pieces =>
            {
                try
                {
                    DuoSettings duo = DuoFile.Parse("/f", Encoding.Latin1.GetBytes(Keys + string.Concat(pieces)), []);
                    return duo.Host.Length > 0 && duo.Prompts is >= 1 and <= 3 && duo.HttpsTimeout > TimeSpan.Zero;
                }
                catch (ConfigurationException)
                {
                    return true;
                }
            },
            iter: 20_000);
    }

    [Theory]
    [InlineData(0x180, null)] // 0600
    [InlineData(0x100, null)] // 0400
    [InlineData(0x1C9, null)] // 0711: execute bits mean nothing
    [InlineData(0x1A4, "must be readable only by user 'root'")] // 0644
    [InlineData(0x1A0, "must be readable only by user 'root'")] // 0640
    [InlineData(0x184, "must be readable only by user 'root'")] // 0604
    [InlineData(0x190, "must be writable only by user 'root'")] // 0620
    [InlineData(0x182, "must be writable only by user 'root'")] // 0602
    public void When_others_may_read_or_write_it_it_is_refused(int mode, string? why)
    {
        string path = File("duo.conf", Keys, (UnixFileMode)mode);

        if (why is null)
        {
            Assert.Equal("h", DuoFile.Open(path, _notes, Encoding.UTF8).Host);
        }
        else
        {
            Assert.Equal($"{path} {why}", WhyNot(path));
        }
    }

    [Fact]
    public void When_it_cannot_be_opened_it_is_refused()
    {
        string folder = Path.Combine(_folder.FullName, "folder");
        Directory.CreateDirectory(folder);
        string fifo = Path.Combine(_folder.FullName, "fifo");
        Assert.Equal(0, TestCalls.mkfifo(fifo, 0x180));

        Assert.Equal("Couldn't open /nonexistent: No such file or directory", WhyNot("/nonexistent"));
        Assert.Equal($"Couldn't open {folder}: not a regular file of at most 1 MiB", WhyNot(folder));
        Assert.Equal($"Couldn't open {fifo}: not a regular file of at most 1 MiB", WhyNot(fifo));
        string file = File("duo.conf", Keys, UnixFileMode.UserRead);
        Assert.Equal(0, TestCalls.chown(_folder.FullName, 1, 1));
        Assert.Equal($"Couldn't open {file}: Permission denied", TestCalls.As(1, () => WhyNot(file)));
    }

    private string WhyNot(string path) =>
        Assert.Throws<ConfigurationException>(() => DuoFile.Open(path, _notes, Encoding.UTF8)).Message;

    private string File(string name, string text, UnixFileMode mode)
    {
        string path = Path.Combine(_folder.FullName, name);
        System.IO.File.WriteAllText(path, text);
        System.IO.File.SetUnixFileMode(path, mode);
        return path;
    }

    private DuoSettings Parse(string text) => DuoFile.Parse("/f", Encoding.UTF8.GetBytes(text), _notes);

    private void Refused(string text, string why) =>
        Assert.Equal(why, Assert.Throws<ConfigurationException>(() => Parse(text)).Message);
}
