using Sallyport.Host.Duo;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Host.Tests.Duo;

/// <summary>Who is asked, and under which name, as Duo's programs have it.</summary>
public sealed class Given_groups_and_names
{
    [Theory]
    [InlineData("", "", true)] // no groups: everybody
    [InlineData("users", "alice users", true)]
    [InlineData("users", "alice admin", false)]
    [InlineData("users", "Users", false)] // case counts
    [InlineData("users", "users2", false)]
    [InlineData("users admin", "admin", true)] // words are or-ed
    [InlineData("users,admin", "admin", true)]
    [InlineData("adm*", "admins", true)]
    [InlineData("*", "x", true)]
    [InlineData("adm?n", "admin", true)]
    [InlineData("adm?n", "admiin", false)]
    [InlineData("admin,!users", "admin", true)]
    [InlineData("admin,!users", "admin users", false)] // a negation that holds beats the word
    [InlineData("!users,admin", "users admin", false)]
    [InlineData("admin,!users wheel", "admin users wheel", true)] // but not another word
    [InlineData("*,!ops", "ops staff", false)]
    [InlineData("*,!ops", "staff", true)]
    [InlineData("!ops", "staff", false)] // negations alone never match
    [InlineData("!ops !staff", "users", false)]
    [InlineData("domain\\ users", "domain_users", false)]
    public void When_a_group_of_his_matches_he_is_asked(string groups, string his, bool asked) =>
        Assert.Equal(asked, DuoGroups.NeedsDuo(DuoGroups.Words(groups)!, his.Split(' ')));

    [Fact]
    public void When_a_blank_is_in_the_name_it_is_written_behind_a_backslash() =>
        Assert.True(DuoGroups.NeedsDuo(DuoGroups.Words("x domain\\ users")!, ["domain users"]));

    [Fact]
    public void When_he_is_an_account_his_primary_group_counts()
    {
        Account daemon = Pwd.ByName("daemon")!;

        Assert.True(DuoGroups.NeedsDuo(["daemon"], daemon));
        Assert.False(DuoGroups.NeedsDuo(["root"], daemon));
        Assert.True(DuoGroups.NeedsDuo([], daemon));
    }

    [Fact]
    public void When_a_group_of_his_has_no_name_nobody_can_tell_and_that_is_an_error()
    {
        var orphan = new Account("daemon", 1, 3_999_999_999, "/");

        Assert.Equal("group 3999999999 has no name",
            Assert.Throws<IOException>(() => DuoGroups.NeedsDuo(["*"], orphan)).Message);
        Assert.True(DuoGroups.NeedsDuo([], orphan)); // without groups nothing is looked up
    }

    [Theory]
    [InlineData(false, null, ',', "a,b,c", "alice", null, null)]
    [InlineData(
        true, null, ',', "a,b,c", "a,b,c", Priority.Info, "Presenting GECOS-derived Duo username for 'alice': a,b,c")]
    [InlineData(true, null, ',', "alice", "alice", null, null)]
    [InlineData(true, null, ',', "", "alice", Priority.Warning, "Empty GECOS field for 'alice'")]
    [InlineData(false, 1, ',', "", "alice", Priority.Warning, "Empty GECOS field for 'alice'")]
    [InlineData(false, 3, ',', "a,b,c", "c", Priority.Info, "Presenting GECOS-derived Duo username for 'alice': c")]
    [InlineData( // it wins
        true, 1, ',', "a,b,c", "a", Priority.Info, "Presenting GECOS-derived Duo username for 'alice': a")]
    [InlineData(false, 2, '/', "a,b/c/d", "c", Priority.Info, "Presenting GECOS-derived Duo username for 'alice': c")]
    [InlineData(false, 4, ',', "a,b,c", "alice", Priority.Debug, "Could not parse GECOS field for 'alice'")]
    [InlineData(false, 2, ',', "a,,c", "alice", Priority.Debug, "Could not parse GECOS field for 'alice'")]
    [InlineData(
        true, null, ',', "b\u001bob", "b\u001bob", Priority.Info,
        "Presenting GECOS-derived Duo username for 'alice': b?ob")]
    internal void When_the_comment_has_the_name_it_is_taken_from_there(
        bool whole, int? position, char delimiter, string comment, string name, Priority? priority, string? told)
    {
        var settings = new DuoSettings
        {
            IntegrationKey = "I", SecretKey = "S", Host = "h",
            SendGecos = whole, GecosPosition = position, GecosDelimiter = delimiter,
        };

        Assert.Equal(name, DuoName.For(new Account("alice", 1, 1, "/", Comment: comment), settings, out DuoNote? note));
        Assert.Equal((priority, told), (note?.Priority, note?.Text));
    }
}
