#!/usr/bin/env bash
# What a login costs through ours, Debian's pam_google_authenticator.so and pam_oath.so, in one run.
#
#   bench/pam.sh [--rounds N] [--block N] [--logins N] [--homes FOLDER] [--users N] [--json] [--smoke]
#
# Blocks of N logins (10) take turns, A B C, B C A, C A B, for N rounds (50), so that a busy moment of the machine hits
# all alike. Each return code is checked; a wrong one ends the bench. After that the agent's memory is watched over N
# logins (10,000). The homes are on an ext4 made for it, with mkfs's defaults, in a file beside the checkout: what saving
# costs depends on the file system more than on anything else, and checkouts are on all kinds; --homes takes a folder
# instead. --users puts so many other entries (0) beside the one in the root-only store. --json prints JSON instead of the tables; --smoke runs everything a few times and times nothing worth
# reading. Ends with 1 where a limit is missed. docs/reference/performance.md says what the cases and limits are.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
out=$root/out/bench
ours=$root/out/host/pam_sallyport.so
agent=$root/out/host/sallyport-agent
command=$root/out/host/sallyport
secret=JBSWY3DPEHPK3PXP
home=/dev/home/ada

rounds=50 block=10 logins=10000 users=0 homes='' json='' smoke='' inside=''
while [ $# -gt 0 ]; do
    case $1 in
        --rounds) rounds=$2; shift ;;
        --block) block=$2; shift ;;
        --logins) logins=$2; shift ;;
        --homes) homes=$2; shift ;;
        --users) users=$2; shift ;;
        --json) json=1 ;;
        --smoke) rounds=1 block=3 logins=60 smoke=1 ;;
        --inside) inside=1 ;;
        *) sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2 ;;
    esac
    shift
done

fail() { echo "bench: $*" >&2; exit 1; }

module() { # the path of a module of the distribution
    local found=(/usr/lib/*/security/"$1" /usr/lib/security/"$1" /usr/lib64/security/"$1")
    for found in "${found[@]}"; do
        [ ! -e "$found" ] || { echo "$found"; return; }
    done
    fail "$1 is missing: run ./dev test once, or apt-get install $2"
}

theirs=$(module pam_google_authenticator.so libpam-google-authenticator)
oath=$(module pam_oath.so libpam-oath)
for built in "$agent" "$ours" "$command"; do
    [ -e "$built" ] || fail "$built is missing: run ./dev build"
done

if [ -z "$inside" ]; then
    make --silent -C "$here"
    if [ -z "$homes" ]; then
        homes=$out/homes.ext4
        # Written whole and initialised at once: neither the file below nor the file system grows while it is measured.
        dd if=/dev/zero of="$homes" bs=1M count=$((192 + users * 12 / 1024)) conv=fsync status=none
        mkfs.ext4 -q -F -i 8192 -E lazy_itable_init=0,lazy_journal_init=0,nodiscard "$homes"
    fi
    exec "$here/sandbox.sh" --homes "$homes" "$0" --inside \
        --rounds "$rounds" --block "$block" --logins "$logins" --users "$users" ${json:+--json} ${smoke:+--smoke}
fi

raw=$(mktemp -d)
agent_pid=
finish() {
    [ -z "$agent_pid" ] || kill "$agent_pid" 2> /dev/null || true
    rm -rf "$raw"
}
trap finish EXIT

state_file() { # NAME OWNER: a template on the same disk, from standard input
    cat > "/dev/home/$1"
    chmod 0600 "/dev/home/$1"
    chown "$2" "/dev/home/$1"
}

# What `google-authenticator -t -d -f -r 3 -R 30 -w 17` writes, and the same without what makes a login save.
printf '%s\n' $secret '" RATE_LIMIT 3 30' '" WINDOW_SIZE 17' '" DISALLOW_REUSE' '" TOTP_AUTH' \
    10000001 10000002 10000003 10000004 10000005 | state_file usual ada:ada
printf '%s\n' $secret '" WINDOW_SIZE 17' '" TOTP_AUTH' \
    10000001 10000002 10000003 10000004 10000005 | state_file plain ada:ada
printf 'HOTP/T30\tada\t-\t%s\n' 48656c6c6f21deadbeef | state_file oath root:root

start_agent() { # STATE
    config=$raw/$1.conf
    (umask 077 && mkdir "/dev/home/$1" && printf '[agent]\nstate_directory = /dev/home/%s\n' "$1" > "$config")
    rm -f "$raw/agent.sock"
    "$agent" --config "$config" --socket "$raw/agent.sock" 2> "$raw/agent.log" &
    agent_pid=$!
    for _ in $(seq 100); do
        [ ! -S "$raw/agent.sock" ] || return 0
        sleep 0.05
    done
    fail "the agent does not listen: $(cat "$raw/agent.log")"
}

resident() { awk '/^VmRSS/ { print $2 }' "/proc/$agent_pid/status"; } # KiB

# login MODULE CASE ITERATIONS [pam-loop options]: runs them, prints one line for each.
login() {
    local module=$1 name=$2 iterations=$3 template=plain user=ada answer=%w code=7 arguments=()
    shift 3
    case $name in
        usual | stored) template=usual answer=%t code=0 ;;
        nothing) answer=%t code=0 ;;
        wrong | refused-plain) ;;
        noskew) [ "$module" = oath ] || arguments=(noskewadj) ;;
        refused-usual | wrong-stored | refused-stored) template=usual ;;
        refused-unenrolled*) user=bob ;;
        refused-unknown*) user=nobody-of-this-name ;;
    esac
    local state=$home/.google_authenticator
    case $module in
        ours)
            arguments=("$ours" -- "socket=$raw/agent.sock" "${arguments[@]}")
            [[ $name != *stored ]] || template=entry state=/dev/home/root-only/totp/ada
            ;;
        theirs) arguments=("$theirs" -- "${arguments[@]}") ;;
        oath)
            template=oath state=$home/users.oath
            arguments=("$oath" -- "usersfile=$state" window=17 digits=6)
            ;;
    esac
    # The state is restored in every case, also for users who have none: all come from the same disk activity.
    "$out/pam-loop" -K $secret -A "$answer" -u "$user" -F "/dev/home/$template=$state" -n "$iterations" -w 2 \
        -e "$code" "$@" -m "${arguments[@]}" || fail "$module, $name: a login did not end with code $code"
}

measure() { # CASE MODE MODULES...: interleaved blocks
    local name=$1 mode=$2 option=-k
    shift 2
    [ "$mode" = mapped ] || option=-x
    for _ in $(seq "$rounds"); do
        for module in "$@"; do
            login "$module" "$name" "$block" $option >> "$raw/$name.$mode.$module"
        done
        set -- "${@:2}" "$1"
    done
    echo "  $name, $mode: done" >&2
}

quantiles() { # COLUMN FILE: median and 99th percentile
    sort -n -k "$1,$1" "$2" | awk -v c="$1" \
        '{ v[NR] = $c } END { printf "%.1f %.1f", v[int((NR - 1) * .5 + 1.5)], v[int((NR - 1) * .99 + 1.5)] }'
}

# An entry as `sallyport import-ga` makes it of the usual file, among so many others.
enrol() {
    cp -p /dev/home/usual "$home/.google_authenticator"
    "$command" import-ga --config "$config" ada > /dev/null || fail "the usual file could not be imported"
    # Its first login sees to the folder, too; what is measured is the usual one. A wrong code is one that leaves no step.
    "$out/pam-loop" -K $secret -A %w -u ada -n 1 -w 0 -e 7 -k -m "$ours" -- "socket=$raw/agent.sock" > /dev/null
    cp -p /dev/home/root-only/totp/ada /dev/home/entry
    [ "$users" -gt 0 ] || return 0
    local many=$raw/many
    cp /dev/home/entry "$many"
    while [ "$(stat -c %s "$many")" -lt $((users * 8192)) ]; do
        cat "$many" "$many" > "$many.more"
        mv "$many.more" "$many"
    done
    head -c $((users * 8192)) "$many" | (cd /dev/home/root-only/totp && umask 077 && split -b 8192 -a 6 -d - user)
    rm "$many"
    sync -f /dev/home
    echo "  $users other entries: made" >&2
}

refusals=(refused-usual refused-plain refused-unenrolled refused-unknown)
start_agent agent
rss_start=$(resident)
for mode in mapped forked; do
    measure usual $mode ours theirs oath
    measure nothing $mode ours theirs
    measure wrong $mode ours theirs
    measure noskew $mode ours theirs oath
done
# The four take turns with each other, not each with itself: they are compared with one another.
for _ in $(seq "$rounds"); do
    for name in "${refusals[@]}"; do
        for module in ours theirs; do
            login "$module" "$name" "$block" -k >> "$raw/$name.mapped.$module"
        done
    done
    refusals=("${refusals[@]:1}" "${refusals[0]}")
done
echo "  refusals: done" >&2

login ours usual "$((logins / 10))" -k > /dev/null # the garbage collector has seen work before the first reading
rss=("$(resident)")
for _ in 1 2 3 4 5 6 7 8 9 10; do
    login ours usual "$((logins / 10))" -k > /dev/null
    rss+=("$(resident)")
done
slope=$(printf '%s\n' "${rss[@]}" | awk -v per="$((logins / 10))" \
    '{ n++; x = (n - 1) * per / 1000; sx += x; sy += $1; sxx += x * x; sxy += x * $1 }
     END { printf "%.1f", (n * sxy - sx * sy) / (n * sxx - sx * sx) }')

kill "$agent_pid"
wait "$agent_pid" 2> /dev/null || true
start_agent root-only
enrol
for mode in mapped forked; do
    measure stored $mode ours theirs
    measure wrong-stored $mode ours theirs
done
refusals=(refused-stored refused-unenrolled-stored refused-unknown-stored)
for _ in $(seq "$rounds"); do
    for name in "${refusals[@]}"; do
        login ours "$name" "$block" -k >> "$raw/$name.mapped.ours"
    done
    refusals=("${refusals[@]:1}" "${refusals[0]}")
done
echo "  root-only store: done" >&2

for file in "$raw"/*.mapped.* "$raw"/*.forked.*; do
    echo "$(basename "$file" | tr . ' ') $(wc -l < "$file") $(quantiles 1 "$file") $(quantiles 2 "$file")"
done > "$raw/summary" # case mode module n auth-median auth-p99 all-median all-p99

if [ -n "$json" ]; then
    awk -v start="$rss_start" -v values="${rss[*]}" -v per="$((logins / 10))" -v slope="$slope" '
        BEGIN { print "{\"cases\": [" }
        {
            printf "%s{\"case\": \"%s\", \"mode\": \"%s\", \"module\": \"%s\", \"n\": %d, ", sep, $1, $2, $3, $4
            printf "\"authenticate\": {\"median\": %s, \"p99\": %s}, ", $5, $6
            printf "\"all\": {\"median\": %s, \"p99\": %s}}", $7, $8
            sep = ",\n"
        }
        END {
            gsub(" ", ", ", values)
            printf "\n],\n\"agent_rss_kib\": {\"start\": %s, \"every\": %d, ", start, per
            printf "\"then\": [%s], \"slope_per_1000\": %s}}\n", values, slope
        }' "$raw/summary"
    exit
fi

awk -v start="$rss_start" -v values="${rss[*]}" -v slope="$slope" -v logins="$logins" -v smoke="$smoke" \
    -f "$here/pam-report.awk" "$raw/summary"
