namespace Sallyport.Pam.Tests;

public sealed class Given_a_verdict
{
    /// <summary>The table of docs/formats/agent-protocol.md. What is not in it is a refusal.</summary>
    private static readonly Dictionary<string, Dictionary<int, int>> Table = new()
    {
        ["auth"] = new()
        {
            [1] = PamCode.Success,
            [2] = PamCode.Ignore,
            [3] = PamCode.AuthenticationError,
            [4] = PamCode.AuthenticationUnavailable,
        },
        ["account"] = new()
        {
            [2] = PamCode.Ignore,
            [3] = PamCode.PermissionDenied,
            [4] = PamCode.AuthenticationUnavailable,
        },
        ["session"] = new()
        {
            [1] = PamCode.Success,
            [3] = PamCode.PermissionDenied,
            [4] = PamCode.PermissionDenied,
        },
    };

    [Theory]
    [InlineData("auth")]
    [InlineData("account")]
    [InlineData("session")]
    public async Task It_becomes_the_code_of_the_table_and_every_other_byte_a_refusal(string op)
    {
        await using var agent = new LyingAgent(async peer =>
        {
            await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Verdict(peer.Number));
        });

        IReadOnlyList<ShimCall> calls = await Shim.RunAsync("-n", "256", op, "nullok", $"socket={agent.SocketPath}");

        Assert.Equal(256, calls.Count);
        for (int verdict = 0; verdict < 256; verdict++)
        {
            if (Table[op].TryGetValue(verdict, out int code))
            {
                Assert.Equal(code, calls[verdict].Code);
                Assert.Empty(calls[verdict].Log);
            }
            else
            {
                calls[verdict].AssertRefused(op, $"verdict {verdict}");
            }
        }
    }
}
