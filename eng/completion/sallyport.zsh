#compdef sallyport
# zsh completion for sallyport(1)

local -a commands common call enroll
local modes='NONE ANSI ANSI_INVERSE ANSI_GREY UTF8 UTF8_INVERSE UTF8_GREY'
commands=(
    'enroll:make a secret for an app'
    'codes:new recovery codes'
    'status:what there is, without the secret'
    'invite:leave for an account to enrol itself'
    'user:accounts of people'
    'import-ga:take over ~/.google_authenticator'
    'export-ga:the way back'
    'import-duo:take over a configuration of Duo'
    'doctor:ways around the second factor'
    'setup:make ssh ask for key and passcode'
    'phone:approve logins from this terminal'
    'help:list the commands'
)
common=('(-h --help)'{-h,--help}'[the options]' '--config=[the configuration of the agent]:file:_files')
call=($common '--socket=[the agent]:socket:_files')
enroll=(
    $call
    '--user=[whom (root only)]:account:_users'
    '--digits=[digits of a passcode]:digits:(6 7 8)'
    '--algorithm=[many apps know sha1 only]:algorithm:(sha1 sha256 sha512)'
    '--home-file[enrol into a file in the home]'
    '--version[the version of google-authenticator]'
    '(-c --counter-based -t --time-based)'{-c,--counter-based}'[passcodes by a counter]'
    '(-c --counter-based -t --time-based)'{-t,--time-based}'[passcodes by the clock]'
    '(-C --no-confirm)'{-C,--no-confirm}'[ask for no passcode from the app]'
    '(-d --disallow-reuse -D --allow-reuse)'{-d,--disallow-reuse}'[each passcode logs in once]'
    '(-d --disallow-reuse -D --allow-reuse)'{-D,--allow-reuse}'[a passcode logs in again]'
    '(-f --force)'{-f,--force}'[replace without asking]'
    '(-l --label)'{-l+,--label=}'[the account that the app shows]:label:'
    '(-i --issuer)'{-i+,--issuer=}'[the host that the app shows]:issuer:'
    '(-q --quiet)'{-q,--quiet}'[show no secret and no code]'
    '(-Q --qr-mode)'{-Q+,--qr-mode=}"[how the QR code is drawn]:mode:($modes)"
    '(-u --no-rate-limit -r --rate-limit)'{-r+,--rate-limit=}'[attempts, 1 to 10]:attempts:'
    '(-u --no-rate-limit -R --rate-time)'{-R+,--rate-time=}'[in seconds, 15 to 600]:seconds:'
    '(-u --no-rate-limit -r --rate-limit -R --rate-time)'{-u,--no-rate-limit}'[no limit of attempts]'
    '(-s --secret)'{-s+,--secret=}'[the file]:file:_files'
    '(-S --step-size)'{-S+,--step-size=}'[seconds of a passcode, 1 to 60]:seconds:'
    '(-w --window-size -W --minimal-window)'{-w+,--window-size=}'[passcodes accepted, 1 to 21]:passcodes:'
    '(-w --window-size -W --minimal-window)'{-W,--minimal-window}'[the smallest window]'
    '(-e --emergency-codes)'{-e+,--emergency-codes=}'[recovery codes, 0 to 10]:codes:'
)

if (( CURRENT == 2 )); then
    _describe -t commands command commands
    return
fi

local command=$words[2]
shift words
(( CURRENT-- ))
case $command in
    enroll) _arguments -s -S $enroll ;;
    codes) _arguments -s -S $call '(-n --count)'{-n+,--count=}'[recovery codes, 0 to 10]:codes:' '1:account:_users' ;;
    status) _arguments -s -S $call '--all[of everybody here]' '1:account:_users' ;;
    invite)
        _arguments -s -S $call '--replace[also replace a factor]' '--expires=[60s to 90d]:time:(1h 48h 7d)' \
            '1:account:_users'
        ;;
    user)
        _arguments -s -S $common '--key=[a public key]:key:' '--key-file=[a file of public keys]:file:_files' \
            '--from=[a file of people]:file:_files' '--letters=[where what is to be sent goes]:file:_files' \
            '--host=[what people type to reach this host]:host:_hosts' '--groups=[further groups]:groups:_groups' \
            '--expires=[60s to 90d]:time:(1h 48h 7d)' '--shell=[one of /etc/shells]:shell:_files' \
            '--root-owned-key[the key to /etc/ssh/authorized_keys.d]' '--existing[also if the account is there]' \
            '--json[for programs]' '--keep-home[the home stays]' '--kill[ends its processes]' '--yes[asks nobody]' \
            '1:what:(add list reset remove)' '2:account:_users'
        ;;
    import-ga)
        _arguments -s -S $common '--all[every account that has such a file]' \
            '--recovery-codes=[where the new codes go]:file:_files' \
            '(-e --emergency-codes)'{-e+,--emergency-codes=}'[recovery codes, 0 to 10]:codes:' '*:account:_users'
        ;;
    export-ga) _arguments -s -S $common '(-f --force)'{-f,--force}'[replace a file that is there]' '1:account:_users' ;;
    import-duo)
        _arguments -s -S $common '--dry-run[only say what it means]' '--cafile=[authorities of the server, or system]:file:_files' \
            '(-f --force)'{-f,--force}'[replace the section that is there]' '1:file:_files'
        ;;
    doctor) _arguments -s -S $common '--json[for scripts]' '--user=[of this account only]:account:_users' \
        '--time-server=[ask it whether the clock is right]:host:_hosts' ;;
    setup)
        _arguments -s -S '(-h --help)'{-h,--help}'[the options]' '--ask=[who is asked]:group:(all)' \
            '--exempt=[needs its key alone]:NAME\:UNTIL\:REASON:' \
            '--enrolment=[who has no factor]:value:(invited required deny)' \
            '--after-enrolment=[who has just enrolled]:value:(again allow)' \
            '--break-glass=[when nothing else works]:NAME\:UNTIL\:REASON:' \
            '--root-owned-keys[keys from /etc/ssh/authorized_keys.d only]' '--bastion[a host to pass through]' \
            '--hop-from=[the addresses of the bastion in front]:addresses:' \
            '--hop=[who comes from there]:value:(always never within\:)' '--force-command[by sshd and sallyport-login, not by PAM]' \
            '--yes[ask nothing]' '--from-this-host[a connection from this host itself counts too]' \
            '--json[for plan and status]' '--unconfirmed[for undo\: what the units run]' \
            '1:what:(confirm undo status plan)'
        ;;
    phone)
        _arguments -s -S '(-h --help)'{-h,--help}'[the options]' '--name=[what the phone is called]:name:' \
            '--ca=[trust these certificates only]:file:_files' \
            '--number=[the number that the screen of the login shows]:number:' '--not-me[somebody else began it]' \
            '--file=[the file with the key]:file:_files' '1:what:(activate list watch approve deny rename remove)'
        ;;
esac
