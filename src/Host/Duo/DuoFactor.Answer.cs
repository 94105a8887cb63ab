using System.Text;
using Sallyport.Host.Messages;
using Sallyport.Protocol.Duo;

namespace Sallyport.Host.Duo;

/// <content>One answer of his: typed, sent along, or given on his phone.</content>
internal sealed partial class DuoFactor
{
    /// <summary>Null: not let in, and he may try again.</summary>
    private DuoOutcome? Answer(DuoPreauth preauth, bool isFirst)
    {
        bool isSent = isFirst && settings.AcceptEnvFactor && login.Passcode is { Length: > 0 };
        bool isAutomatic = !isSent
            && (login.IsHeadless || (isFirst && settings.AutoPush && login.MayPush && !HasPushed));

        // Behind sshd one push a connection; whoever has not even a key must not make his phone ring.
        bool mayPush = login.MayPush && (login.ShowsTexts || !HasPushed);
        string? factor;
        if (isSent)
        {
            Inform("Reading $DUO_PASSCODE...");
            factor = Text(Encoding.Latin1.GetString(login.Passcode!));
        }
        else if (isAutomatic)
        {
            factor = preauth.Factors.GetValueOrDefault("default");
            if (factor is null)
            {
                Log(Priority.Error, "Error in Duo login", "JSON missing valid 'default'");
                return DuoOutcome.Refused;
            }

            Inform(factor.Contains("push", StringComparison.Ordinal) ? "Autopushing login request to phone..."
                : factor.Contains("phone", StringComparison.Ordinal) ? "Calling your phone..."
                : "Using default second-factor authentication.");
        }
        else
        {
            byte[]? typed = conversation.Ask(OneByte(Prompt(preauth, mayPush)), echo: true);
            if (typed is null || Passcodes.Answer.IsDummy(typed))
            {
                Log(Priority.Warning, "Aborted Duo login", "Error gathering user response");
                return DuoOutcome.Refused;
            }

            if (IsHostPasscode(typed, preauth))
            {
                return Accept("", isServers: false);
            }

            factor = FactorOf(typed, preauth);
        }

        factor = factor.Trim(' ', '\t', '\r', '\n'); // as a server reads it
        if (Encoding.UTF8.GetByteCount(factor) > DuoPrompt.MaxBytes)
        {
            Log(Priority.Error, "Error in Duo login", "");
            return DuoOutcome.Refused;
        }

        if (!mayPush && !IsPasscode(factor))
        {
            Log(Priority.Error, "Failed Duo login", login.MayPush
                ? "a phone was asked in this connection already, so only passcodes are taken"
                : "no first factor was proven here, so only passcodes are taken; behind a requisite line, give the PAM "
                    + "line after_first_factor");
            Say("Only a passcode is taken here.");
            return login.IsHeadless ? DuoOutcome.Refused : null;
        }

        DuoStatus status = Send(factor, preauth, out byte[]? instead);
        if (instead is not null)
        {
            // A passcode was typed while the phone was asked.
            if (IsHostPasscode(instead, preauth))
            {
                return Accept("", isServers: false);
            }

            string typed = FactorOf(instead, preauth);
            status = IsPasscode(typed)
                ? Send(typed, preauth, out _)
                : new(DuoResult.Deny, "Only a passcode is taken here.");
        }

        if (status.Result is DuoResult.Allow)
        {
            return Accept(status.StatusMessage, isServers: true);
        }

        // All that is typed and no passcode asks a phone, "auto" too; only new codes by SMS are no question.
        bool isForPhone = !IsPasscode(factor) && !factor.StartsWith("sms", StringComparison.Ordinal);
        if (instead is null && isForPhone)
        {
            Forget(); // whoever has his phone has not said yes
        }

        Say(status.StatusMessage);
        Log(Priority.Warning, "Failed Duo login", "");
        return null;
    }

    /// <param name="isServers">The server let him in, and not a passcode of this host.</param>
    private DuoOutcome Accept(string message, bool isServers)
    {
        Proved = true;
        if (isServers)
        {
            Remember();
        }

        Inform(message);
        Log(Priority.Info, "Successful Duo login", "");
        return DuoOutcome.Allowed;
    }

    private string Prompt(DuoPreauth preauth, bool mayPush)
    {
        string menu = mayPush && preauth.Prompt is { Length: > 0 } text ? text : "Passcode: ";
        int last = menu.LastIndexOf('\n') + 1;
        return last > 0 && passcode?.Exists(conversation) is true
            ? $"{menu[..last]}Passcodes of this host are taken, too.\n{menu[last..]}"
            : menu;
    }

    /// <summary>Tried first, because trying it costs nobody a try at the server.</summary>
    private bool IsHostPasscode(byte[] typed, DuoPreauth preauth) =>
        typed.Length is >= 6 and <= 8 && typed.All(b => b is >= (byte)'0' and <= (byte)'9')
        && !preauth.Factors.ContainsKey(Encoding.Latin1.GetString(typed))
        && passcode?.Exists(conversation) is true && passcode.Accepts(typed, conversation);

    private static string FactorOf(byte[] typed, DuoPreauth preauth)
    {
        string text = Encoding.UTF8.GetString(typed);
        return text != "default" && preauth.Factors.TryGetValue(text.Trim(), out string? factor) ? factor : text.Trim();
    }

    /// <summary>Digits, or what a hardware token types (modified hexadecimal): no phone is asked for it.</summary>
    private static bool IsPasscode(string factor) => factor.Length switch
    {
        < 6 or > 64 => false,
        < 32 => factor.All(char.IsAsciiDigit),
        _ => factor.All(c => "cbdefghijklnrtuv".Contains(c, StringComparison.Ordinal)),
    };

    private void Inform(string text)
    {
        if (text.Length > 0 && !login.IsHeadless)
        {
            conversation.Inform(OneByte(text));
            conversation.Deliver();
        }
    }
}
