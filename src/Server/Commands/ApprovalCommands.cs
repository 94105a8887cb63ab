using System.CommandLine;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Approvals;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Authentications;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Commands;

/// <summary>approval TRANSACTION and verify-approval FILE.</summary>
internal static class ApprovalCommands
{
    public static Command CreateShow(SettingsOptions options)
    {
        var transaction = new Argument<string>("transaction") { Description = "its id: transaction_id in audit list --json" };
        var command = new Command("approval", "Print what a phone signed, for verify-approval.") { transaction };
        options.Set<IDbContextFactory<ServerDbContext>>(command, async (contexts, result, cancellationToken) =>
        {
            string id = result.GetRequiredValue(transaction);
            await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
            Approval kept = await db.Approvals.AsNoTracking()
                .SingleOrDefaultAsync(a => a.TransactionId == id, cancellationToken)
                ?? throw new Refusal("no phone has decided that transaction; 'audit list --json' has their ids");
            await result.Out().WriteLineAsync(new ApprovalEvidence(kept.At, kept.PublicKey, kept.Jws).ToJson());
        });
        return command;
    }

    /// <summary>Needs no server, no database and no settings.</summary>
    public static Command CreateVerify()
    {
        var file = new Argument<string>("file") { Description = "what 'approval' printed; -: standard input" };
        var key = new Option<string?>("--key")
        {
            HelpName = "THUMBPRINT",
            Description = "the key that it must be of, as the audit's device_activate has it",
        };
        var command = new Command("verify-approval", "Say who approved what, if it is signed by his phone.") { file, key };
        command.SetAction(async (result, cancellationToken) =>
        {
            ApprovalEvidence evidence =
                ApprovalEvidence.Parse(await ReadAsync(result.GetRequiredValue(file), cancellationToken))
                ?? throw new Refusal("that is no file that 'approval' printed");
            if (evidence.Verify() is not var (record, answer))
            {
                throw new Refusal("it is not signed with that key, or is no approval");
            }

            if (result.GetValue(key) is string expected && expected != evidence.Thumbprint())
            {
                throw new Refusal($"it is signed with another key: {evidence.Thumbprint()}");
            }

            await result.Out().WriteLineAsync(Tell(evidence, record, answer));
        });
        return command;
    }

    private static string Tell(ApprovalEvidence evidence, ApprovalRecord record, ApprovalAnswer answer)
    {
        string decision = answer.Decision switch
        {
            ApprovalDecision.Approve => "approved",
            ApprovalDecision.Fraud => "denied and reported (not me)",
            _ => "denied",
        };
        return $"""
            Signed:       {decision}
            By device:    {Line(record.Device)}
            With the key: {evidence.Thumbprint()}
            User:         {Line(record.User)}
            Application:  {Line(record.Application)}
            Host:         {Line(record.Host)}
            Address:      {Line(record.Address)}
            Server:       {Line(record.Server)}
            Transaction:  {Line(record.Transaction)}
            Number typed: {Line(answer.Number)}
            Asked until:  {Words.Utc(DateTimeOffset.FromUnixTimeSeconds(record.Expires))}
            Received:     {Words.Utc(evidence.At)} (by the server's word, not signed)
            """;
    }

    private static string Line(string? text) => text is null ? "-" : DuoText.Line(text);

    private static async Task<string> ReadAsync(string file, CancellationToken cancellationToken)
    {
        using TextReader reader = file == "-" ? Console.In : new StreamReader(file);
        char[] text = new char[ApprovalEvidence.MaxLength];
        int read = await reader.ReadBlockAsync(text, cancellationToken);
        return new string(text, 0, read);
    }
}
