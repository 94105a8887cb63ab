using System.Text;
using Sallyport.Cli.Factors;
using Sallyport.Cli.HomeFile;
using Sallyport.Cli.Setup;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Moving;

/// <summary>sallyport import-duo: login_duo.conf or pam_duo.conf into [duo] of sallyport.conf.</summary>
internal static class ImportDuoCommand
{
    private const string SystemAuthorities = "system";
    private const uint RootOnly = 0x180; // 0600

    private static readonly Option[] _options =
    [
        new('h', "help", false), new('\0', "dry-run", false), new('\0', "cafile", true), new('f', "force", false),
        new('\0', "config", true),
    ];

    public static int Run(IReadOnlyList<string> words)
    {
        GetOpt options = new("sallyport import-duo", words, _options, anywhere: true);
        HashSet<string> flags = [];
        string? caFile = null;
        string configuration = FactorCommand.DefaultConfiguration;
        while (options.TryNext(out Option? option, out string value))
        {
            flags.Add(option.Name);
            caFile = option.Name == "cafile" ? value : caFile;
            configuration = option.Name == "config" ? value : configuration;
            if (option.Name == "help")
            {
                Screen.Write(SallyportHelp.For("import-duo"));
                return 0;
            }
        }

        string[] files = [.. options.Rest];
        string? wrong = options.Error ?? (files.Length != 1 ? "sallyport import-duo: one file, such as /etc/duo/login_duo.conf" : null);
        if (wrong is not null)
        {
            Screen.WriteError($"{wrong}\n{SallyportHelp.For("import-duo").TrimEnd()}");
            return SallyportHelp.UsageError;
        }

        bool dryRun = flags.Contains("dry-run");
        string? problem = Unistd.geteuid() != 0 && !dryRun ? "only root can do that; --dry-run shows what it would do"
            : Import(files[0], caFile, configuration, dryRun, flags.Contains("force"));
        if (problem is not null)
        {
            Screen.WriteError($"sallyport import-duo: {problem}");
        }

        return problem is null ? 0 : 1;
    }

    /// <summary>Null: done.</summary>
    private static string? Import(string file, string? caFile, string configuration, bool dryRun, bool replaces)
    {
        List<DuoNote> notes = [];
        try
        {
            DuoSettings settings = DuoFile.Open(file, notes, Encoding.UTF8);
            string? problem = WhyNot(settings, caFile);
            Say(notes);
            if (problem is not null)
            {
                return problem;
            }

            settings = settings with
            {
                CaFile = caFile is null ? settings.CaFile : caFile == SystemAuthorities ? null : caFile,
                NoVerify = false,
            };
            bool hasFailMode = !notes.Any(note => note.Text.StartsWith("failmode is not set", StringComparison.Ordinal));
            Screen.Write(string.Concat(DuoMeaning.Of(settings, hasFailMode).Select(line => line + "\n")));
            if (!dryRun)
            {
                Write(configuration, settings, replaces);
            }

            return null;
        }
        catch (ConfigurationException refused)
        {
            Say(notes);
            return refused.Message;
        }
    }

    private static string? WhyNot(DuoSettings settings, string? caFile) =>
        settings.NoVerify && caFile is null
            ? "by this file the server's certificate is not verified at all, and here it always is. "
                + "--cafile=FILE names the authorities that count, --cafile=system those of this system"
        : caFile is null && settings.CaFile is not (null or ['/', ..])
            ? "cafile is not an absolute path in this file: --cafile=FILE says which one it is"
        : DuoGroups.MatchNobody(settings.Groups)
            ? "by this file nobody is asked at all, because its groups are all negated. Everybody but a group is *,!group: "
                + "write there what is meant, and run it again"
        : null;

    private static void Write(string path, DuoSettings settings, bool replaces)
    {
        using SetupLock held = SetupLock.Take();
        if (Journal.Read() is { State: not SetupState.Confirmed })
        {
            throw new IOException("a setup waits to be confirmed: sallyport setup confirm, or sallyport setup undo");
        }

        HostFile file = HostFile.Read(Path.GetFullPath(path));
        if (!replaces && DuoSection.IsIn(file.Text))
        {
            throw new IOException($"{path} has [duo] already; --force replaces it");
        }

        // It holds the secret key now, whatever mode it had.
        (file.With(DuoSection.Put(path, file.Text, settings)) with { Mode = RootOnly, Uid = 0, Gid = 0 }).Put();
        Syslog.Notice($"[duo] of {path} was written from a file of Duo's by root");
        Screen.Write($"{path} is written (0600). The next login goes by it.\n");
    }

    private static void Say(List<DuoNote> notes)
    {
        foreach (DuoNote note in notes.Where(note => note.Priority is not Host.Messages.Priority.Debug))
        {
            Screen.WriteError(note.Text);
        }
    }
}
