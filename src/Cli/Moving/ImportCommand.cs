using System.Globalization;
using System.Text;
using Sallyport.Cli.Factors;
using Sallyport.Cli.HomeFile;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;
using Sallyport.Protocol;

namespace Sallyport.Cli.Moving;

/// <summary>sallyport import-ga: state files of google-authenticator into the root-only store.</summary>
internal static class ImportCommand
{
    private static readonly Option[] _options =
    [
        new('h', "help", false), new('\0', "all", false), new('\0', "recovery-codes", true),
        new('e', "emergency-codes", true), new('\0', "config", true),
    ];

    public static int Run(IReadOnlyList<string> words)
    {
        GetOpt options = new("sallyport import-ga", words, _options, anywhere: true);
        bool all = false;
        string configuration = FactorCommand.DefaultConfiguration;
        string? codesFile = null;
        int count = FreshFactor.UsualRecoveryCodes;
        while (options.TryNext(out Option? option, out string value))
        {
            switch (option.Name)
            {
                case "help":
                    Screen.Write(SallyportHelp.For("import-ga"));
                    return 0;
                case "all":
                    all = true;
                    break;
                case "recovery-codes":
                    codesFile = value;
                    break;
                case "config":
                    configuration = value;
                    break;
                case "emergency-codes" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out count)
                    && count <= RecoveryCodeHashes.MaxCodes:
                    break;
                default:
                    return Wrong($"-e requires an argument in the range 0..{RecoveryCodeHashes.MaxCodes}");
            }
        }

        string[] users = [.. options.Rest];
        if (options.Error is not null || all == users.Length > 0)
        {
            return Wrong(options.Error ?? "sallyport import-ga: either --all or the names of accounts");
        }

        if (Unistd.geteuid() != 0)
        {
            Screen.WriteError("sallyport import-ga: only root can do that");
            return 1;
        }

        using HostStores stores = HostStores.Open(configuration);
        using var retired = new Retired(stores.StateDirectory);
        retired.RemoveLeftovers();
        using TextWriter? codes = codesFile is null ? null : NewFile(codesFile);
        return Import(new ImportOne(stores, retired, TimeProvider.System, count), all ? null : users, codes);
    }

    private static int Import(ImportOne one, string[]? users, TextWriter? codesFile)
    {
        string[] names = users ?? [.. Pwd.All().Select(a => a.Name).Distinct()];
        int imported = 0;
        int failed = 0;
        for (int i = 0; i < names.Length; i++)
        {
            string shown = Printable.Of(names[i]);
            if (Pwd.ByName(users is null ? names[i] : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(names[i])))
                is not Account account || !Host.Files.TotpStore.IsName(account.Name))
            {
                Screen.WriteError($"{shown}: there is no such account");
                failed++;
                continue;
            }

            switch (one.Run(account, codes => Show(shown, codes, codesFile), out string? problem))
            {
                case ImportOutcome.Imported:
                    imported++;
                    Syslog.Notice($"{shown}: second factor moved to the root-only store by root");
                    break;
                case ImportOutcome.Failed:
                    failed++;
                    Screen.WriteError($"{shown}: {problem}");
                    break;
                default:
                    if (users is not null)
                    {
                        Screen.WriteError($"{shown}: there is no {account.Home}/.google_authenticator");
                        failed++;
                    }

                    break;
            }

            if (users is null && (i + 1) % 100 == 0)
            {
                Screen.WriteError(Invariant($"{i + 1} of {names.Length} accounts looked at, {imported} imported, {failed} not"));
            }
        }

        Screen.Write(Invariant($"{imported} imported, {failed} not.\n"));
        return failed > 0 ? 1 : 0;
    }

    private static void Show(string user, uint[] codes, TextWriter? file)
    {
        string line = $"{user}: recovery codes {string.Join(' ', codes)}\n";
        if (file is null)
        {
            Screen.WriteOnce(codes.Length > 0 ? line : $"{user}\n");
            return;
        }

        file.Write(line);
        file.Flush();
    }

    /// <exception cref="IOException">It is there already, or cannot be made.</exception>
    private static StreamWriter NewFile(string path)
    {
        try
        {
            return new StreamWriter(new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            })) { BaseStream = { Position = new FileInfo(path).Length } };
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException($"{path}: {denied.Message}", denied);
        }
    }

    private static int Wrong(string message)
    {
        Screen.WriteError($"{message}\n{SallyportHelp.For("import-ga").TrimEnd()}");
        return SallyportHelp.UsageError;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
