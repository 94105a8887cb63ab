using System.Text;
using Sallyport.Cli.Moving;
using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <summary>From a file of Duo's to [duo] of sallyport.conf: the same settings, and said what they are.</summary>
public sealed class Given_an_import_of_duo
{
    private const string Keys = "ikey = I\nskey = deadbeef\nhost = h.example.org\n";
    private const string Everything = Keys + "host = h.example.org:8443\ncafile = /etc/ca/\u00fc.pem\n"
        + "http_proxy = http://joe:secret@proxy/\ngroups = *,!ops domain\\ users\nfailmode = safe\n"
        + "pushinfo = yes\nprompts = 2\n"
        + "autopush = yes\naccept_env_factor = yes\nfallback_local_ip = yes\nhttps_timeout = 30\nsend_gecos = yes\n"
        + "gecos_delim = ;\ngecos_username_pos = 2\nmotd = yes\n";

    [Theory]
    [InlineData(Keys)]
    [InlineData(Everything)]
    [InlineData(Keys + "verified_push = yes\nprompts = 1\n")]
    public void When_it_is_read_again_it_says_the_same(string file)
    {
        DuoSettings before = Parse(file);

        string text = DuoSection.Put("/c", "", before);

        DuoSettings after = HostConfiguration.Parse("/c", Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(text))).Duo!;
        Assert.Equal(before.Groups, after.Groups);
        Assert.Equal(before with { Groups = [] }, after with { Groups = [] });
    }

    [Fact]
    public void When_there_is_a_configuration_the_rest_of_it_stays()
    {
        const string before = "# ours\n[totp]\nhome_files = no\n\n[duo]\nikey = old\nskey = old\nhost = old\n"
            + "motd = yes\n\n[hop]\nfrom = 10.0.0.1\nask = never\n";

        string after = DuoSection.Put("/c", before, Parse(Keys));

        Assert.Equal("# ours\n[totp]\nhome_files = no\n\n[hop]\nfrom = 10.0.0.1\nask = never\n\n"
            + "[duo]\nikey = I\nskey = deadbeef\nhost = h.example.org\nfailmode = secure\n", after);
    }

    [Theory]
    [InlineData("[duo]\n", true)]
    [InlineData("x\n  [ duo ]\r\n", true)]
    [InlineData("[duos]\n# [duo]\n", false)]
    public void When_there_is_a_section_it_is_found(string configuration, bool found) =>
        Assert.Equal(found, DuoSection.IsIn(configuration));

    [Theory]
    [InlineData("ikey = I\nskey = dead beef\nhost = h\n", "cannot use this skey")]
    [InlineData(Keys + "cafile = ca.pem\n", "cannot use 'ca.pem' for cafile")]
    [InlineData(Keys + "groups = !a\n", "with negations alone nobody is asked")]
    public void When_it_says_what_ours_does_not_take_nothing_is_written(string file, string why) => Assert.Contains(
        why,
        Assert.Throws<ConfigurationException>(() => DuoSection.Put("/c", "", Parse(file))).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData(
        Keys, "failmode was not set. With Duo that let everybody in while the server is away; here it is secure")]
    [InlineData(Keys + "failmode = secure\n", "failmode = secure: while the server is away nobody is let in.")]
    [InlineData(
        Keys + "failmode = safe\n",
        "failmode = safe: while the server is away everybody is let in by the first factor alone.")]
    [InlineData(Keys, "Everybody needs the second factor.")]
    [InlineData(
        Keys + "groups = a b,!c\n",
        "Only who is in a group that matches 'a' or 'b,!c' needs the second factor. "
            + "Everybody else is let in by the first factor alone.")]
    [InlineData(Keys, "by the authorities of this system. Duo's programs have a list of their own.")]
    [InlineData(Keys + "cafile = /ca.pem\n", "by the authorities in /ca.pem, and no others.")]
    [InlineData(Keys, "The server may be silent for 10 seconds.")]
    [InlineData(Keys + "send_gecos = yes\n", "which its user can change with chfn")]
    [InlineData(Keys + "gecos_username_pos = 1\n", "which its user can change with chfn")]
    [InlineData(Keys + "accept_env_factor = yes\n", "DUO_PASSCODE is taken by sallyport-login alone")]
    public void When_it_is_told_what_it_means_the_surprises_are_in_it(string file, string told)
    {
        string said = Meaning(file);

        Assert.Contains(told, said, StringComparison.Ordinal);
        Assert.DoesNotContain("deadbeef", said, StringComparison.Ordinal);
    }

    [Fact]
    public void When_the_proxy_has_a_password_it_is_not_told() =>
        Assert.DoesNotContain("secret@", Meaning(Everything), StringComparison.Ordinal);

    private static string Meaning(string file) =>
        string.Join('\n', DuoMeaning.Of(Parse(file), file.Contains("failmode", StringComparison.Ordinal)));

    private static DuoSettings Parse(string file) => DuoFile.Parse("/f", Encoding.UTF8.GetBytes(file), []);
}
