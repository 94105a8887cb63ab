using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Users;

/// <summary>A team, from one file.</summary>
public sealed class UsersFileTests
{
    [Fact]
    public async Task Everybody_in_it_gets_account_key_groups_invitation_and_a_letter_and_a_second_run_does_nothing()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        host.Sandbox.Write("/root/users.csv",
            $"\uFEFFname,key,groups,expires\r\nalice,{host.Key},sudo audio,48h\r\n\r\nbob,\"{host.Key}, \"\"laptop\"\"\",,\r\n");

        Outcome first = await host.DoesAsync("add", "--from=/root/users.csv", "--letters=/root/letters", "--host=" + UsersHost.Address);
        string letters = host.Sandbox.Read("/root/letters");
        string accounts = await host.AccountsAsync();
        Outcome second = await host.DoesAsync("add", "--from=/root/users.csv", "--letters=/root/letters");
        Authenticator phone = await host.EnrolAsync("bob", UsersHost.CodeIn(letters[letters.IndexOf("To bob", StringComparison.Ordinal)..]));

        Assert.Equal("", first.Output);
        Assert.Equal("1 of 2: alice added\n2 of 2: bob added\n", first.Errors);
        Assert.Equal("1 of 2: alice was there, with this key\n2 of 2: bob was there, with this key\n", second.Errors);
        Assert.Equal(letters, host.Sandbox.Read("/root/letters"));
        Assert.Equal("600 root\n", await host.ShAsync("stat -c '%a %U' /root/letters"));
        Assert.Contains("To alice,", letters, StringComparison.Ordinal);
        Assert.Contains("alice : alice sudo audio", await host.ShAsync("groups alice"), StringComparison.Ordinal);
        Assert.Equal($"{host.Key}, \"laptop\"\n", host.Sandbox.Read("/home/bob/.ssh/authorized_keys"));
        Assert.Contains("/home/bob", accounts, StringComparison.Ordinal);
        (await host.SshAsync("bob", "id -un", phone.Passcode(+1))).MustBeAllowed(host.World);
    }

    [Fact]
    public async Task One_wrong_line_is_named_and_nobody_is_made()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        string before = await host.AccountsAsync();
        string k = host.Key;
        (string Text, string Said)[] files =
        [
            ("", "the first line names the columns"),
            ($"alice,{k}", "the first line names the columns"),
            ($"name,key,shell\nalice,{k},/bin/sh", "the first line names the columns"),
            ($"name,key,key\nalice,{k},{k}", "the first line names the columns"),
            ("name,key\n", "there is nobody in it"),
            ($"name,key\nalice,{k}\nalice,{k}", ":3: alice stands in line 2 already"),
            ($"name,key\nalice,{k},sudo", ":2: 3 fields, and the first line has 2"),
            ($"name,key\nalice", ":2: 1 fields"),
            ($"name,key\nroot;id,{k}", ":2: not a name"),
            ($"name,key\n-o,{k}", ":2: not a name"),
            ($"name,key\n../x,{k}", ":2: not a name"),
            ($"name,key\nalice,\"command=\"\"/bin/sh\"\" {k}\"", ":2: it does not begin with a type"),
            ($"name,key\nalice,\"{k}", ":2: a quotation mark"),
            ($"name,key\nalice,{k}\"x", ":2: a quotation mark"),
            ($"name,key\nalice,\"{k}\"x", ":2: a quotation mark"),
            ($"name,key\nalice,\"{k}\n{k}\"", ":2: a quotation mark"),
            ($"name,key\nalice,{k}\r{k}", ":2: the key has a control character"),
            ($"name,key\nalice,{k}\0", ":2: the key has a control character"),
            ($"name,key,groups\nalice,{k},no-such-group", ":2: there is no group no-such-group"),
            ($"name,key,groups\nalice,{k},-a", ":2: there is no group -a"),
            ($"name,key,expires\nalice,{k},91d", ":2: expires takes"),
            ($"name,key,expires\nalice,{k},soon", ":2: expires takes"),
            ($"name,key\nalice,{k}\nbob,ssh-ed25519 AAAA\n1,x", ":4: not a name"),
        ];

        foreach ((string text, string said) in files)
        {
            host.Sandbox.Write("/root/users.csv", text);
            Outcome outcome = await host.UserAsync("add", "--from=/root/users.csv");
            Assert.True(outcome.ExitCode == 1, $"{text}: {outcome}");
            Assert.True(outcome.Errors.Contains(said, StringComparison.Ordinal), $"{text}: {outcome}");
            Assert.EndsWith("Nothing was changed.\n", outcome.Errors, StringComparison.Ordinal);
        }

        Assert.Equal(before, await host.AccountsAsync());
    }

    [Fact]
    public async Task Somebody_who_is_there_with_another_key_stops_it_and_keeps_his()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        await host.ShAsync("useradd -m bob");
        host.Sandbox.Write("/root/users.csv", $"name,key\nalice,{host.Key}\nbob,{host.Key}\ncarol,{host.Key}\n");

        Outcome outcome = await host.UserAsync("add", "--from=/root/users.csv");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("bob (line 3): the account is there already", outcome.Errors, StringComparison.Ordinal);
        Assert.True(await host.ExistsAsync("alice"));
        Assert.False(await host.ExistsAsync("carol"));
        Assert.False(Directory.Exists(host.Sandbox.Outside("/home/bob/.ssh")));
    }

    [Theory]
    [InlineData("ln -s /etc/cron.d/x /root/letters")]
    [InlineData("touch /root/letters; chmod 644 /root/letters")]
    [InlineData("touch /root/letters; chown 1:1 /root/letters; chmod 600 /root/letters")]
    [InlineData("mkfifo -m 600 /root/letters")]
    public async Task Letters_go_to_a_file_that_root_alone_reads_or_nowhere(string made)
    {
        await using UsersHost host = await UsersHost.StartAsync();
        await host.ShAsync(made);

        Outcome outcome = await host.UserAsync("add", "alice", "--key", host.Key, "--letters=/root/letters");

        Assert.Equal(1, outcome.ExitCode);
        Assert.False(await host.ExistsAsync("alice"));
        Assert.False(host.Sandbox.Exists("/etc/cron.d/x"));
    }

    [Fact]
    public async Task A_letter_that_nobody_can_see_is_no_letter()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        await host.ShAsync("useradd -m -s /bin/bash bob");

        Outcome made = await host.Sandbox.TryAsync("sh", "-c", "sallyport user add alice --key-file=/root/.ssh/id_ed25519.pub > /dev/full");
        Outcome existing = await host.Sandbox.TryAsync("sh", "-c", "sallyport user add bob --existing --key-file=/root/.ssh/id_ed25519.pub > /dev/full");

        Assert.Equal((1, 1), (made.ExitCode, existing.ExitCode));
        Assert.Contains("What was made is taken back", made.Errors, StringComparison.Ordinal);
        Assert.Contains("The invitation is closed again, the key stays", existing.Errors, StringComparison.Ordinal);
        Assert.False(await host.ExistsAsync("alice"));
        Assert.True(await host.ExistsAsync("bob"));
        Assert.Empty(host.Store.Files("invitations"));
    }

    [Theory]
    [InlineData("", "There is no [policy] here")]
    [InlineData("[policy]\nenrolment = deny\n", "enrolment is deny")]
    [InlineData("[policy]\n[exempt alice]\nreason = once a robot\nuntil = 2099-01-01\n", "alice: warning: he will not be asked: alice is exempt until 2099-01-01: once a robot")]
    [InlineData("[policy]\nask = no-such-group\n", "alice: warning: he will be refused")]
    public async Task What_policy_makes_of_him_is_said(string configuration, string said)
    {
        await using UsersHost host = await UsersHost.StartAsync(configuration);

        Assert.Contains(said, (await host.DoesAsync("add", "alice", "--key", host.Key)).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_at_once_are_one_after_the_other()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        Outcome refused = await host.Sandbox.TryAsync("sh", "-c",
            "exec 9< /var/lib/sallyport; flock -x 9; sallyport user add alice --key-file=/root/.ssh/id_ed25519.pub 9<&-");

        Assert.Equal((1, false), (refused.ExitCode, await host.ExistsAsync("alice")));
        Assert.Contains("another sallyport user is at work", refused.Errors, StringComparison.Ordinal);
    }
}
