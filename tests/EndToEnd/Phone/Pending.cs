using System.Text.Json;
using System.Text.Json.Nodes;
using Sallyport.Protocol.Approvals;

namespace Sallyport.EndToEnd.Phone;

/// <summary>The answer of "pending" (docs/formats/phone-api.md, "What waits").</summary>
internal static class Pending
{
    public static string Of(params ApprovalRecord[] logins) => Of(null, logins);

    public static string Of(int? digits, params ApprovalRecord[] logins) => new JsonObject
    {
        ["requests"] = new JsonArray([.. logins.Select(login => new JsonObject
        {
            ["transaction"] = login.Transaction,
            ["application"] = login.Application,
            ["user"] = login.User,
            ["host"] = login.Host,
            ["address"] = login.Address,
            ["key"] = login.Key,
            ["expires"] = login.Expires,
            ["server"] = login.Server,
            ["device"] = login.Device,
            ["digits"] = digits,
            ["info"] = "Server IP=192.0.2.2&Command=",
        })]),
    }.ToJsonString();

    /// <summary>What was sent as an answer.</summary>
    public static (string Transaction, string Approval) Sent(string body)
    {
        using JsonDocument json = JsonDocument.Parse(body);
        Assert.Equal(2, json.RootElement.GetPropertyCount());
        return (
            json.RootElement.GetProperty("transaction").GetString()!,
            json.RootElement.GetProperty("approval").GetString()!);
    }
}
