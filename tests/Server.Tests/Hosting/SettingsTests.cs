using Sallyport.Server.Hosting;

namespace Sallyport.Server.Tests.Hosting;

public sealed class SettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sallyport-settings-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_whole_file_is_read()
    {
        Write("""
            # comment
            public-host = Auth.example.com:8443
            listen = 192.0.2.7:8443
            listen = [::]:8443

            trusted-proxy = 192.0.2.1
            trusted-proxy = 2001:db8::/64
            log = json
            """);

        ServerSettings settings = Read();

        Assert.Equal("Auth.example.com:8443", settings.PublicHost.ToString());
        Assert.Equal(["192.0.2.7:8443", "[::]:8443"], settings.Listen.Select(listen => listen.ToString()));
        Assert.Equal(["192.0.2.1/32", "2001:db8::/64"], settings.TrustedProxies.Select(proxy => proxy.ToString()));
        Assert.Equal(LogFormat.Json, settings.Log);
    }

    [Fact]
    public void It_listens_on_loopback_only_unless_told_otherwise()
    {
        Write("public-host = auth.example.com");

        Assert.Equal(["127.0.0.1:443"], Read().Endpoints.Select(endpoint => endpoint.ToString()));
    }

    [Theory]
    [InlineData("listn = 0.0.0.0:443", "unknown key 'listn'")]
    [InlineData("listen 0.0.0.0:443", "not 'key = value'")]
    [InlineData("listen = 0.0.0.0", "cannot use '0.0.0.0' for listen")]
    [InlineData("public-host = other", "'public-host' is set twice")]
    [InlineData("trusted-proxy = 0.0.0.0/0", "an address, or a network")]
    [InlineData("trusted-proxy = 192.0.2.1/24", "an address, or a network")]
    [InlineData("trusted-proxy = 10.1", "an address, or a network")]
    [InlineData("certificate = /etc/c.pem", "certificate and certificate-key go together")]
    [InlineData("log = xml", "text or json")]
    [InlineData("postgres = Password=hunter2;Nonsense", "no connection string")]
    public void What_means_nothing_is_refused_with_file_and_line(string line, string why)
    {
        Write("public-host = auth.example.com\n" + line);

        SettingsException refused = Assert.Throws<SettingsException>(Read);

        Assert.StartsWith(SettingsFile.In(_folder) + ":2: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auth.example.com:0")]
    [InlineData("auth.example.com:65536")]
    [InlineData("https://auth.example.com")]
    [InlineData("-auth.example.com")]
    [InlineData("[2001:db8::1]")]
    [InlineData("127.1")]
    [InlineData("")]
    public void A_host_that_no_client_could_write_is_refused(string host)
    {
        Write("public-host = " + host);

        Assert.Throws<SettingsException>(Read);
    }

    [Fact]
    public void Without_a_public_host_there_are_no_settings()
    {
        Write("log = json");

        Assert.Contains("--public-host", Assert.Throws<SettingsException>(Read).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_with_a_password_that_others_may_read_is_refused()
    {
        string file = Path.Combine(_folder, "postgres");
        File.WriteAllText(file, "Host=127.0.0.1;Password=hunter2\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Write($"public-host = auth.example.com\npostgres-file = {file}");

        Assert.Contains("chmod 0600", Assert.Throws<SettingsException>(Read).Message, StringComparison.Ordinal);

        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        Assert.Equal("Host=127.0.0.1;Password=hunter2", Read().Postgres);
    }

    [Fact]
    public void A_data_folder_that_others_may_look_into_is_refused()
    {
        File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);

        Assert.Contains("chmod 0700",
            Assert.Throws<SettingsException>(() => DataFolder.Open(_folder)).Message, StringComparison.Ordinal);
    }

    private ServerSettings Read() => ServerSettings.Parse(_folder, SettingsFile.Read(_folder));

    private void Write(string text) => File.WriteAllText(SettingsFile.In(_folder), text);
}
