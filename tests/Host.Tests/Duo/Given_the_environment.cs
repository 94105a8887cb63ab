using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sallyport.Host.Duo;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Tests.Duo;

/// <summary>
/// Whoever sets variables of a login must not choose whom its host believes, or whom it asks. This test program runs
/// once more for it, because they are read when a process begins.
/// </summary>
public sealed class Given_the_environment
{
    private const string Port = "SALLYPORT_TEST_DUO_PORT";
    private const string Mine = "SALLYPORT_TEST_DUO_CAFILE";

    [Fact(Timeout = 60_000)]
    public async Task It_chooses_neither_authorities_nor_a_proxy()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        await using FakeDuoService service = new();
        await using FakeProxy proxy = new(service.Port);
        string folder = Directory.CreateTempSubdirectory("authorities-").FullName;
        File.Copy(service.Certificate.AuthorityFile, Path.Combine(folder, "authority.pem"));
        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            ArgumentList =
            {
                "-noColor", "-noLogo", "-explicit", "only",
                "-method", $"{typeof(Given_the_environment).FullName}.{nameof(In_it)}",
            },
            RedirectStandardOutput = true,
        };
        start.Environment["SSL_CERT_FILE"] = service.Certificate.AuthorityFile;
        start.Environment["SSL_CERT_DIR"] = folder;
        foreach (string name in (string[])["http_proxy", "https_proxy", "all_proxy"])
        {
            start.Environment[name] = $"http://127.0.0.1:{proxy.Port}";
            start.Environment[name.ToUpperInvariant()] = $"http://127.0.0.1:{proxy.Port}";
        }

        start.Environment[Port] = $"{service.Port}";
        start.Environment[Mine] = service.Certificate.AuthorityFile;
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(stop);
        await process.WaitForExitAsync(stop);
        Directory.Delete(folder, recursive: true);

        Assert.True(process.ExitCode == 0 && output.Contains("Total: 1,", StringComparison.Ordinal), output);
        Assert.Equal(2, service.Requests.Count); // those of whom the cafile names, and no others
        Assert.Empty(proxy.Requests);
    }

    [Fact(Explicit = true)]
    public void In_it()
    {
        DuoSettings settings = new()
        {
            IntegrationKey = FakeDuoService.IntegrationKey,
            SecretKey = FakeDuoService.SecretKey,
            Host = "localhost",
            Port = int.Parse(
                Environment.GetEnvironmentVariable(Port)!, System.Globalization.CultureInfo.InvariantCulture),
        };
        using DuoConnections connections = new();
        DuoPreauth Ask(DuoSettings of)
        {
            DuoClient client = new(of, connections, "sallyport-agent/0", TimeProvider.System);
            return client.Preauth(DuoHost.Alice, DuoHost.Stays);
        }

        // The system's authorities do not vouch for the service, whatever the variables say.
        DuoException failed = Assert.Throws<DuoException>(() => Ask(settings));
        Assert.Equal(DuoFailure.Refused, failed.Failure);
        Assert.True(failed.Message.EndsWith("certificate verify failed", StringComparison.Ordinal)
            || failed.Message.Contains("authorities", StringComparison.Ordinal), failed.Message);

        Assert.Equal(DuoResult.Auth, Ask(settings with { CaFile = Environment.GetEnvironmentVariable(Mine) }).Result);

        // The framework has not even read what they name, which may be long, or without an end.
        using X509Store store = new(StoreName.Root, StoreLocation.LocalMachine);
        store.Open(OpenFlags.ReadOnly);
        Assert.Empty(store.Certificates);

        // What is started from here finds them as they were.
        foreach (string name in (string[])["SSL_CERT_FILE", "SSL_CERT_DIR", Port])
        {
            byte[] found = Stdlib.GetEnv(Encoding.UTF8.GetBytes(name + '\0'))!;
            Assert.Equal(Environment.GetEnvironmentVariable(name), Encoding.UTF8.GetString(found));
        }
    }
}
