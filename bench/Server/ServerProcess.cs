using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Bench;

/// <summary>sallyport-server as it is shipped, on loopback. Ended by its process id.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly ConcurrentBag<Process> _all = [];
    private readonly Process _process;

    private readonly string _folder;

    private ServerProcess(Process process, string folder, IPAddress address, int port, int publicPort) =>
        (_process, _folder, Address, Port, PublicPort) = (process, folder, address, port, publicPort);

    public IPAddress Address { get; }

    public int Port { get; }

    /// <summary>What its hosts write behind the name; of a second node that of the first.</summary>
    public int PublicPort { get; }

    public int ResidentKiB => File.ReadLines($"/proc/{_process.Id}/status")
        .Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
        .Select(line => int.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1])).Single();

    public double CpuSeconds => _process.TotalProcessorTime.TotalSeconds;

    /// <summary>Returns at its first answer.</summary>
    public static Task<ServerProcess> StartAsync(Options options, Site site, params string[] more) =>
        StartAsync(options, site, publicPort: null, far: null, more);

    /// <param name="far">The network namespace that it runs in, and its address there; null: here, on loopback.</param>
    public static async Task<ServerProcess> StartAsync(
        Options options, Site site, int? publicPort, (string Namespace, IPAddress Address)? far, params string[] more)
    {
        int port = FreePort();
        IPAddress address = far?.Address ?? IPAddress.Loopback;
        bool isLibrary = options.Program.EndsWith(".dll", StringComparison.Ordinal);
        string[] command =
        [
            .. far is null ? Array.Empty<string>() : ["ip", "netns", "exec", far.Value.Namespace],
            .. isLibrary ? ["dotnet", options.Program] : (string[])[options.Program],
            "serve", "--data", site.Folder, "--public-host", $"{address}:{publicPort ?? port}",
            "--listen", $"{address}:{port}",
            .. site.Postgres is null ? Array.Empty<string>() : ["--postgres", site.Postgres], .. more,
        ];
        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardOutput = true };
        Process process = Process.Start(start)!;
        _all.Add(process);
        process.OutputDataReceived += (_, line) => Trace.WriteLine(line.Data);
        process.BeginOutputReadLine();
        ServerProcess server = new(process, site.Folder, address, port, publicPort ?? port);
        while (!await server.AnswersAsync())
        {
            if (process.HasExited)
            {
                throw new InvalidOperationException($"sallyport-server ended with {process.ExitCode}");
            }

            await Task.Delay(5);
        }

        return server;
    }

    /// <summary>What an error left running.</summary>
    public static void KillAll()
    {
        foreach (Process process in _all.Where(process => !process.HasExited))
        {
            process.Kill();
        }
    }

    /// <summary>A TLS connection that sends what it is given at once, unless it is told otherwise.</summary>
    /// <param name="from">A loopback address, as if it were another client's; null: 127.0.0.1.</param>
    public SslStream Connect(bool noDelay = true, IPAddress? from = null)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = noDelay };
        try
        {
            if (from is not null)
            {
                socket.Bind(new IPEndPoint(from, 0));
            }

            socket.Connect(Address, Port);
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }

        SslStream tls = new(new NetworkStream(socket, ownsSocket: true));
        tls.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = Address.ToString(),
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_folder, "ca.pem")) },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        });
        return tls;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using Process kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
            await kill.WaitForExitAsync();
        }

        await _process.WaitForExitAsync();
    }

    private static int FreePort()
    {
        using TcpListener any = new(IPAddress.Loopback, 0);
        any.Start();
        return ((IPEndPoint)any.LocalEndpoint).Port;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await using SslStream tls = Connect();
            tls.Write("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"u8);
            byte[] answer = new byte[64];
            return tls.Read(answer) > 12 && answer.AsSpan(9, 3).SequenceEqual("200"u8);
        }
        catch (Exception notYet) when (notYet is SocketException or IOException or AuthenticationException)
        {
            return false;
        }
    }
}
