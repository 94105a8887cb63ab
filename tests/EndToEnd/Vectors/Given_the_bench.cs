using System.Text.Json;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Vectors;

/// <summary>The bench in its short form: every case runs and every return code is right. No time is judged.</summary>
public sealed class Given_the_bench
{
    private static readonly string Script = Path.Combine(Built.Root, "bench", "pam.sh");

    [Fact]
    public void Each_case_runs_with_each_module_that_it_is_for()
    {
        Command.Result result = Command.Try(TimeSpan.FromMinutes(3), Script, ["--smoke", "--json"]);
        Assert.True(result.ExitCode == 0, result.Error);

        using JsonDocument json = JsonDocument.Parse(result.Output);
        string[] measured = [.. json.RootElement.GetProperty("cases").EnumerateArray()
            .Select(c => $"{c.GetProperty("case")} {c.GetProperty("mode")} {c.GetProperty("module")}")];
        string[] expected =
        [
            .. from mode in (string[])["mapped", "forked"]
               from pair in (string[])
                   ["usual ours", "usual theirs", "usual oath", "nothing ours", "nothing theirs", "wrong ours",
                    "wrong theirs", "noskew ours", "noskew theirs", "noskew oath", "stored ours", "stored theirs",
                    "wrong-stored ours", "wrong-stored theirs"]
               let parts = pair.Split(' ')
               select $"{parts[0]} {mode} {parts[1]}",
            .. from who in (string[])["usual", "plain", "unenrolled", "unknown"]
               from module in (string[])["ours", "theirs"]
               select $"refused-{who} mapped {module}",
            .. from who in (string[])["stored", "unenrolled-stored", "unknown-stored"]
               select $"refused-{who} mapped ours",
        ];
        Assert.Equal(expected.Order(), measured.Order());
        Assert.All(json.RootElement.GetProperty("cases").EnumerateArray(),
            c => Assert.True(c.GetProperty("authenticate").GetProperty("median").GetDouble() > 0));
        Assert.InRange(json.RootElement.GetProperty("agent_rss_kib").GetProperty("start").GetInt32(), 1, 30 * 1024);
    }

    [Fact]
    public void A_login_with_another_return_code_than_expected_fails_it()
    {
        // The driver is what checks: pam_deny.so never answers with PAM_SUCCESS.
        Command.Run("make", "--silent", "-C", Path.Combine(Built.Root, "bench"));
        Command.Result result = Command.Try(
            TimeSpan.FromSeconds(20), Sandbox.PamLoop, ["-e", "0", "-n", "2", "-m", "pam_deny.so", "--"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Equal("login 0: code 7, not 0\nlogin 1: code 7, not 0\n", result.Error);
    }
}
