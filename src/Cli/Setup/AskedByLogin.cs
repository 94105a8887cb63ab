using Sallyport.Cli.Doctor;
using Sallyport.Cli.Sshd;
using Sallyport.Host.Configuration;

namespace Sallyport.Cli.Setup;

/// <summary>setup --force-command: what of this host does not go with a factor that is asked by sshd's own command.</summary>
internal sealed class AskedByLogin(HostConfiguration configuration, SetupChoices choices)
{
    public const string Program = "/usr/sbin/sallyport-login";

    private const int OthersWrite = 0x12; // 0022

    private static readonly string[] _sftpServers =
        ["/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server"];

    private readonly SshdFile _sshd = SshdFile.Read(SshdFiles.ConfigPath);

    private readonly Person[] _asked =
        [.. People.Find([], configuration, TimeProvider.System.GetUtcNow()).Where(person => person.Asked)];

    public static bool IsCommandOf(EffectiveConfiguration sshd) => sshd["forcecommand"].Split(' ')[0] == Program;

    /// <summary>Whether a shell, or the loader, does nothing by it: a pattern is none of these.</summary>
    public static bool IsHarmless(string name) => name.StartsWith("LC_", StringComparison.Ordinal)
        || name is "LANG" or "LANGUAGE" or "TZ" or "TERM" or "COLORTERM" or "NO_COLOR" or "XMODIFIERS" or "GIT_PROTOCOL"
            or "DUO_PASSCODE";

    /// <summary>What would lock somebody out, or let him past.</summary>
    public IEnumerable<string> Problems()
    {
        if (!FileFacts.TryRead(Program, out FileFacts program, follow: true) || program.Uid != 0 || (program.Mode & OthersWrite) != 0)
        {
            yield return $"--force-command: {Program} is not there, or not root's alone: install sallyport's programs";
        }

        if (choices.Bastion)
        {
            yield return "--bastion of an earlier setup lets connections through, which --force-command shuts: they begin before "
                + "anybody is asked. 'sallyport setup undo' takes it back";
        }

        if (configuration.Policy!.AskGroups.FirstOrDefault(group => !SetupChoices.CanName(group)) is string group)
        {
            yield return $"'{group}' is no name that sshd's Match Group takes for one group: name another with --ask";
        }

        if (_sshd.Of("subsystem").FirstOrDefault(line => line.Value.Split(' ').Contains("internal-sftp")) is SshdLine sftp)
        {
            string server = _sftpServers.FirstOrDefault(File.Exists) ?? "sftp-server, of the package openssh-sftp-server";
            yield return $"{sftp.Where}: Subsystem {sftp.Value}: {Program} runs a program, and internal-sftp is none, so nobody "
                + $"who is asked could use sftp or scp. Make the line: Subsystem sftp {server}";
        }

        // sshd has the user's shell run the program, and a shell, or the loader, runs what some variables say first.
        foreach (SshdLine line in _sshd.Of("acceptenv"))
        {
            if (line.Value.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(name => !IsHarmless(name)) is string name)
            {
                yield return $"{line.Where}: AcceptEnv {name}: a client could set what a shell runs before {Program} asks anybody "
                    + "(BASH_ENV, LD_PRELOAD). Name harmless ones only: LANG, LC_*, TZ, COLORTERM and their like";
            }
        }

        // Ours would win, and who is kept to one command would have a shell; or it would not be found in his root.
        foreach (SshdLine line in _sshd.Lines.Where(IsForeign))
        {
            if (_asked.FirstOrDefault(person => line.Under.All(block => MatchTest.HoldsForPerson(block, person))) is Person person)
            {
                yield return $"{line.Where}: {line.Keyword} {line.Value} is for {person.Name} too, who would have a command only. "
                    + $"Take the line out, keep its people out of --ask, or exempt them (--exempt={person.Name}:UNTIL:REASON)";
            }
        }

        if (configuration.Duo is null && !_asked.Any(HasKeyAndFactor))
        {
            yield return "nobody who would be asked has a passcode on this host, and there is no [duo]: within such a login "
                + "nobody can enrol. sallyport enroll --user=NAME, or sallyport import-duo FILE";
        }
    }

    public IEnumerable<string> Notes()
    {
        yield return "forwarding, tunnels and X11 end for who is asked, because they begin before sallyport-login does. What has no "
            + "terminal (scp, sftp, ssh with a command) can be asked by a push, or answers by DUO_PASSCODE (ssh -o SendEnv=DUO_PASSCODE)";
        if (configuration.Hop is not null)
        {
            yield return "[hop] spares nobody here: sallyport-login does not know for sure where somebody comes from";
        }

        Person[] kept = [.. _asked.Where(person => Keys(person).Any(AuthorizedKeys.HasCommand))];
        if (kept.Length > 0)
        {
            yield return $"command= of authorized_keys is no limit any more for {People.List(kept)}: sshd's ForceCommand wins over it, "
                + "and who is asked runs what he likes. Exempt such an account, or take the key out";
        }

        Person[] without = configuration.Duo is not null ? []
            : [.. _asked.Where(person => person.HasShell && HasKey(person) && !FirstLogin.HasFactor(person.Name, configuration))];
        if (without.Length > 0)
        {
            yield return $"{People.List(without)}: no passcode on this host, so kept out. Within such a login nobody can enrol, whatever "
                + "'enrolment' says: sallyport enroll --user=NAME";
        }
    }

    private static bool IsForeign(SshdLine line) => line.File != SshdFiles.DropInPath
        && line.Keyword is "forcecommand" or "chrootdirectory"
        && !line.Value.Equals("none", StringComparison.OrdinalIgnoreCase)
        && line.Value != Program;

    private bool HasKeyAndFactor(Person person) => HasKey(person) && FirstLogin.HasFactor(person.Name, configuration);

    private static bool HasKey(Person person) => Keys(person).Any(AuthorizedKeys.HasFreeKey);

    private static IEnumerable<string> Keys(Person person) => Sshd.Effective("root")["authorizedkeysfile"]
        .SelectMany(files => files.Split(' ')).Append(SshdFiles.RootOwnedKeys).Select(file => SshdFiles.KeyFile(file, person.Account));
}
