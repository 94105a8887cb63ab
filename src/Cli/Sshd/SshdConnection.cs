using System.Globalization;

namespace Sallyport.Cli.Sshd;

/// <summary>A connection as sshd's Match sees it.</summary>
/// <param name="User">As the account database has it, one char a byte.</param>
internal sealed record SshdConnection(
    string User, string Host, string Address, string LocalAddress, int LocalPort, string RDomain = "")
{
    public static SshdConnection Of(string user) => new(user, "host.invalid", "192.0.2.1", "127.0.0.1", 22);

    /// <summary>For sshd -C.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"user={User},host={Host},addr={Address},laddr={LocalAddress},lport={LocalPort}")
        + (RDomain.Length > 0 ? $",rdomain={RDomain}" : "");
}
