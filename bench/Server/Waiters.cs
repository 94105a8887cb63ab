using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Authentications;

namespace Sallyport.Bench;

/// <summary>Connections that each have a login of a user of their own, which waits.</summary>
internal sealed class Waiters(ServerProcess server, Site site) : IAsyncDisposable
{
    private const int PerAddress = 500; // the server takes 512 of one
    private const int AtOnce = 25;

    private readonly List<SslStream> _connections = [];

    /// <summary>By user's name: when its login was answered with allow.</summary>
    public Dictionary<string, Task<long>> Answers { get; } = [];

    public void Connect(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _connections.Add(server.Connect(from: IPAddress.Parse($"127.0.0.{2 + (i / PerAddress)}")));
        }
    }

    /// <summary>Sends a login on each, of the users from this one on; how many wait then.</summary>
    public async Task<int> OpenAsync(int user, int perSecond)
    {
        foreach (SslStream[] some in _connections.Chunk(AtOnce))
        {
            foreach (SslStream connection in some)
            {
                string name = Site.NameOf(user);
                Answers.Add(name, LogInAsync(connection, Load.Push(site, server.PublicPort, name, source: user)));
                user++;
            }

            await Task.Delay(AtOnce * 1000 / perSecond);
        }

        // A push that has been answered already is a failure here, and says what was answered.
        if (Answers.Values.FirstOrDefault(answer => answer.IsCompleted) is { } failed)
        {
            await failed;
        }

        // Of the round before some may still wait, whose clients are gone.
        for (int i = 0; i < 50 && await CountAsync() < _connections.Count; i++)
        {
            await Task.Delay(200);
        }

        return Math.Min(await CountAsync(), Answers.Values.Count(answer => !answer.IsCompleted));
    }

    private Task<int> CountAsync()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return site.QueryAsync(db => db.Set<PendingPush>().CountAsync(p => p.ExpiresAt > now));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SslStream connection in _connections)
        {
            await connection.DisposeAsync();
        }
    }

    /// <summary>When it was let in. Who is told to come again does.</summary>
    private static async Task<long> LogInAsync(SslStream connection, byte[] request)
    {
        byte[] buffer = new byte[1024];
        string answer = "";
        do
        {
            await Task.Delay(answer.Length > 0 ? 1_000 : 0); // Retry-After
            await connection.WriteAsync(request);
            answer = "";
            while (!answer.EndsWith('}'))
            {
                int read = await connection.ReadAsync(buffer);
                if (read == 0)
                {
                    throw new InvalidOperationException($"cut off behind '{answer}'");
                }

                answer += Encoding.ASCII.GetString(buffer, 0, read);
            }
        }
        while (answer.StartsWith("HTTP/1.1 429", StringComparison.Ordinal));

        return answer.Contains("\"result\":\"allow\"", StringComparison.Ordinal)
            ? Stopwatch.GetTimestamp()
            : throw new InvalidOperationException($"not let in: {answer}");
    }
}
