using System.Text.Json;
using Sallyport.Protocol.Approvals;

namespace Sallyport.Cli.Phone;

/// <summary>A login that waits for this phone (docs/formats/phone-api.md, "What waits").</summary>
/// <param name="Record">What is signed with the decision, and nothing beside it.</param>
/// <param name="Digits">How many the number has that is asked for; null: none is.</param>
/// <param name="Info">The host's words, which are not signed.</param>
internal sealed record PendingRequest(ApprovalRecord Record, int? Digits, string? Info)
{
    private const int Members = 11;

    public string Transaction => Record.Transaction;

    /// <summary>The oldest first.</summary>
    /// <exception cref="PhoneException">It is not such an answer.</exception>
    public static IReadOnlyList<PendingRequest> ParseAll(ReadOnlyMemory<byte> answer)
    {
        try
        {
            using JsonDocument json = Json.Parse(answer);
            return [.. Json.Only(json.RootElement, 1).GetProperty("requests").EnumerateArray().Select(Parse)];
        }
        catch (Exception garbage) when (Json.IsGarbage(garbage))
        {
            throw new PhoneException(
                "what the server says of waiting logins cannot be read. Is this program as new as the server?",
                garbage);
        }
    }

    private static PendingRequest Parse(JsonElement item)
    {
        Json.Only(item, Members);
        JsonElement digits = item.GetProperty("digits");
        int? count = digits.ValueKind is JsonValueKind.Null ? null : digits.GetInt32();
        if (count is < 2 or > 6)
        {
            throw new JsonException("no number that can be signed (docs/formats/approval.md)");
        }

        return new PendingRequest(
            new ApprovalRecord
            {
                Server = Json.Text(item, "server"),
                Transaction = Json.Text(item, "transaction"),
                Device = Json.Text(item, "device"),
                Application = Json.Text(item, "application"),
                User = Json.Text(item, "user"),
                Host = item.GetProperty("host").GetString(),
                Address = item.GetProperty("address").GetString(),
                Key = item.GetProperty("key").GetString(),
                Expires = item.GetProperty("expires").GetInt64(),
            },
            count,
            item.GetProperty("info").GetString());
    }
}
