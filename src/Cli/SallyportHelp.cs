namespace Sallyport.Cli;

/// <summary>What sallyport says of itself.</summary>
internal static class SallyportHelp
{
    /// <summary>sysexits.h, EX_USAGE</summary>
    public const int UsageError = 64;

    public const string Text = """
        usage: sallyport COMMAND [OPTION...]

          enroll                make a secret for an authenticator app, which logins are
                                checked against; --home-file: in a file of your home
          codes                 new recovery codes for the secret that you have
          status                what you have, without the secret
          invite USER           leave for an account to enrol itself (root)
          user add|list|reset|remove
                                accounts of people, with key and invitation (root)
          import-ga USER...     take over ~/.google_authenticator (root); --all: of all
          export-ga USER        the way back (root)
          import-duo FILE       take over login_duo.conf or pam_duo.conf (root)
          doctor                looks for ways around the second factor, and for what keeps
                                everybody out (root)
          setup                 make ssh ask for key and passcode, try it, and take it
                                back by itself unless you confirm it (root)
          phone                 approve logins from this terminal, as a phone does

        sallyport COMMAND --help tells the options of a command.

        """;

    public static string For(string command) => command switch
    {
        "codes" => """
            usage: sallyport codes [-n COUNT] [USER]
            New recovery codes; the old ones are void. You prove your factor first; root
            does not.
              -n, --count=COUNT     how many (0..10; root only)

            """ + Call,
        "status" => """
            usage: sallyport status [USER] | --all
            What an account has, without the secret. USER is for root.
                  --all             who is enrolled or invited here, and who is not asked,
                                    why and until when (root)

            """ + Call,
        "invite" => """
            usage: sallyport invite [--replace] [--expires=TIME] USER
            A code with which an account enrols itself, once.
                  --replace         also if it has a factor, which is then replaced
                  --expires=TIME    60s to 90d, such as 48h (7d)

            """ + Call,
        "user" => """
            usage: sallyport user add NAME --key=KEY | --key-file=FILE
                   sallyport user add --from=FILE
                   sallyport user list [--json]
                   sallyport user reset NAME
                   sallyport user remove NAME
            add: makes an account with a key and an invitation, and prints what to send.
                  --key=KEY         a line of authorized_keys, without options
                  --key-file=FILE   the keys in it, one a line
                  --from=FILE       people, one a line, under name,key[,groups][,expires].
                                    Run again, it goes on
                  --groups=GROUPS   with commas between
                  --shell=SHELL     one of /etc/shells
                  --root-owned-key  the key to /etc/ssh/authorized_keys.d, not to the home
                  --existing        also if the account is there: key and invitation
            reset: a lost phone. His second factor is void, an invitation is open.
            add and reset:
                  --expires=TIME    of the invitation, 60s to 90d, such as 48h (7d)
                  --host=NAME       what people type to reach this host
                  --letters=FILE    what to send is added to it (0600)
            remove: account, factor and invitation go.
                  --keep-home       the home stays, without his secret
                  --kill            ends his processes
            list: who can log in, and with what.
                  --json            for programs
            reset and remove:
                  --yes             asks nobody
                  --config=FILE     the agent's configuration

            """,
        "import-ga" => """
            usage: sallyport import-ga USER... | --all
            Takes ~/.google_authenticator over into the root-only store. The file goes, as
            a backup, to retired/ in the state directory. Run again, it goes on.
                  --all             of every account that has such a file
                  --recovery-codes=FILE
                                    writes the new codes there (0600) and not here
              -e, --emergency-codes=N
                                    how many new recovery codes each (0..10; 5)
                  --config=FILE     the agent's configuration

            """,
        "export-ga" => """
            usage: sallyport export-ga [--force] USER
            Writes ~/.google_authenticator from the entry in the root-only store, with new
            recovery codes, and takes the entry away.
              -f, --force           replaces a file that is there
                  --config=FILE     the agent's configuration

            """,
        "import-duo" => """
            usage: sallyport import-duo [OPTION...] FILE
            Makes [duo] of sallyport.conf from login_duo.conf or pam_duo.conf, and says what
            the file means here. The rest of sallyport.conf stays.
                  --dry-run         only says it
                  --cafile=FILE     authorities (PEM) that count for the server; 'system'
                                    for those of this system. Needed where the file says
                                    noverify or has an empty cafile
              -f, --force           replaces [duo] that is there
                  --config=FILE     the agent's configuration

            """,
        "doctor" => """
            usage: sallyport doctor [--json] [--user=NAME]... [--time-server=NAME]...
            Asks sshd, PAM and the agent what they would do, and says what is wrong, why it
            matters, and what mends it. Changes nothing. Exit status: 0 nothing, 1 errors,
            2 only warnings.
                  --json            for scripts
                  --user=NAME       of this account only; more than once for more
                  --time-server=NAME  ask it whether the clock is right, instead of those
                                    that the host asks
                  --config=FILE     the agent's configuration

            """,
        "setup" => """
            usage: sallyport setup [OPTION...]
                   sallyport setup confirm | undo | status [--json] | plan [--json] [OPTION...]
            Makes sshd ask for key and passcode. Shows every change first, tries real
            logins, and takes all back unless 'setup confirm' follows within ten minutes
            from a new connection. plan only shows; what no option says, setup asks.
                  --ask=WHO         all, or names of groups with commas between (all)
                  --exempt=NAME:UNTIL:REASON
                                    an account that needs its key alone; again for more
                  --enrolment=VALUE
                                    who has no factor: invited, required, deny, or
                                    'allow until YYYY-MM-DD' (invited)
                  --after-enrolment=VALUE
                                    again, or allow: who has just enrolled (again)
                  --break-glass=NAME:UNTIL:REASON
                                    the account for when nothing else works
                  --root-owned-keys
                                    keys only from /etc/ssh/authorized_keys.d
                  --bastion         a host to pass through: no agent, no X11 forwarding
                  --hop-from=ADDRESSES
                                    the bastion in front, with commas between
                  --hop=VALUE       who comes from there: always, never, within:N (always)
                  --force-command   sallyport-login asks, as sshd's ForceCommand, and not PAM
                  --yes             ask nothing; the first login with both steps confirms
                  --from-this-host  with confirm or --yes: a connection that comes from
                                    this host itself counts too
                  --json            for status and plan
                  --unconfirmed     for undo: only what is not confirmed in time; what
                                    the units run

            """,
        "phone" => """
            usage: sallyport phone activate HOST[:PORT] CODE [--name=NAME] [--ca=FILE]
                   sallyport phone list | watch
                   sallyport phone approve [--number=NUMBER] [ID]
                   sallyport phone deny [--not-me] [ID]
                   sallyport phone rename NAME
                   sallyport phone remove
            A phone in this terminal: its key is in a file, and logins are approved with it
            where the server's policy allows such devices.
            activate: makes the key; CODE is from 'sallyport-server device add-phone'.
                  --name=NAME       what the phone is called (USER at HOST)
                  --ca=FILE         trusts these certificates (PEM), and no others
            list: what waits. watch: tells what begins to wait, and what is over.
            approve, deny: the login ID, or the only one that waits. What is signed is shown.
                  --number=NUMBER   the number on the login's screen, if one is asked for
                  --not-me          it was not you who began this login: reports it
            Exit status: 0 taken, 1 not.
                  --file=FILE       the phone's file (~/.config/sallyport/phone.json)

            """,
        _ => Text,
    };

    private const string Call = """
              --socket=PATH     the agent, if not /run/sallyport/agent.sock
              --config=FILE     where no agent runs: its configuration

        """;
}
