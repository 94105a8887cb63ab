using System.Globalization;
using System.Text;

namespace Sallyport.Pam.Tests;

/// <summary>What one call of the shim did.</summary>
/// <param name="Code">What it returned.</param>
/// <param name="Shown">What the application was asked or told.</param>
/// <param name="Log">What went to syslog.</param>
/// <param name="Wiped">The length of each piece of memory that was wiped.</param>
/// <param name="Token">PAM_AUTHTOK afterwards.</param>
internal sealed record ShimCall(
    int Code,
    IReadOnlyList<Shown> Shown,
    IReadOnlyList<LogLine> Log,
    IReadOnlyList<int> Wiped,
    string? Token)
{
    /// <summary>The refusal of the shim itself: the code for it, and one line that says why.</summary>
    public void AssertRefused(string op, string reason)
    {
        Assert.Equal(op == "session" ? PamCode.PermissionDenied : PamCode.AuthenticationError, Code);
        LogLine line = Assert.Single(Log, line => line.Text.StartsWith("pam_sallyport: ", StringComparison.Ordinal));
        Assert.Equal(LogLine.AuthPriv | LogLine.Error, line.Priority);
        Assert.Equal("sshd(pam_google_auth)", line.Ident);
        Assert.StartsWith($"pam_sallyport: {op} refused: ", line.Text, StringComparison.Ordinal);
        Assert.Contains(reason, line.Text, StringComparison.Ordinal);
    }
}

/// <param name="Style">PAM_PROMPT_ECHO_OFF 1, PAM_PROMPT_ECHO_ON 2, PAM_ERROR_MSG 3, PAM_TEXT_INFO 4.</param>
/// <param name="Text">The text.</param>
internal sealed record Shown(int Style, string Text);

internal sealed record LogLine(int Priority, string Ident, string Text)
{
    public const int AuthPriv = 10 << 3;
    public const int Error = 3;
}

/// <summary>Linux-PAM's numbers, from security/_pam_types.h.</summary>
internal static class PamCode
{
    public const int Success = 0;
    public const int PermissionDenied = 6;
    public const int AuthenticationError = 7;
    public const int AuthenticationUnavailable = 9;
    public const int Ignore = 25;
}

/// <summary>Runs the shim in <c>src/Pam/test/driver.c</c>.</summary>
internal static class Shim
{
    /// <summary>One call, with <c>nullok</c> on the line, which must change nothing.</summary>
    public static async Task<ShimCall> AskAsync(LyingAgent agent, string op, params IEnumerable<string> options) =>
        Assert.Single(await RunAsync([.. options, op, "nullok", $"socket={agent.SocketPath}"]));

    /// <summary>As <see cref="AskAsync"/>, with an agent that may be silent for 1.5 s only.</summary>
    public static async Task<ShimCall> AskImpatientlyAsync(
        LyingAgent agent, string op, params IEnumerable<string> options) =>
        Assert.Single(await RunDriverAsync(
            Native.ImpatientDriver, [.. options, op, "nullok", $"socket={agent.SocketPath}"]));

    /// <summary>
    /// Every call that these arguments of the driver ask for. The driver is under sanitizers and compares its process
    /// before and after each call: whatever was left behind fails here.
    /// </summary>
    public static Task<IReadOnlyList<ShimCall>> RunAsync(params IEnumerable<string> arguments) =>
        RunDriverAsync(Native.Driver, arguments);

    private static async Task<IReadOnlyList<ShimCall>> RunDriverAsync(string driver, IEnumerable<string> arguments)
    {
        Native.Output output = await Native.RunAsync(driver, arguments);
        Assert.Equal("", output.Errors);
        Assert.Equal(0, output.ExitCode);
        Assert.DoesNotContain("left ", output.Text, StringComparison.Ordinal);
        return Parse(output.Text);
    }

    private static List<ShimCall> Parse(string text)
    {
        var calls = new List<ShimCall>();
        var call = new ShimCall(-1, [], [], [], null);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] word = line.Split(' ');
            call = word[0] switch
            {
                "conv" => call with { Shown = [.. call.Shown, new(Number(word[1]), Text(word[2]))] },
                "log" => call with { Log = [.. call.Log, new(Number(word[1]), word[2], Text(word[3]))] },
                "wiped" => call with { Wiped = [.. call.Wiped, Number(word[1])] },
                "authtok" => call with { Token = Text(word[1]) },
                "rc" => call with { Code = Number(word[1]) },
                _ => throw new InvalidDataException($"The driver said: {line}"),
            };
            if (word[0] == "rc")
            {
                calls.Add(call);
                call = new ShimCall(-1, [], [], [], null);
            }
        }

        return calls;
    }

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    private static string Text(string hex) => Encoding.Latin1.GetString(Convert.FromHexString(hex));
}
