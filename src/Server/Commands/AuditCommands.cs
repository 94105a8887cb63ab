using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Audit;

namespace Sallyport.Server.Commands;

/// <summary>audit list.</summary>
internal static class AuditCommands
{
    private const int Most = 100_000; // they are all held, to line the columns up

    public static Command Create(SettingsOptions options) => new("audit", "What happened.") { List(options) };

    private static Command List(SettingsOptions options)
    {
        Option<DateTimeOffset?> since = Words.SinceOption(
            "--since", "not what was before: a day, UTC, or how long ago, such as 24h");
        var user = new Option<string?>("--user") { HelpName = "NAME", Description = "as it was sent, or a user's key" };
        var application = new Option<string?>("--application")
        {
            HelpName = "NAME",
            Description = "its name or its integration key",
        };
        Option<int> limit = Words.NumberOption("--limit", "the newest N at most", 100);
        var json = new Option<bool>("--json") { Description = "an object a line, with every field" };
        var command = new Command("list", "Logins and what administrators did, one line each, the newest last.")
        {
            since, user, application, limit, json,
        };
        options.Set<ListAuditEvents>(command, async (list, result, cancellationToken) =>
        {
            int most = result.GetValue(limit);
            if (most is < 1 or > Most)
            {
                throw new Refusal($"--limit is 1 to {Most}");
            }

            var request = new ListAuditRequest(most)
            {
                Since = result.GetValue(since),
                User = result.GetValue(user),
                Application = result.GetValue(application),
            };
            IReadOnlyList<AuditEvent> events = await list.RunAsync(request, cancellationToken);
            await (result.GetValue(json) ? WriteJsonAsync(result.Out(), events) : WriteLinesAsync(result.Out(), events));
        });
        return command;
    }

    // Some of it was typed by strangers. DuoText leaves nothing that a terminal would obey.
    private static Task WriteLinesAsync(TextWriter output, IReadOnlyList<AuditEvent> events) => Words.WriteTableAsync(
        output,
        [
            ["TIME", "ACTION", "RESULT", "REASON", "FACTOR", "USER", "APPLICATION", "FROM", "BY", "DETAIL"],
            .. events.Select(e => new[]
            {
                Time(e.At, "yyyy-MM-dd HH:mm:ss'Z'"), e.Action, e.Result, e.Reason, Cell(e.Factor), Cell(e.UserName),
                Cell(e.ApplicationName), Cell(e.AccessAddress), Cell(e.Administrator), Cell(e.Detail),
            }),
        ]);

    private static async Task WriteJsonAsync(TextWriter output, IReadOnlyList<AuditEvent> events)
    {
        foreach (AuditEvent e in events)
        {
            using MemoryStream line = new();
            await using (Utf8JsonWriter json = new(line)) // writes other characters than ASCII's as \uXXXX
            {
                json.WriteStartObject();
                foreach ((string name, string? value) in Fields(e))
                {
                    json.WriteString(name, value);
                }

                json.WriteEndObject();
            }

            await output.WriteLineAsync(Encoding.ASCII.GetString(line.ToArray()));
        }
    }

    private static IEnumerable<(string Name, string? Value)> Fields(AuditEvent e) =>
    [
        ("id", e.Id.ToString()),
        ("at", Time(e.At, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'")),
        ("action", e.Action),
        ("result", e.Result),
        ("reason", e.Reason),
        ("factor", e.Factor),
        ("user_name", e.UserName),
        ("user_key", e.UserKey),
        ("application_name", e.ApplicationName),
        ("application_key", e.ApplicationKey),
        ("device_key", e.DeviceKey),
        ("access_address", e.AccessAddress),
        ("host_name", e.HostName),
        ("client_address", e.ClientAddress),
        ("transaction_id", e.TransactionId),
        ("administrator", e.Administrator),
        ("detail", e.Detail),
    ];

    private static string Time(DateTimeOffset at, string format) =>
        at.UtcDateTime.ToString(format, CultureInfo.InvariantCulture);

    private static string Cell(string? text) => string.IsNullOrEmpty(text) ? "-" : DuoText.Line(text);
}
