using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Sallyport.Host.Tests.Agent;

/// <summary>
/// A caller that says what nobody foresaw, for a minute, or for SALLYPORT_FUZZ_SECONDS. What it sends is mostly
/// well-formed, so that it gets past the hello, and then bent.
/// </summary>
public sealed class Given_a_fuzzer : IDisposable
{
    private static readonly string[] _words =
    [
        "version=1", "op=auth", "op=account", "op=session", "user=daemon", "user=root", "user=..", "user=nobody",
        "service=sshd", "rhost=192.0.2.7", "tty=ssh", "ssh_connection=192.0.2.7 1 192.0.2.1 22", "authenticated=yes",
        "arg=nullok", "arg=debug", "arg=forward_pass", "arg=use_first_pass", "arg=try_first_pass", "arg=noskewadj",
        "arg=grace_period=60", "arg=secret=/dev/zero", "arg=secret=/proc/self/mem", "arg=secret=~/${USER}/${HOME}",
        "arg=user=daemon", "arg=allowed_perm=0777", "arg=authtok_prompt=", "arg=", "authtok=", "authtok=pw123456",
        "=", "", "\u00ff\u00fe", "version=", "x=y",
    ];

    private readonly AgentUnderTest _agent = new();
    private ulong _state = 0x9E3779B97F4A7C15; // the same course in each run

    public Given_a_fuzzer() =>
        _agent.Enrol("daemon", "\" TOTP_AUTH", "\" DISALLOW_REUSE", "\" LAST0 192.0.2.7 999999990", "\" X", "12345678");

    public void Dispose() => _agent.Dispose();

    [Fact]
    public void Nothing_it_says_lets_it_in_or_ends_the_agent()
    {
        string? seconds = Environment.GetEnvironmentVariable("SALLYPORT_FUZZ_SECONDS");
        var duration = TimeSpan.FromSeconds(seconds is null ? 60 : int.Parse(seconds, CultureInfo.InvariantCulture));
        long begun = Stopwatch.GetTimestamp();
        int conversations = 0;
        while (Stopwatch.GetElapsedTime(begun) < duration)
        {
            ulong seed = _state;
            using AgentClient caller = _agent.Connect();
            bool known = Say(caller);
            byte? verdict = caller.Verdict([.. Enumerable.Range(0, Pick(3)).Select(_ => Answer())]);
            Assert.False(verdict is AgentClient.Allow && !known, $"let in from state 0x{seed:X}: {string.Join(' ', caller.Logged)}");
            conversations++;
        }

        Assert.True(conversations > 100, $"only {conversations} conversations");
        Assert.DoesNotContain("Exception", _agent.Log, StringComparison.Ordinal);
        using AgentClient last = _agent.Connect();
        Assert.Equal(AgentClient.Allow, last.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
    }

    /// <summary>True: an allow would be right, because the hello says what root alone may say to be let through.</summary>
    private bool Say(AgentClient caller)
    {
        List<string> fields = ["version=1", Pick(4) == 0 ? "op=session" : "op=auth", "user=daemon"];
        for (int more = Pick(5); more > 0; more--)
        {
            fields.Insert(Pick(fields.Count + 1), _words[Pick(_words.Length)]);
        }

        byte[] payload = Encoding.Latin1.GetBytes(string.Concat(fields.Select(f => f + '\0')));
        byte[] frame = [(byte)'H', 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length);
        bool bent = Pick(3) == 0;
        for (int i = bent ? 1 + Pick(4) : 0; i > 0; i--)
        {
            frame[Pick(frame.Length)] ^= (byte)(1 << Pick(8));
        }

        int length = bent && Pick(4) == 0 ? Pick(frame.Length) : frame.Length;
        caller.SendRaw(frame[..length]);
        if (length < frame.Length)
        {
            caller.Send((char)Pick(256), "\u0001\u0002");
        }

        bool session = fields.Contains("op=session") && fields.Contains("authenticated=yes");
        bool grace = fields.Contains("rhost=192.0.2.7") && fields.Contains("arg=grace_period=60");
        return session || grace;
    }

    // Never one of the four codes that are right at this moment.
    private string Answer() => Pick(6) switch
    {
        0 => "",
        1 => "000000",
        2 => new string((char)(1 + Pick(255)), Pick(70_000)),
        3 => "pw" + Pick(100_000).ToString("D6", CultureInfo.InvariantCulture),
        4 => "87654321",
        _ => "\b\n\r\u007fINCORRECT",
    };

    // xorshift64: the same numbers on every machine.
    private int Pick(int below)
    {
        _state ^= _state << 13;
        _state ^= _state >> 7;
        _state ^= _state << 17;
        return (int)(_state % (ulong)below);
    }
}
