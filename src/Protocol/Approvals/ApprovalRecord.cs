using System.Text;
using System.Text.Json;

namespace Sallyport.Protocol.Approvals;

/// <summary>
/// What a device is asked to approve, and what it signs (docs/formats/approval.md): the server builds it from its own
/// rows, before it asks and again when it has the answer.
/// </summary>
public sealed record ApprovalRecord
{
    /// <summary>The public host of the server, as in its certificate: a signature for one is none for another.</summary>
    public required string Server { get; init; }

    /// <summary>The transaction's id.</summary>
    public required string Transaction { get; init; }

    /// <summary>The id of the device that is asked.</summary>
    public required string Device { get; init; }

    /// <summary>The application's name.</summary>
    public required string Application { get; init; }

    /// <summary>The user's name.</summary>
    public required string User { get; init; }

    /// <summary>The host that is logged in to, by its own word; null: it said none.</summary>
    public string? Host { get; init; }

    /// <summary>The ssh client's address, by the host's word; null: unknown.</summary>
    public string? Address { get; init; }

    /// <summary>The fingerprint of the ssh key that was the first factor (<c>SHA256:…</c>); null: unknown.</summary>
    public string? Key { get; init; }

    /// <summary>Seconds since 1970, after which no answer counts.</summary>
    public required long Expires { get; init; }

    /// <summary>The text that is signed: JSON in the canonical form of RFC 8785.</summary>
    /// <param name="answer">The decision, and the number where one is asked for.</param>
    /// <exception cref="ArgumentException">
    /// The answer is none, has a number beside another decision than an approval, or a number that is not 2 to 6 digits;
    /// or a text is no Unicode.
    /// </exception>
    public byte[] ToBytes(ApprovalAnswer answer)
    {
        if (!IsPossible(answer))
        {
            throw new ArgumentException("No such answer.", nameof(answer));
        }

        // In the order of the names, as section 3.2.3 has it.
        StringBuilder json = new(256);
        Append(json, '{', "address", Address);
        Append(json, ',', "application", Application);
        Append(json, ',', "decision", NameOf(answer.Decision));
        Append(json, ',', "device", Device);
        json.Append(",\"expires\":").Append(Expires);
        Append(json, ',', "host", Host);
        Append(json, ',', "key", Key);
        Append(json, ',', "number", answer.Number);
        Append(json, ',', "server", Server);
        Append(json, ',', "transaction", Transaction);
        Append(json, ',', "user", User);
        json.Append(",\"version\":1}");
        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(json.ToString());
    }

    /// <summary>
    /// The record that a text claims to be; null: it is none. For who looks at an approval afterwards and has nothing to
    /// compare it with: <see cref="ApprovalJws.Verify"/> then says whether that is what was signed.
    /// </summary>
    /// <param name="text">As it was signed.</param>
    public static ApprovalRecord? Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            JsonElement root = json.RootElement;
            ApprovalRecord record = new()
            {
                Server = root.GetProperty("server").GetString()!,
                Transaction = root.GetProperty("transaction").GetString()!,
                Device = root.GetProperty("device").GetString()!,
                Application = root.GetProperty("application").GetString()!,
                User = root.GetProperty("user").GetString()!,
                Host = root.GetProperty("host").GetString(),
                Address = root.GetProperty("address").GetString(),
                Key = root.GetProperty("key").GetString(),
                Expires = root.GetProperty("expires").GetInt64(),
            };
            return AnswerIn(text) is { } answer && text.Span.SequenceEqual(record.ToBytes(answer)) ? record : null;
        }
        catch (Exception garbage)
            when (garbage is JsonException or InvalidOperationException or KeyNotFoundException or FormatException
                or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The decision and the number that a text claims; null: it is no such text. All else is not read.</summary>
    internal static ApprovalAnswer? AnswerIn(ReadOnlyMemory<byte> text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            JsonElement root = json.RootElement;
            string? name = root.GetProperty("decision").GetString();
            ApprovalAnswer answer = new(
                Enum.GetValues<ApprovalDecision>().FirstOrDefault(decision => NameOf(decision) == name),
                root.GetProperty("number").GetString());
            return IsPossible(answer) ? answer : null;
        }
        catch (Exception garbage)
            when (garbage is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static bool IsPossible(ApprovalAnswer answer) => answer switch
    {
        (ApprovalDecision.Approve, { } number) =>
            number.Length is >= 2 and <= 6 && number.All(char.IsAsciiDigit),
        (ApprovalDecision.Approve or ApprovalDecision.Deny or ApprovalDecision.Fraud, null) => true,
        _ => false,
    };

    private static string? NameOf(ApprovalDecision decision) => decision switch
    {
        ApprovalDecision.Approve => "approve",
        ApprovalDecision.Deny => "deny",
        ApprovalDecision.Fraud => "fraud",
        _ => null,
    };

    private static void Append(StringBuilder json, char before, string name, string? value)
    {
        json.Append(before).Append('"').Append(name).Append("\":");
        if (value is null)
        {
            json.Append("null");
            return;
        }

        json.Append('"');
        foreach (char c in value)
        {
            // RFC 8785, section 3.2.2.2.
            _ = c switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append("\\\\"),
                '\b' => json.Append("\\b"),
                '\t' => json.Append("\\t"),
                '\n' => json.Append("\\n"),
                '\f' => json.Append("\\f"),
                '\r' => json.Append("\\r"),
                < ' ' => json.Append("\\u00").Append(((int)c).ToString("x2", null)),
                _ => json.Append(c),
            };
        }

        json.Append('"');
    }
}
