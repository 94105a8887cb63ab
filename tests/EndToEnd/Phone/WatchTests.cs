using System.Collections.Concurrent;
using System.Diagnostics;
using Sallyport.Protocol.Approvals;
using Built = Sallyport.EndToEnd.Harness.Built;
using Wait = Sallyport.EndToEnd.Harness.Wait;

namespace Sallyport.EndToEnd.Phone;

/// <summary>sallyport phone watch, and a server that comes and goes.</summary>
public sealed class Given_a_phone_that_watches
{
    [Fact]
    public async Task It_tells_what_begins_to_wait_and_what_is_over_and_comes_back_with_a_new_proof()
    {
        await using PhoneHolder alice = new();
        ApprovalRecord first = alice.Login with { Transaction = "first" };
        ApprovalRecord second = alice.Login with { Transaction = "second" };
        await alice.BeginAsync(Pending.Of());
        TaskCompletionSource over = new();
        int streams = 0;
        alice.Server.Answer = _ => ++streams switch
        {
            1 => new PhoneReply(200, Stream: async (send, _) =>
            {
                await send(": hello\n\n" + Event(first));
                await send(Event(first, second)[..20]); // one event in two pieces
                await send(Event(first, second)[20..]);
            }),
            2 => new PhoneReply(503),
            _ => new PhoneReply(200, Stream: async (send, end) =>
            {
                await send(Event(second));
                await over.Task.WaitAsync(end);
            }),
        };

        using Watching watching = Watching.Start(alice);
        await watching.UntilAsync("over\tfirst");
        over.SetResult();

        Assert.Collection(
            watching.Lines,
            line => Assert.StartsWith("new\tfirst\tapplication=bastion\t", line, StringComparison.Ordinal),
            line => Assert.StartsWith("new\tsecond\t", line, StringComparison.Ordinal),
            line => Assert.Equal("over\tfirst", line));
        Assert.Empty(alice.Server.Problems); // each with a proof of its own
        Assert.Equal(3, alice.Server.Calls.Count(call => call.Path == "events"));
        Assert.Contains(watching.Errors, line => line.Contains("cannot answer now", StringComparison.Ordinal));
        Assert.Contains("The server is there again.", watching.Errors);
    }

    [Fact]
    public async Task It_ends_when_the_server_has_the_phone_no_more()
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of());
        int streams = 0;
        alice.Server.Answer = _ => ++streams == 1
            ? new PhoneReply(200, Stream: (send, _) => send(Event()))
            : new PhoneReply(401, """{"error":"invalid_token"}""");

        using Watching watching = Watching.Start(alice);

        Assert.Equal(1, await watching.EndAsync());
        Assert.Contains(watching.Errors, line => line.Contains("activate again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_line_without_an_end_fills_no_memory()
    {
        await using PhoneHolder alice = new();
        await alice.BeginAsync(Pending.Of());
        alice.Server.Answer = _ => new PhoneReply(200, Stream: async (send, end) =>
        {
            while (!end.IsCancellationRequested)
            {
                await send(new string('x', 65_536));
            }
        });

        using Watching watching = Watching.Start(alice);

        Assert.Equal(1, await watching.EndAsync());
        Assert.Contains(watching.Errors, line => line.Contains("without an end", StringComparison.Ordinal));
    }

    private static string Event(params ApprovalRecord[] logins) => $"event: pending\ndata: {Pending.Of(logins)}\n\n";

    /// <summary>The program while it runs, line by line.</summary>
    private sealed class Watching : IDisposable
    {
        private readonly Process _process;
        private readonly ConcurrentQueue<string> _lines = [];
        private readonly ConcurrentQueue<string> _errors = [];

        private Watching(Process process)
        {
            _process = process;
            process.OutputDataReceived += (_, line) => Add(_lines, line.Data);
            process.ErrorDataReceived += (_, line) => Add(_errors, line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public IEnumerable<string> Lines => _lines;

        public IEnumerable<string> Errors => _errors;

        public static Watching Start(PhoneHolder alice)
        {
            ProcessStartInfo start = new(Built.Command, ["phone", "watch"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["HOME"] = alice.Home;
            return new Watching(Process.Start(start)!);
        }

        public Task UntilAsync(string line) => Wait.UntilAsync(
            () => _lines.Contains(line), line, TestContext.Current.CancellationToken);

        public async Task<int> EndAsync()
        {
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
            }

            _process.Dispose();
        }

        private static void Add(ConcurrentQueue<string> lines, string? line)
        {
            if (line is not null)
            {
                lines.Enqueue(line);
            }
        }
    }
}
