#!/usr/bin/env bash
# Real ssh logins with key + passcode, in front of the reader: a private sshd, agent and users in a throw-away copy of
# this machine (eng/sandbox.sh). What it makes lies in out/demo and vanishes with it.
#
#   demo.sh           shows the logins and the refusals, and cleans up
#   demo.sh --keep    leaves it running for you and your phone, until Ctrl-C
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
OUT=$PWD/out/demo
SECRET=$(head -c 20 /dev/urandom | base32)
PORT=2222

die() {
    echo "demo: $*" >&2
    exit 1
}

keep=false
case ${1:-} in
    "") ;;
    --keep) keep=true ;;
    *) die "unknown argument '$1'; there is --keep" ;;
esac

[[ $EUID -eq 0 ]] || die "needs root, for its namespaces and users: sudo ./dev demo"
for program in ip unshare nsenter sshd ssh ssh-keygen oathtool qrencode socat login_duo; do
    PATH=$PATH:/usr/sbin command -v "$program" > /dev/null || die "$program is missing: ./dev demo installs it"
done
for file in out/host/sallyport-agent out/host/sallyport-login out/host/pam_sallyport.so out/server/sallyport-server; do
    [[ -e $file ]] || die "$file is missing: run ./dev build"
done

if [[ -t 1 ]]; then BOLD=$'\e[1m' GREEN=$'\e[32m' RED=$'\e[31m' DIM=$'\e[2m' PLAIN=$'\e[0m'; else
    BOLD="" GREEN="" RED="" DIM="" PLAIN=""
fi

heading() { printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }
box() { eng/sandbox.sh enter "$BOX_ID" "$@"; }

# The sandbox lives as long as we hold the other end of its standard input, so it goes with us, however we go.
cleanup() {
    trap - EXIT
    if [[ -n ${BOX_IN:-} ]]; then
        exec {BOX_IN}>&-
        wait "$BOX_JOB" 2> /dev/null || true
    fi
    rm -rf "$OUT"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

set_up() {
    rm -rf "$OUT"
    mkdir -p "$OUT"
    mkfifo "$OUT/in"
    eng/sandbox.sh < "$OUT/in" > "$OUT/box" &
    BOX_JOB=$!
    exec {BOX_IN}> "$OUT/in"
    until_there "$OUT/box" -s
    read -r BOX_ID < "$OUT/box"
    BOX_ROOT=/proc/$BOX_ID/root

    ssh-keygen -q -t ed25519 -N "" -C demo -f "$OUT/key"
    local user modules
    for user in ada bob cyd; do
        box useradd --create-home --shell /bin/bash "$user"
        install -D -m 644 "$OUT/key.pub" "$BOX_ROOT/etc/ssh/keys/$user"
    done
    enrol ada 71830462 20958113
    enrol bob 48210937 93650214

    modules=$(dirname "$(find /usr/lib/*/security /usr/lib64/security -name pam_unix.so 2> /dev/null | head -n 1)")
    install -m 644 out/host/pam_sallyport.so "$BOX_ROOT$modules/"
    install -D -m 755 out/host/sallyport-agent "$BOX_ROOT/usr/libexec/sallyport/sallyport-agent"
    install -D -m 600 /dev/null "$BOX_ROOT/etc/sallyport/sallyport.conf"
    mkdir -p "$BOX_ROOT/run/sallyport"
    install -d -m 700 "$BOX_ROOT/var/lib/sallyport"
    cat > "$BOX_ROOT/etc/pam.d/sshd" <<'PAM'
auth     required  pam_sallyport.so
account  required  pam_permit.so
session  required  pam_sallyport.so
PAM
    cat > "$BOX_ROOT/etc/ssh/demo.conf" <<SSHD
Port $PORT
ListenAddress 127.0.0.1
HostKey /etc/ssh/demo_key
AuthorizedKeysFile /etc/ssh/keys/%u
UsePAM yes
PasswordAuthentication no
KbdInteractiveAuthentication yes
AuthenticationMethods publickey,keyboard-interactive
PrintMotd no
PrintLastLog no
SSHD
    box ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/demo_key
    echo "[127.0.0.1]:$PORT $(cut -d' ' -f1,2 "$BOX_ROOT/etc/ssh/demo_key.pub")" > "$OUT/known_hosts"
    # Else its shell says "Killed" when the sandbox ends.
    box socat -u UNIX-RECV:/dev/log,mode=666 OPEN:/tmp/log,creat,append 2> "$OUT/socat.log" {BOX_IN}>&- &
    disown # it ends with the sandbox, and nobody need be told
    start_agent
    until_there "$BOX_ROOT/dev/log"
    box /usr/sbin/sshd -f /etc/ssh/demo.conf -o PidFile=/run/demo.pid {BOX_IN}>&-
    until_there "$BOX_ROOT/run/demo.pid"

    # Answers in place of a person, and shows what it was asked and what it typed.
    cat > "$OUT/askpass" <<'ASK'
#!/bin/sh
echo "  $1$ANSWER" >&2
echo "$ANSWER"
ASK
    chmod 755 "$OUT/askpass"
}

start_agent() {
    box /usr/libexec/sallyport/sallyport-agent --socket /run/sallyport/agent.sock 2>> "$OUT/agent.log" {BOX_IN}>&- &
    disown
    until_there "$BOX_ROOT/run/sallyport/agent.sock"
}

# enrol USER SCRATCH-CODE...: the file that google-authenticator writes for its usual answers.
enrol() {
    local file=/home/$1/.google_authenticator
    {
        echo "$SECRET"
        printf '" %s\n' 'RATE_LIMIT 3 30' 'WINDOW_SIZE 3' DISALLOW_REUSE TOTP_AUTH
        printf '%s\n' "${@:2}"
    } > "$BOX_ROOT$file"
    box chmod 600 "$file"
    box chown "$1:$1" "$file"
}

# until_there FILE [TEST]
until_there() {
    local left=100
    while ((left-- > 0)); do
        test "${2:--e}" "$1" && return
        sleep 0.05
    done
    die "$1 did not appear; the agent says: $(cat "$OUT/agent.log" 2> /dev/null || true)"
}

# A code that does not run out while it is typed.
passcode() {
    while (($(date +%s) % 30 > 26)); do sleep 0.3; done
    oathtool --totp --base32 "$SECRET"
}

# login USER ANSWER [OPTION...]: what a person sees, then what the administrator finds in the log.
login() {
    local user=$1 answer=$2 seen rc=0
    shift 2
    seen=$(wc -c < "$BOX_ROOT/tmp/log" 2> /dev/null || echo 0)
    echo "  \$ ssh $user@host${1:+ $*}"
    ANSWER=$answer SSH_ASKPASS=$OUT/askpass SSH_ASKPASS_REQUIRE=force nsenter --net --target "$BOX_ID" \
        ssh -F none -i "$OUT/key" -p "$PORT" -o "UserKnownHostsFile=$OUT/known_hosts" -o NumberOfPasswordPrompts=1 \
        "$@" "$user@127.0.0.1" "echo you are \$(whoami) on \$(hostname)" < /dev/null > "$OUT/screen" 2>&1 || rc=$?
    sed 's/^/  /; s/^    /  /' "$OUT/screen"
    if [[ $rc -eq 0 ]]; then echo "  ${GREEN}=> logged in$PLAIN"; else echo "  ${RED}=> refused$PLAIN"; fi
    sleep 0.2
    tail -c "+$((seen + 1))" "$BOX_ROOT/tmp/log" 2> /dev/null | sed 's/<[0-9]*>/\n/g' |
        sed -n "s/^.*\(sshd(pam_google_auth)\)[^:]*: /  ${DIM}log: /p" | sed "s/\$/$PLAIN/"
}

show() {
    local code
    heading "1. Key and passcode"
    code=$(passcode)
    login ada "$code"
    heading "2. The same passcode once more: it works once"
    login ada "$code"
    heading "3. A wrong passcode"
    login ada 000000
    heading "4. A fourth try within 30 seconds: refused, whatever is typed, and it says for how long"
    login ada "$(passcode)"
    heading "5. The key alone, by a program that cannot be asked"
    login bob "" -o BatchMode=yes
    heading "6. Who has the key but no passcode set up is asked like everybody else, and refused"
    login cyd "$(passcode)"
    heading "7. The phone is lost: a recovery code"
    login bob 48210937
    heading "8. The same recovery code once more: it works once, too"
    login bob 48210937
    heading "9. The agent is gone: nobody gets in"
    # shellcheck disable=SC2016  # for the shell in the box
    box bash -c 'for p in /proc/[0-9]*; do [[ $(readlink "$p/exe") == */sallyport-agent ]] && kill "${p#/proc/}"; done; true'
    while [[ -e $BOX_ROOT/run/sallyport/agent.sock ]]; do sleep 0.1; done
    login bob 93650214
}

# The second host: its sshd runs the distribution's login_duo, unmodified, which asks our server. What an administrator
# does for that is docs/how-to/server.md.
set_up_server() {
    local data=/var/lib/sallyport-server
    mkdir -p "$BOX_ROOT/usr/lib/sallyport-server" "$BOX_ROOT/etc/duo"
    cp out/server/sallyport-server out/server/*.so "$BOX_ROOT/usr/lib/sallyport-server/"
    echo "127.0.0.1 duo.example.org" >> "$BOX_ROOT/etc/hosts"
    server init --public-host duo.example.org > "$OUT/server.log"
    server application add shell --legacy-clients > "$OUT/section"
    server user add dora >> "$OUT/server.log"
    SECRET=$(server device add-totp dora | sed -n 's/.*[?&]secret=\([A-Z2-7]*\).*/\1/p')
    box /usr/lib/sallyport-server/sallyport-server serve >> "$OUT/server.log" 2>&1 {BOX_IN}>&- &
    disown

    { cat "$OUT/section" && echo "prompts = 1"; } > "$BOX_ROOT/etc/security/login_duo.conf"
    box chown sshd /etc/security/login_duo.conf
    box chmod 600 /etc/security/login_duo.conf
    # login_duo reads it as the user sshd.
    install -m 644 "$BOX_ROOT$data/ca.pem" "$BOX_ROOT/etc/duo/sallyport-ca.pem"
    box useradd --create-home --shell /bin/bash dora
    install -D -m 644 "$OUT/key.pub" "$BOX_ROOT/etc/ssh/keys/dora"
    # shellcheck disable=SC2016  # for the shell in the box
    echo 'echo "you are $(whoami) on $(hostname)"; exit' > "$BOX_ROOT/home/dora/.bash_profile"
    # PAM goes by the program's name, and this host has no module of ours.
    box ln -s /usr/sbin/sshd /usr/sbin/sshd-duo
    echo "account required pam_permit.so" > "$BOX_ROOT/etc/pam.d/sshd-duo"
    sed 's/^\(Port\) .*/\1 2223/; s/^\(AuthenticationMethods\) .*/\1 publickey/' "$BOX_ROOT/etc/ssh/demo.conf" \
        > "$BOX_ROOT/etc/ssh/demo-duo.conf"
    echo "ForceCommand /usr/sbin/login_duo" >> "$BOX_ROOT/etc/ssh/demo-duo.conf"
    echo "[127.0.0.1]:2223 $(cut -d' ' -f1,2 "$BOX_ROOT/etc/ssh/demo_key.pub")" >> "$OUT/known_hosts"
    box /usr/sbin/sshd-duo -f /etc/ssh/demo-duo.conf -o PidFile=/run/demo-duo.pid {BOX_IN}>&-
    until_there "$BOX_ROOT/run/demo-duo.pid"
    until_listens 01BB
}

server() { box /usr/lib/sallyport-server/sallyport-server "$@"; }

# until_listens PORT: in hexadecimal, as the kernel writes it
until_listens() {
    local left=200
    until grep -q ":$1 00000000:0000 0A" "$BOX_ROOT/proc/1/net/tcp"; do
        ((left-- > 0)) || die "nothing listens; the server says: $(cat "$OUT/server.log")"
        sleep 0.05
    done
}

# duo_login PORT USER ANSWER: at a terminal, since login_duo asks nobody who has none.
duo_login() {
    local port=$1 user=$2 answer=$3 rc=0 left=200 job keys
    echo "  \$ ssh $user@another-host"
    rm -f "$OUT/keys" "$OUT/screen"
    mkfifo "$OUT/keys"
    nsenter --net --target "$BOX_ID" ssh -F none -i "$OUT/key" -p "$port" -o "UserKnownHostsFile=$OUT/known_hosts" \
        -o LogLevel=ERROR -tt "$user@127.0.0.1" < "$OUT/keys" > "$OUT/screen" 2>&1 {BOX_IN}>&- &
    job=$!
    exec {keys}> "$OUT/keys"
    until grep -q 'Passcode.*: ' "$OUT/screen" 2> /dev/null || ! kill -0 "$job" 2> /dev/null || ((left-- == 0)); do sleep 0.05; done
    (echo "$answer" >&"$keys") 2> /dev/null || true # it may have ended without asking
    wait "$job" || rc=$?
    exec {keys}>&-
    tr -d '\r' < "$OUT/screen" | sed '/^$/d; s/^/  /'
    if [[ $rc -eq 0 ]]; then echo "  ${GREEN}=> logged in$PLAIN"; else echo "  ${RED}=> refused$PLAIN"; fi
}

# A phone of dora's, whose key is in a file here: the demo has no other. Applications take such only where told to.
set_up_phone() {
    local code
    install -m 755 out/host/sallyport "$BOX_ROOT/usr/bin/sallyport"
    server application set shell --terminal-devices yes --number-matching always >> "$OUT/server.log"
    code=$(server device add-phone dora | sed -n 's/^Code, shown only now: //p')
    phone activate --ca=/etc/duo/sallyport-ca.pem --name="Dora's phone" duo.example.org "$code" > "$OUT/phone.log"
}

phone() { box sallyport phone "$1" --file=/root/phone.json "${@:2}"; }

# tap approve|deny [OPTION]: as soon as a login waits for the phone
tap() {
    local left=200 number
    until phone list | grep -q .; do
        ((left-- > 0)) || die "nothing waits for the phone; the login says: $(cat "$OUT/screen")"
        sleep 0.05
    done
    if [[ $1 == approve ]]; then
        until number=$(sed -n 's/.*Enter the number \([0-9]*\) there.*/\1/p' "$OUT/screen" | head -n 1) && [[ -n $number ]]; do
            ((left-- > 0)) || die "no number is shown; the login says: $(cat "$OUT/screen")"
            sleep 0.05
        done
        set -- "$@" --number="$number"
    fi
    phone "$@" > "$OUT/phone"
}

# push_login PORT USER VERB [OPTION]: a login that waits, and what the phone shows and says
push_login() {
    tap "${@:3}" {BOX_IN}>&- &
    local tapping=$!
    duo_login "$1" "$2" 1 > "$OUT/login"
    wait "$tapping" || die "the phone says: $(cat "$OUT/phone")"
    sed "s/^/  ${DIM}phone: /; s/\$/$PLAIN/" "$OUT/phone"
    cat "$OUT/login"
}

show_server() {
    local code
    heading "10. Another host: the distribution's own login_duo asks sallyport-server"
    set_up_server
    code=$(passcode)
    duo_login 2223 dora "$code"
    heading "11. The same passcode once more: it works once, here too"
    duo_login 2223 dora "$code"
    set_up_phone
    heading "12. A push: the number on the screen is typed on the phone, which signs what it shows"
    push_login 2223 dora approve
}

# The host whose sshd ran login_duo gets our programs, as docs/how-to/duo-users.md says.
set_up_ours() {
    install -m 755 out/host/sallyport-login "$BOX_ROOT/usr/sbin/sallyport-login"
    box sallyport import-duo /etc/security/login_duo.conf > "$OUT/import" || die "import-duo: $(cat "$OUT/import")"
    start_agent
    sed 's/^Port .*/Port 2224/; s|login_duo$|sallyport-login|' "$BOX_ROOT/etc/ssh/demo-duo.conf" > "$BOX_ROOT/etc/ssh/demo-ours.conf"
    echo "[127.0.0.1]:2224 $(cut -d' ' -f1,2 "$BOX_ROOT/etc/ssh/demo_key.pub")" >> "$OUT/known_hosts"
    box /usr/sbin/sshd-duo -f /etc/ssh/demo-ours.conf -o PidFile=/run/demo-ours.pid {BOX_IN}>&-
    until_there "$BOX_ROOT/run/demo-ours.pid"
    until_listens 08B0
}

# told_login PORT HOST COMMAND: dora, without a terminal; who is asked presses Enter at once, and the phone approves
told_login() {
    local port=$1 rc=0 tapping
    echo "  \$ ssh dora@$2 ${*:3}"
    rm -f "$OUT/screen"
    tap approve {BOX_IN}>&- &
    tapping=$!
    ANSWER='' SSH_ASKPASS=$OUT/askpass SSH_ASKPASS_REQUIRE=force nsenter --net --target "$BOX_ID" \
        ssh -F none -i "$OUT/key" -p "$port" -o "UserKnownHostsFile=$OUT/known_hosts" -o LogLevel=ERROR \
        dora@127.0.0.1 "${@:3}" < /dev/null > "$OUT/screen" 2>&1 {BOX_IN}>&- || rc=$?
    wait "$tapping" || die "the phone says: $(cat "$OUT/phone")"
    sed "s/^/  ${DIM}phone: /; s/\$/$PLAIN/" "$OUT/phone"
    tr -d '\r' < "$OUT/screen" | sed '/^ *$/d; s/^ */  /'
    if [[ $rc -eq 0 ]]; then echo "  ${GREEN}=> logged in$PLAIN"; else echo "  ${RED}=> refused$PLAIN"; fi
}

show_ours() {
    heading "13. That host moves to sallyport-login: its settings are taken over, its users keep their phones"
    set_up_ours
    push_login 2224 dora approve
    heading "14. A program logs in there, without a terminal: her phone is asked at once"
    told_login 2224 another-host whoami
    heading "15. The first host, through PAM: the number comes first, Enter waits for the phone"
    sed -i 's/^\[duo\]$/&\nautopush = yes/' "$BOX_ROOT/etc/sallyport/sallyport.conf"
    told_login "$PORT" host whoami
    sed -i '/^autopush/d' "$BOX_ROOT/etc/sallyport/sallyport.conf"
    heading "16. It was not she who logs in: reported"
    push_login 2224 dora deny --not-me
    heading "17. The server is gone: failmode = secure lets nobody in"
    # shellcheck disable=SC2016  # for the shell in the box
    box bash -c 'for p in /proc/[0-9]*; do [[ $(readlink "$p/exe") == */sallyport-server ]] && kill "${p#/proc/}"; done; true'
    while grep -q ":01BB 00000000:0000 0A" "$BOX_ROOT/proc/1/net/tcp"; do sleep 0.1; done
    duo_login 2224 dora 1
}

stay() {
    local uri="otpauth://totp/Sallyport%20demo:ada?secret=$SECRET&issuer=Sallyport%20demo"
    heading "It stays here until Ctrl-C. Scan this with an authenticator app:"
    qrencode -t UTF8 "$uri"
    echo "or type the key: $SECRET"
    heading "Then log in from another terminal on this machine, as root:"
    echo "nsenter --net --target $BOX_ID ssh -F none -i $OUT/key -p $PORT -o UserKnownHostsFile=$OUT/known_hosts ada@127.0.0.1"
    echo
    echo "To end it: Ctrl-C here, or kill $$"
    while sleep 1; do :; done
}

echo "A private sshd, sallyport-agent and three users, in a throw-away copy of this machine ..."
set_up
if $keep; then
    heading "A login with key and passcode, as you will see it"
    login bob "$(passcode)"
    stay
fi
show
show_server
show_ours
heading "That was all. Nothing is left of it."
echo "Next: ./dev demo --keep, with your own phone. ./dev test. docs/how-to/key-and-passcode.md, for a real host."
