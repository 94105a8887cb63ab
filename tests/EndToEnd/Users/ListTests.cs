using System.Text.Json;

namespace Sallyport.EndToEnd.Users;

/// <summary>Who can log in, and with what.</summary>
public sealed class ListTests
{
    private const string Configuration = """
        [policy]
        ask = people
        [exempt robot]
        reason = nightly copy
        until = 2099-01-01
        [exempt former]
        reason = was one
        until = 2020-01-01
        [break_glass emergency]
        reason = the last way in
        until = 2099-02-03
        """;

    private const string People = """
        groupadd people
        for name in enrolled invited home broken robot former emergency; do useradd -m -s /bin/bash -G people $name; done
        useradd -m -s /bin/bash outsider
        useradd -m -s /usr/sbin/nologin service
        sallyport enroll --user enrolled -C -Q NONE > /dev/null
        sallyport invite invited > /dev/null
        printf 'GEZDGNBVGY3TQOJQ\n" TOTP_AUTH\n' > /home/home/.google_authenticator
        chmod 400 /home/home/.google_authenticator
        chown home: /home/home/.google_authenticator
        ln -s /etc/passwd /home/broken/.google_authenticator
        install -d -m 700 -o home -g home /home/home/.ssh
        install -m 600 -o home -g home /root/.ssh/id_ed25519.pub /home/home/.ssh/authorized_keys
        install -d /etc/ssh/authorized_keys.d
        { echo '# root owned'; cat /root/.ssh/id_ed25519.pub; } > /etc/ssh/authorized_keys.d/home
        ln -s /etc /home/broken/.ssh
        """;

    [Fact]
    public async Task Each_account_with_a_shell_is_told_as_it_is()
    {
        await using UsersHost host = await UsersHost.StartAsync("");
        await host.ShAsync(People);
        host.World.Agent.Configure(Configuration);

        using JsonDocument json = JsonDocument.Parse((await host.DoesAsync("list", "--json")).Output);
        Dictionary<string, string> said = json.RootElement.EnumerateArray().ToDictionary(
            user => user.GetProperty("name").GetString()!,
            user => string.Join(' ', new[] { "factor", "policy", "policy_until", "keys" }
                .Select(name => user.GetProperty(name)).Select(value => value.ValueKind is JsonValueKind.Null ? "-" : value.ToString())));
        JsonElement invited = json.RootElement.EnumerateArray().Single(user => user.GetProperty("name").GetString() == "invited");
        JsonElement enrolled = json.RootElement.EnumerateArray().Single(user => user.GetProperty("name").GetString() == "enrolled");

        Assert.Equal("store asked - 0", said["enrolled"]);
        Assert.Equal("none asked - 0", said["invited"]);
        Assert.Equal("home asked - 2", said["home"]);
        Assert.Equal("unreadable asked - -", said["broken"]);
        Assert.Equal("none exempt 2099-01-01 0", said["robot"]);
        Assert.Equal("none asked 2020-01-01 0", said["former"]);
        Assert.Equal("none break-glass 2099-02-03 0", said["emergency"]);
        Assert.Equal("none not asked - 0", said["outsider"]);
        Assert.Contains("root", said.Keys);
        Assert.DoesNotContain("service", said.Keys);
        Assert.DoesNotContain("daemon", said.Keys);
        Assert.True(invited.GetProperty("invited_until").GetDateTimeOffset() > TimeProvider.System.GetUtcNow());
        Assert.Equal(JsonValueKind.Null, enrolled.GetProperty("invited_until").ValueKind);
        Assert.Contains("your second factor was enrolled by root", enrolled.GetProperty("last_change").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task People_read_it_in_eighty_columns()
    {
        await using UsersHost host = await UsersHost.StartAsync("");
        await host.ShAsync(People);
        host.World.Agent.Configure(Configuration);

        string list = (await host.DoesAsync("list")).Output;

        Assert.All(list.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.Matches(@"(?m)^home +home +- +2  asked$", list);
        Assert.Matches(@"(?m)^invited +none +\d{4}-\d\d-\d\d \d\d:\d\d UTC +0  asked$", list);
        Assert.Matches(@"(?m)^broken +unreadable +- +\?  asked$", list);
        Assert.Matches(@"(?m)^emergency +none +- +0  break-glass until 2099-02-03$", list);
        Assert.DoesNotContain("GEZD", list, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_that_is_not_there_is_no_reason_to_be_let_in()
    {
        await using UsersHost host = await UsersHost.StartAsync("[policy]\nask = no-such-group\n");
        await host.ShAsync("useradd -m -s /bin/bash alice");

        Assert.Matches("(?m)^alice .* refused$", (await host.DoesAsync("list")).Output);
    }
}
