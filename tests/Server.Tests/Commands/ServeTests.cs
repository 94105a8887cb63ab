using Sallyport.Server.Commands;

namespace Sallyport.Server.Tests.Commands;

public sealed class ServeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sallyport-serve-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Without_its_database_it_says_so_and_ends()
    {
        (int code, _, string error) = await ServeAsync(
            "--listen", "127.0.0.1:1", "--postgres", "Host=127.0.0.1;Port=1;Username=ada;Password=hunter2;Timeout=5");

        Assert.Equal(CommandLine.Failed, code);
        Assert.StartsWith("sallyport-server: ", error, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1", error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_an_empty_folder_it_sets_the_server_up_and_says_so_and_where_it_cannot_listen_it_ends()
    {
        // RFC 5737: no machine has this address.
        (int code, string output, string error) = await ServeAsync("--listen", "203.0.113.9:8443");

        Assert.Contains($"Set up in {_folder} ", output, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_folder, "ca.pem"), output, StringComparison.Ordinal);
        Assert.Equal(CommandLine.Failed, code);
        Assert.StartsWith("sallyport-server: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output, string Error)> ServeAsync(params string[] options)
    {
        (StringWriter output, StringWriter error) = (new(), new());
        int code = await CommandLine.RunAsync(
            ["serve", "--data", _folder, "--public-host", "auth.example.com", .. options], output, error);
        return (code, output.ToString(), error.ToString());
    }
}
