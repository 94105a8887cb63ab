using System.Security.Cryptography;
using System.Text;
using Sallyport.Cli.Factors;
using Sallyport.Cli.HomeFile;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Cli.Moving;

/// <summary>sallyport export-ga: the way back to a state file in the home.</summary>
internal static class ExportCommand
{
    private static readonly Option[] _options =
        [new('h', "help", false), new('f', "force", false), new('\0', "config", true)];

    public static int Run(IReadOnlyList<string> words)
    {
        GetOpt options = new("sallyport export-ga", words, _options, anywhere: true);
        bool force = false;
        string configuration = FactorCommand.DefaultConfiguration;
        while (options.TryNext(out Option? option, out string value))
        {
            switch (option.Name)
            {
                case "help":
                    Screen.Write(SallyportHelp.For("export-ga"));
                    return 0;
                case "force":
                    force = true;
                    break;
                default:
                    configuration = value;
                    break;
            }
        }

        string[] users = [.. options.Rest];
        if (options.Error is not null || users.Length != 1)
        {
            Screen.WriteError(
                $"{options.Error ?? "sallyport export-ga: the name of one account"}\n{SallyportHelp.For("export-ga").TrimEnd()}");
            return SallyportHelp.UsageError;
        }

        string? problem = Unistd.geteuid() != 0 ? "only root can do that" : Export(users[0], force, configuration);
        if (problem is not null)
        {
            Screen.WriteError($"sallyport export-ga: {problem}");
        }

        return problem is null ? 0 : 1;
    }

    /// <summary>Null: done. The entry is held until it is gone, so nobody logs in by both.</summary>
    private static string? Export(string user, bool force, string configuration)
    {
        if (Pwd.ByName(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(user))) is not Account account)
        {
            return $"there is no account {Printable.Of(user)}";
        }

        using HostStores stores = HostStores.Open(configuration);
        using TotpReading held = stores.Store.Open(account.Name);
        if (held.Entry is null)
        {
            return held.Message;
        }

        uint[] codes = FreshFactor.RecoveryCodes(held.Entry.Enrolment.RecoveryCodes.Count);
        byte[]? content = ExportedAccount.From(held.Entry, codes, out string? problem);
        Array.Clear(codes);
        if (content is null)
        {
            return problem;
        }

        var home = new HomePlace(account);
        int error = home.Write(content, force);
        CryptographicOperations.ZeroMemory(content);
        if (error != 0)
        {
            return error == Errno.EEXIST
                ? $"{home.Path} is there already; --force replaces a file"
                : $"{home.Path} cannot be written: {Unistd.StrError(error)}";
        }

        error = stores.Store.Retire(held);
        if (error != 0)
        {
            return $"{home.Path} is written, but the entry cannot be taken away, so it is the one that counts: "
                + $"{Unistd.StrError(error)}. Mend that and run it again with --force";
        }

        Syslog.Notice($"{Printable.Of(account.Name)}: second factor moved to {home.Path} by root");
        Screen.Write($"{home.Path} is written, with new recovery codes in it; the entry is gone.\n");
        return null;
    }
}
