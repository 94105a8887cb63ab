using System.Text;

namespace Sallyport.Host.Messages;

/// <summary>What the caller wants. Zero is nothing that is ever granted.</summary>
internal enum Op
{
    Unspecified,
    Auth,
    Account,
    Session,
    Enrol,
    Codes,
    Status,
    Invite,

    /// <summary>sallyport-login asks, behind sshd's own checks.</summary>
    Login,
}

/// <summary>
/// The first frame of a caller (docs/formats/agent-protocol.md, "Hello"). Texts are Latin-1: one char, one byte.
/// </summary>
internal sealed class Hello
{
    public required Op Op { get; init; }

    public required string User { get; init; }

    public string Service { get; init; } = "";

    public string RemoteHost { get; init; } = "";

    public string Tty { get; init; } = "";

    public string SshConnection { get; init; } = "";

    /// <summary>What sshd has accepted so far, a line for each method: "publickey ssh-ed25519 AAAA…".</summary>
    public string SshAuthInfo { get; init; } = "";

    public bool Authenticated { get; init; }

    /// <summary>What is to be run, to be shown; of sudo, or of an ssh client.</summary>
    public string Command { get; init; } = "";

    /// <summary>Of op login: nobody can be asked or told anything.</summary>
    public bool Headless { get; init; }

    /// <summary>Of op login by root: the name at the server, in the place of the account's.</summary>
    public string DuoUser { get; init; } = "";

    /// <summary>The real uid of the calling process, in digits: who started su or sudo. Empty: not said.</summary>
    public string ProcessUid { get; init; } = "";

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>PAM_AUTHTOK; null where the caller sent none, which is not the same as an empty one.</summary>
    public byte[]? AuthenticationToken { get; init; }

    /// <summary>Null: a refusal; the reason is for the agent's log.</summary>
    public static Hello? Parse(ReadOnlySpan<byte> payload, out string? refusal)
    {
        var values = new string?[14];
        List<string> arguments = [];
        byte[]? token = null;
        refusal = "hello: the payload does not end with NUL";
        if (payload.IsEmpty || payload[^1] != 0)
        {
            return null;
        }

        for (; !payload.IsEmpty; payload = payload[(payload.IndexOf((byte)0) + 1)..])
        {
            ReadOnlySpan<byte> field = payload[..payload.IndexOf((byte)0)];
            int equals = field.IndexOf((byte)'=');
            if (equals < 1)
            {
                refusal = "hello: a field without a name or without '='";
                return null;
            }

            ReadOnlySpan<byte> name = field[..equals];
            ReadOnlySpan<byte> value = field[(equals + 1)..];
            int known = IndexOf(name);
            bool doubled = known >= 0 && values[known] is not null;
            if (name.SequenceEqual("arg"u8))
            {
                arguments.Add(Encoding.Latin1.GetString(value));
            }
            else if (name.SequenceEqual("authtok"u8))
            {
                doubled = token is not null;
                token = value.ToArray(); // bytes, not text: it is wiped after use
            }
            else if (known >= 0)
            {
                values[known] = Encoding.Latin1.GetString(value);
            }

            if (doubled)
            {
                refusal = $"hello: {Encoding.Latin1.GetString(name)} twice";
                return null;
            }
        }

        Op op = values[1] switch
        {
            "auth" => Op.Auth,
            "account" => Op.Account,
            "session" => Op.Session,
            "enrol" => Op.Enrol,
            "codes" => Op.Codes,
            "status" => Op.Status,
            "invite" => Op.Invite,
            "login" => Op.Login,
            _ => Op.Unspecified,
        };
        refusal = values[0] != "1" ? "hello: not version 1"
            : op is Op.Unspecified ? "hello: unknown op"
            : string.IsNullOrEmpty(values[2]) ? "hello: no user"
            : values[7] is not (null or "yes") ? "hello: authenticated is not yes"
            : values[12] is not (null or "yes") ? "hello: headless is not yes"
            : null;
        return refusal is not null ? null : new Hello
        {
            Op = op,
            User = values[2]!,
            Service = values[3] ?? "",
            RemoteHost = values[4] ?? "",
            Tty = values[5] ?? "",
            SshConnection = values[6] ?? "",
            SshAuthInfo = values[10] ?? "",
            Authenticated = values[7] == "yes",
            ProcessUid = values[8] ?? "",
            Command = values[11] ?? "",
            Headless = values[12] == "yes",
            DuoUser = values[13] ?? "",
            Arguments = arguments,
            AuthenticationToken = token,
        };
    }

    // A dictionary would be shorter; its code is cold on each login and took longer than all of the parsing.
    private static int IndexOf(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("version"u8) ? 0
        : name.SequenceEqual("op"u8) ? 1
        : name.SequenceEqual("user"u8) ? 2
        : name.SequenceEqual("service"u8) ? 3
        : name.SequenceEqual("rhost"u8) ? 4
        : name.SequenceEqual("tty"u8) ? 5
        : name.SequenceEqual("ssh_connection"u8) ? 6
        : name.SequenceEqual("authenticated"u8) ? 7
        : name.SequenceEqual("uid"u8) ? 8
        : name.SequenceEqual("ruser"u8) ? 9
        : name.SequenceEqual("ssh_auth_info"u8) ? 10
        : name.SequenceEqual("command"u8) ? 11
        : name.SequenceEqual("headless"u8) ? 12
        : name.SequenceEqual("duo_user"u8) ? 13
        : -1;

    /// <summary>
    /// What is left of it where the caller is not root: his own word counts for nothing but his name. Of a login what he
    /// says is shown, to him; and a passcode proves itself, whoever sends it.
    /// </summary>
    public Hello Unprivileged() => Op is Op.Login
        ? new()
        {
            Op = Op,
            User = User,
            Command = Command,
            Headless = Headless,
            SshConnection = SshConnection,
            AuthenticationToken = AuthenticationToken,
        }
        : new() { Op = Op, User = User };
}
