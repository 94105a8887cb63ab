using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Sallyport.Cli.Phone;

namespace Sallyport.Host.Tests.Phone;

/// <summary>The key's file: nobody else's, and nobody else reads it.</summary>
public sealed class Given_the_file_of_a_phone : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-phone-");
    private readonly string _path;

    public Given_the_file_of_a_phone() => _path = Path.Combine(_folder.FullName, "phone.json");

    [Theory]
    [InlineData("duo.example.org", "alice", null)]
    [InlineData("duo.example.org:8443", "ädä \"the\" \\ boss", "-----BEGIN CERTIFICATE-----\n")]
    public void What_was_written_is_read(string server, string user, string? authorities)
    {
        using PhoneIdentity phone = Phone(server, user, authorities);

        Write(phone.ToBytes());
        using PhoneIdentity read = new PhoneFile(_path).Read();

        Assert.Equal((phone.Server, phone.Device, phone.User), (read.Server, read.Device, read.User));
        Assert.Equal(phone.Authorities, read.Authorities);
        Assert.Equal(phone.Key.ExportPkcs8PrivateKey(), read.Key.ExportPkcs8PrivateKey());
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_path));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void Others_who_may_read_or_change_it_make_it_unusable(UnixFileMode others)
    {
        using PhoneIdentity phone = Phone();
        Write(phone.ToBytes());
        File.SetUnixFileMode(_path, OwnerOnly | others);

        Refused("others may read or change it");
    }

    [Fact]
    public void A_link_is_not_followed_neither_to_read_nor_to_write()
    {
        using PhoneIdentity phone = Phone();
        Write(phone.ToBytes());
        string link = Path.Combine(_folder.FullName, "link");
        File.CreateSymbolicLink(link, _path);
        File.CreateSymbolicLink(link + "2", Path.Combine(_folder.FullName, "nowhere"));

        PhoneException refused = Assert.Throws<PhoneException>(new PhoneFile(link).Read);
        Assert.Contains("symbolic link", refused.Message, StringComparison.Ordinal);
        Assert.Throws<PhoneException>(new PhoneFile(link + "2").Reserve);
        Assert.False(File.Exists(Path.Combine(_folder.FullName, "nowhere")));
    }

    [Fact]
    public void A_folder_is_no_file_and_a_pipe_does_not_hang_it()
    {
        Directory.CreateDirectory(_path);
        Refused("not a plain file");
        Directory.Delete(_path);

        using (Process mkfifo = Process.Start("mkfifo", ["-m", "600", _path]))
        {
            mkfifo.WaitForExit();
        }

        Refused("not a plain file");
    }

    [Fact]
    public void A_file_of_somebody_else_is_refused()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can give a file away");
        using PhoneIdentity phone = Phone();
        Write(phone.ToBytes());
        using (Process chown = Process.Start("chown", ["65534", _path]))
        {
            chown.WaitForExit();
        }

        Refused("belongs to somebody else");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("not JSON")]
    [InlineData("""{"version":1,"server":"s","device":"DP1","user":"u","key":"AAAA","ca":null}""")]
    public void What_activate_did_not_write_is_refused(string content)
    {
        Write(System.Text.Encoding.UTF8.GetBytes(content));

        Refused("not what 'sallyport phone activate' writes");
    }

    [Theory]
    [InlineData("\"version\":1", "\"version\":2")]
    [InlineData("\"server\":\"duo.example.org\"", "\"server\":\"duo.example.org/x\"")]
    [InlineData("\"device\":\"DP1\"", "\"device\":\"DP 1\"")]
    [InlineData("\"user\":\"alice\"", "\"user\":\"alice\",\"user\":\"alice\"")]
    [InlineData("\"user\":\"alice\"", "\"user\":\"alice\",\"more\":1")]
    [InlineData("\"ca\":null", "\"ca\":7")]
    public void A_file_that_was_changed_is_refused(string before, string after)
    {
        using PhoneIdentity phone = Phone();
        string content = System.Text.Encoding.UTF8.GetString(phone.ToBytes());
        Assert.Contains(before, content, StringComparison.Ordinal);

        Write(System.Text.Encoding.UTF8.GetBytes(content.Replace(before, after, StringComparison.Ordinal)));

        Refused("not what 'sallyport phone activate' writes");
    }

    [Fact]
    public void A_key_of_another_curve_is_refused()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Write(new PhoneIdentity("duo.example.org", "DP1", "alice", key, null).ToBytes());

        Refused("not what 'sallyport phone activate' writes");
    }

    [Fact]
    public void Nothing_is_written_over()
    {
        File.WriteAllText(_path, "mine");

        PhoneException refused = Assert.Throws<PhoneException>(new PhoneFile(_path).Reserve);

        Assert.Contains("nothing is written over it", refused.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_path));
    }

    [Fact]
    public void Without_it_there_is_no_phone()
    {
        Refused("'sallyport phone activate' makes one");
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static PhoneIdentity Phone(
        string server = "duo.example.org", string user = "alice", string? authorities = null) =>
        new(server, "DP1", user, ECDsa.Create(ECCurve.NamedCurves.nistP256), authorities);

    private void Write(byte[] content)
    {
        PhoneFile file = new(_path);
        using SafeFileHandle reserved = file.Reserve();
        file.Write(reserved, content);
    }

    private void Refused(string words) => Assert.Contains(
        words, Assert.Throws<PhoneException>(new PhoneFile(_path).Read).Message, StringComparison.Ordinal);
}
