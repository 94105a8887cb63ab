using System.Globalization;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Enrolment;

/// <summary>Who wants something of whose factor.</summary>
/// <param name="Account">Whose.</param>
/// <param name="CallerUid">The kernel's word about who asks.</param>
/// <param name="InLogin">It is the account itself, at the prompt of a program of root's that logs it in.</param>
/// <param name="Uninvited">It may enrol, once, without an invitation.</param>
internal sealed record FactorRequest(Account Account, uint CallerUid, bool InLogin = false, bool Uninvited = false)
{
    /// <summary>Root needs to prove nothing. Nobody else is asked about an account that is not his own.</summary>
    public bool ByRoot => CallerUid == 0 && !InLogin;

    /// <summary>As notices and the log name him.</summary>
    public string Caller => InLogin ? $"{User}, at a login" : Messages.Printable.Of(
        Pwd.ByUid(CallerUid)?.Name ?? string.Create(CultureInfo.InvariantCulture, $"uid {CallerUid}"));

    public string User => Messages.Printable.Of(Account.Name);

    /// <summary>A line for the log and for the owner's next login.</summary>
    public string Told(string what, DateTimeOffset now)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyy-MM-dd HH:mm} UTC: {what} by {Caller}");
        return text.Length <= 150 ? text : text[..150].TrimEnd();
    }
}
