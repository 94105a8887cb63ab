using System.Globalization;
using System.Net;
using System.Text.Json;
using Sallyport.Cli.Terminal;
using Sallyport.Protocol.Approvals;

namespace Sallyport.Cli.Phone;

/// <summary>sallyport phone approve and deny: shows what waits, signs that very thing, and sends it.</summary>
internal sealed class AnswerRequest(PhoneApi api, PhoneIdentity phone, TimeProvider time)
{
    /// <param name="transaction">Null: the only one that waits.</param>
    /// <param name="number">As given; null: asked for, where one is wanted.</param>
    /// <exception cref="PhoneException">Nothing was signed, or the server has not answered.</exception>
    public async Task<int> RunAsync(
        string? transaction, ApprovalDecision decision, string? number, CancellationToken cancellationToken)
    {
        PendingRequest request = Choose(await ListAsync(api, phone, cancellationToken), transaction);
        Screen.Write(RequestText.Full(request, time.GetUtcNow()));
        if (request.Record.Server != phone.Server || request.Record.Device != phone.Device)
        {
            throw new PhoneException("that login is not of this phone and its server: nothing was signed");
        }

        if (decision is ApprovalDecision.Approve)
        {
            number = NumberFor(request, number);
            if (request.Digits is null && transaction is null && Screen.HasPerson && !Wanted())
            {
                Screen.WriteError("Nothing was signed. It waits on; 'sallyport phone deny' ends it.");
                return 1;
            }
        }

        string approval = ApprovalJws.Sign(request.Record, new ApprovalAnswer(decision, number), phone.Key);
        byte[] body = Json.Write(json =>
        {
            json.WriteString("transaction", request.Transaction);
            json.WriteString("approval", approval);
        });
        byte[] answer = await api.SendAsync(
            HttpMethod.Post, "answer", body, phone.Key, phone.Device, HttpStatusCode.OK, cancellationToken);
        return Tell(Result(answer), decision);
    }

    public static async Task<IReadOnlyList<PendingRequest>> ListAsync(
        PhoneApi api, PhoneIdentity phone, CancellationToken cancellationToken) =>
        PendingRequest.ParseAll(await api.SendAsync(
            HttpMethod.Get, "pending", null, phone.Key, phone.Device, HttpStatusCode.OK, cancellationToken));

    private static PendingRequest Choose(IReadOnlyList<PendingRequest> waiting, string? transaction) =>
        transaction is not null
            ? waiting.FirstOrDefault(request => request.Transaction == transaction)
                ?? throw new PhoneException(
                    "no such login waits for this phone, or not any more. 'sallyport phone list' shows what does")
        : waiting.Count == 1 ? waiting[0]
        : throw new PhoneException(waiting.Count == 0
            ? "nothing waits for this phone"
            : $"{waiting.Count} logins wait: say which one. 'sallyport phone list' shows them");

    private static string? NumberFor(PendingRequest request, string? number)
    {
        if (request.Digits is not int digits)
        {
            return number is null ? null : throw new PhoneException("no number is asked for: nothing was signed");
        }

        if (number is null && !Screen.HasPerson)
        {
            throw new PhoneException($"the login's screen shows a number of {digits} digits: --number=NUMBER says it");
        }

        if (number is null)
        {
            Screen.Write("The login's screen shows a number. If you see none, it is not your login.\nNumber: ");
            number = Screen.ReadLine()?.Trim() ?? throw new EndOfStreamException();
        }

        return number.Length == digits && number.All(char.IsAsciiDigit) ? number
            : throw new PhoneException(string.Create(CultureInfo.InvariantCulture,
                $"the number has {digits} digits: nothing was signed"));
    }

    // Who did not name the login has not seen it before.
    private static bool Wanted()
    {
        Screen.Write("Is this your login? (y/n) ");
        return Screen.ReadLine() is ['y' or 'Y', ..];
    }

    private static string Result(byte[] answer)
    {
        try
        {
            using JsonDocument json = Json.Parse(answer);
            return Json.Text(Json.Only(json.RootElement, 1), "result");
        }
        catch (Exception garbage) when (Json.IsGarbage(garbage))
        {
            throw new PhoneException(
                "what the server answers cannot be read: nobody knows whether it was taken", garbage);
        }
    }

    private static int Tell(string result, ApprovalDecision decision)
    {
        if (result == "taken")
        {
            Screen.Write(decision switch
            {
                ApprovalDecision.Approve => "Approved.\n",
                ApprovalDecision.Fraud => "Denied, and reported: somebody else began it.\n",
                _ => "Denied.\n",
            });
            return 0;
        }

        Screen.WriteError(result switch
        {
            "wrong_number" =>
                "That is not the number on the login's screen. Look there, and approve again with the right one.",
            "too_many_wrong_numbers" => "Wrong for the third time: the login is denied, and reported.",
            "gone" => "It does not wait any more: it was decided, cancelled, or too late. Log in again.",
            "forbidden" => "The user may not log in any more: the login is denied. Ask your administrator why.",
            "refused" => "The server does not take this phone's signature, and nothing has changed. Try once more; "
                + "if it stays so, activate again.",
            _ => $"The server answers '{RequestText.Shown(result)}', which this program does not know.",
        });
        return 1;
    }
}
