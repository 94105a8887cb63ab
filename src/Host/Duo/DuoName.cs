using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Host.Duo;

/// <summary>Under which name the server knows an account. Texts are Latin-1, one char a byte.</summary>
internal static class DuoName
{
    /// <summary>ispunct(3) in the C locale.</summary>
    public static bool IsPunctuation(char c) => c is > ' ' and <= '~' && !char.IsAsciiLetterOrDigit(c);

    /// <param name="note">What there is to log about it; null: nothing.</param>
    public static string For(Account account, DuoSettings settings, out DuoNote? note)
    {
        note = null;
        if (!settings.SendGecos && settings.GecosPosition is null)
        {
            return account.Name;
        }

        string user = Printable.Of(account.Name);
        if (account.Comment.Length == 0)
        {
            note = new DuoNote(Priority.Warning, $"Empty GECOS field for '{user}'");
            return account.Name;
        }

        string name = settings.GecosPosition is int position
            ? account.Comment.Split(settings.GecosDelimiter).ElementAtOrDefault(position - 1) ?? ""
            : account.Comment;
        if (name.Length == 0)
        {
            note = new DuoNote(Priority.Debug, $"Could not parse GECOS field for '{user}'");
            return account.Name;
        }

        if (name != account.Name)
        {
            note = new DuoNote(
                Priority.Info, $"Presenting GECOS-derived Duo username for '{user}': {Printable.Of(name)}");
        }

        return name;
    }
}
