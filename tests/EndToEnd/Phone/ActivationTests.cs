using System.Text.Json;
using Sallyport.EndToEnd.Dev;
using Built = Sallyport.EndToEnd.Harness.Built;

namespace Sallyport.EndToEnd.Phone;

/// <summary>sallyport phone activate, rename and remove, and the file that it is all about.</summary>
public sealed class Given_an_activation_code
{
    [Fact]
    public async Task The_phone_registers_a_key_and_keeps_it_in_a_file_that_only_its_user_can_read()
    {
        await using PhoneHolder alice = new();

        Command activated = (await alice.ActivateAsync("--name=notebook")).Succeeded();

        PhoneCall call = Assert.Single(alice.Server.Calls);
        Assert.Empty(alice.Server.Problems);
        Assert.Equal(
            ("POST", "activate", $$"""{"code":"{{PhoneHolder.Code}}","name":"notebook","kind":"terminal"}"""),
            (call.Method, call.Path, call.Body));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(alice.KeyFile));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.GetDirectoryName(alice.KeyFile)!));
        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(alice.KeyFile));
        Assert.Equal(alice.Server.Address, file.RootElement.GetProperty("server").GetString());
        Assert.Equal(alice.Authority.Pem, file.RootElement.GetProperty("ca").GetString());
        Assert.Contains(alice.KeyFile, activated.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_there_is_not_written_over_and_the_code_not_used()
    {
        await using PhoneHolder alice = new();
        (await alice.ActivateAsync()).Succeeded();
        string before = File.ReadAllText(alice.KeyFile);

        Command again = await alice.ActivateAsync();

        Assert.Equal(1, again.ExitCode);
        Assert.Contains("nothing is written over it", again.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(alice.KeyFile));
        Assert.Single(alice.Server.Calls);
    }

    [Fact]
    public async Task A_server_that_writes_itself_in_capitals_is_kept_so()
    {
        await using PhoneHolder alice = new();
        string capitals = alice.Server.Address.ToUpperInvariant();
        alice.Server.Answer = call => call.Path switch
        {
            "activate" => new PhoneReply(
                201, $$"""{"device":"{{FakePhoneServer.Device}}","user":"alice","server":"{{capitals}}"}"""),
            "pending" => new PhoneReply(200, Pending.Of(alice.Login with { Server = capitals })),
            _ => new PhoneReply(200, """{"result":"taken"}"""),
        };

        (await alice.RunAsync("activate", "--ca", alice.CaFile, alice.Server.Address, PhoneHolder.Code)).Succeeded();
        (await alice.RunAsync("deny")).Succeeded();

        Assert.Contains($"\"server\":\"{capitals}\"", File.ReadAllText(alice.KeyFile), StringComparison.Ordinal);
        Assert.Empty(alice.Server.Problems);
    }

    [Theory]
    [InlineData(400, """{"error":"invalid_code"}""", "no such activation code")]
    [InlineData(201, """{"device":"DP0","user":"alice","server":"other.example.org"}""", "by its own word")]
    [InlineData(201, """{"device":"DP0","user":"alice"}""", "cannot be read")]
    [InlineData(201, """{"device":"DP\"0","user":"alice","server":"SERVER"}""", "by its own word")]
    [InlineData(503, "", "cannot answer now")]
    [InlineData(404, "", "knows no phones")]
    [InlineData(500, "<html>", "cannot answer now")]
    public async Task What_the_server_refuses_leaves_no_file(int status, string body, string words)
    {
        await using PhoneHolder alice = new();
        string said = body.Replace("SERVER", alice.Server.Address, StringComparison.Ordinal);
        alice.Server.Answer = _ => new PhoneReply(status, said);

        Command refused = await alice.RunAsync(
            "activate", "--ca", alice.CaFile, alice.Server.Address, PhoneHolder.Code);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(words, refused.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(alice.KeyFile));
    }

    [Fact]
    public async Task A_folder_that_others_can_enter_is_no_place_for_it()
    {
        await using PhoneHolder alice = new();
        string folder = Directory.CreateDirectory(Path.GetDirectoryName(alice.KeyFile)!).FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0x1ED /* 0755 */);

        Command refused = await alice.ActivateAsync();

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("mode 0700", refused.Error, StringComparison.Ordinal);
        Assert.Empty(alice.Server.Calls);
    }

    [Fact]
    public async Task Who_has_no_home_says_where_the_file_is()
    {
        await using PhoneHolder alice = new();
        alice.Server.Answer = _ => alice.Server.Activated();
        string[] command = ["phone", "activate", "--ca", alice.CaFile, alice.Server.Address, PhoneHolder.Code];
        Dictionary<string, string?> homeless = new() { ["HOME"] = null };

        Command refused = await Command.RunAsync(Built.Command, command, alice.Home, homeless);
        Command activated = await Command.RunAsync(
            Built.Command, [.. command, "--file=key.json"], alice.Home, homeless);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--file=FILE says where", refused.Error, StringComparison.Ordinal);
        activated.Succeeded();
        Assert.True(File.Exists(Path.Combine(alice.Home, "key.json")));
    }

    [Fact]
    public async Task Only_certificates_of_the_file_are_kept()
    {
        await using PhoneHolder alice = new();
        File.WriteAllText(alice.CaFile, alice.Authority.KeyPem + alice.Authority.Pem);

        (await alice.ActivateAsync()).Succeeded();

        Assert.DoesNotContain("PRIVATE KEY", File.ReadAllText(alice.KeyFile), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "no certificate (PEM)")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read")]
    [InlineData(null, "Could not find file")]
    public async Task A_CA_file_without_a_certificate_is_refused_before_anything_is_made(string? content, string words)
    {
        await using PhoneHolder alice = new();
        File.Delete(alice.CaFile);
        if (content is not null)
        {
            File.WriteAllText(alice.CaFile, content);
        }

        Command refused = await alice.ActivateAsync();

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(words, refused.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(alice.KeyFile));
        Assert.Empty(alice.Server.Calls);
    }

    [Fact]
    public async Task It_can_be_called_something_else()
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of());

        (await alice.RunAsync("rename", "old \"notebook\"")).Succeeded();

        PhoneCall call = alice.Server.Calls[^1];
        Assert.Equal(("PATCH", "device"), (call.Method, call.Path));
        using JsonDocument body = JsonDocument.Parse(call.Body);
        Assert.Equal("old \"notebook\"", body.RootElement.GetProperty("name").GetString());
    }

    [Fact]
    public async Task Removed_it_is_gone_from_the_server_first_and_then_from_here()
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of());
        alice.Server.Answer = _ => new PhoneReply(500);
        Command kept = await alice.RunAsync("remove");
        bool isThere = File.Exists(alice.KeyFile);
        alice.Server.Answer = _ => new PhoneReply(204);

        (await alice.RunAsync("remove")).Succeeded();

        Assert.Equal((1, true, false), (kept.ExitCode, isThere, File.Exists(alice.KeyFile)));
        Assert.Equal(("DELETE", "device"), (alice.Server.Calls[^1].Method, alice.Server.Calls[^1].Path));
    }

    [Fact]
    public async Task Of_a_phone_that_the_server_has_no_more_the_person_reads_what_to_do()
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of());
        alice.Server.Answer = _ => new PhoneReply(401, """{"error":"invalid_token"}""");

        Command refused = await alice.RunAsync("list");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("activate again", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-90, "90 seconds ahead of")]
    [InlineData(3600, "3600 seconds behind")]
    public async Task Of_a_clock_that_is_wrong_the_person_reads_by_how_much(int serverIsAhead, string words)
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of());
        alice.Server.Answer = _ => new PhoneReply(401, """{"error":"invalid_dpop_proof"}""",
            $"Date: {TimeProvider.System.GetUtcNow().AddSeconds(serverIsAhead):R}\r\n");

        Command refused = await alice.RunAsync("list");

        // HTTP's date has whole seconds, and the way takes some.
        Assert.Matches(words.Replace("90 ", "9[0-3] ", StringComparison.Ordinal)
            .Replace("3600 ", "3[56][0-9]{2} ", StringComparison.Ordinal), refused.Error);
    }

    [Fact]
    public async Task Without_a_phone_each_command_says_how_to_get_one()
    {
        await using PhoneHolder alice = new();

        string[][] commands = [["list"], ["watch"], ["approve"], ["deny"], ["rename", "x"], ["remove"]];
        foreach (string[] words in commands)
        {
            Command refused = await alice.RunAsync(words);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("'sallyport phone activate' makes one", refused.Error, StringComparison.Ordinal);
        }
    }
}
