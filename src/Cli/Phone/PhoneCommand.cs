using System.Net;
using Sallyport.Cli.Terminal;
using Sallyport.Protocol.Approvals;

namespace Sallyport.Cli.Phone;

/// <summary>sallyport phone: approves logins as a phone does, with a key in a file.</summary>
internal static class PhoneCommand
{
    public static int Run(IReadOnlyList<string> words) =>
        PhoneCommandLine.Parse(words, out int exitCode) is PhoneCommandLine line
            // No other command waits for a network, so none of them pays for an asynchronous Main.
            ? RunAsync(line, TimeProvider.System, CancellationToken.None).GetAwaiter().GetResult()
            : exitCode;

    private static async Task<int> RunAsync(
        PhoneCommandLine line, TimeProvider time, CancellationToken cancellationToken)
    {
        bool isNew = line.Verb == "activate";
        PhoneFile file = line.File is string path ? new PhoneFile(path) : PhoneFile.Usual(toWrite: isNew);
        if (isNew)
        {
            string name = line.Name ?? $"{Environment.UserName} at {Environment.MachineName}";
            return await new ActivatePhone(file, time).RunAsync(
                line.Server!, line.Words[1], name, line.Authorities, cancellationToken);
        }

        using PhoneIdentity phone = file.Read();
        using PhoneApi api = new(phone.Server, phone.Authorities, time);
        switch (line.Verb)
        {
            case "list":
                foreach (PendingRequest request in await AnswerRequest.ListAsync(api, phone, cancellationToken))
                {
                    Screen.Write(RequestText.Line(request, time.GetUtcNow()) + "\n");
                }

                return 0;

            case "watch":
                return await new WatchRequests(api, phone, time).RunAsync(cancellationToken);

            case "approve" or "deny":
                ApprovalDecision decision = line.Verb == "approve" ? ApprovalDecision.Approve
                    : line.NotMe ? ApprovalDecision.Fraud
                    : ApprovalDecision.Deny;
                return await new AnswerRequest(api, phone, time).RunAsync(
                    line.Words.Count > 0 ? line.Words[0] : null, decision, line.Number, cancellationToken);

            case "rename":
                byte[] body = Json.Write(json => json.WriteString("name", line.Words[0]));
                await api.SendAsync(
                    HttpMethod.Patch, "device", body, phone.Key, phone.Device, HttpStatusCode.NoContent,
                    cancellationToken);
                Screen.Write($"This phone is called {line.Words[0]} now.\n");
                return 0;

            default:
                await api.SendAsync(
                    HttpMethod.Delete, "device", null, phone.Key, phone.Device, HttpStatusCode.NoContent,
                    cancellationToken);
                file.Delete();
                Screen.Write($"The server has this phone no more, and {file.Path} is gone.\n");
                return 0;
        }
    }
}
