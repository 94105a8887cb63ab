using System.Text;

namespace Sallyport.Host.Messages;

/// <summary>What the caller wants. Zero is nothing that is ever granted.</summary>
internal enum Op
{
    Unspecified,
    Auth,
    Account,
    Session,
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

    public bool Authenticated { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>PAM_AUTHTOK; null where the caller sent none, which is not the same as an empty one.</summary>
    public byte[]? AuthenticationToken { get; init; }

    /// <summary>Null: a refusal; the reason is for the agent's log.</summary>
    public static Hello? Parse(ReadOnlySpan<byte> payload, out string? refusal)
    {
        Dictionary<string, string> fields = [];
        List<string> arguments = [];
        byte[]? token = null;
        refusal = "hello: the payload does not end with NUL";
        if (payload.IsEmpty || payload[^1] != 0)
        {
            return null;
        }

        while (!payload.IsEmpty)
        {
            ReadOnlySpan<byte> field = payload[..payload.IndexOf((byte)0)];
            payload = payload[(field.Length + 1)..];
            int equals = field.IndexOf((byte)'=');
            if (equals < 1)
            {
                refusal = "hello: a field without a name or without '='";
                return null;
            }

            string name = Encoding.Latin1.GetString(field[..equals]);
            ReadOnlySpan<byte> value = field[(equals + 1)..];
            if (name == "arg")
            {
                arguments.Add(Encoding.Latin1.GetString(value));
            }
            else if (!fields.TryAdd(name, name == "authtok" ? "" : Encoding.Latin1.GetString(value)))
            {
                refusal = $"hello: {Printable.Of(name)} twice";
                return null;
            }
            else if (name == "authtok")
            {
                token = value.ToArray(); // bytes, not text: it is wiped after use
            }
        }

        Op op = fields.GetValueOrDefault("op") switch
        {
            "auth" => Op.Auth,
            "account" => Op.Account,
            "session" => Op.Session,
            _ => Op.Unspecified,
        };
        string user = fields.GetValueOrDefault("user", "");
        refusal = fields.GetValueOrDefault("version") != "1" ? "hello: not version 1"
            : op is Op.Unspecified ? "hello: unknown op"
            : user.Length == 0 ? "hello: no user"
            : null;
        return refusal is not null ? null : new Hello
        {
            Op = op,
            User = user,
            Service = fields.GetValueOrDefault("service", ""),
            RemoteHost = fields.GetValueOrDefault("rhost", ""),
            Tty = fields.GetValueOrDefault("tty", ""),
            SshConnection = fields.GetValueOrDefault("ssh_connection", ""),
            Authenticated = fields.GetValueOrDefault("authenticated") == "yes",
            Arguments = arguments,
            AuthenticationToken = token,
        };
    }

    /// <summary>What is left of it where the caller is not root: his own word counts for nothing but his name.</summary>
    public Hello Unprivileged() => new() { Op = Op, User = User };
}
