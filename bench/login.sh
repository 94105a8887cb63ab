#!/usr/bin/env bash
# What a login costs through sallyport-login and pam_sallyport.so, beside Debian's login_duo and pam_duo, in one run, at
# one server.
#
#   bench/login.sh [--rounds N] [--distance MS] [--smoke yes]
#
# Twenty logins a round (5) that the server allows at once, the four in turns, with the server on the same host and at the
# other end of a cable, a round trip of MS (14) away; ten a round that a phone approves. Everything is made anew in a
# temporary folder (TMPDIR), with /run, accounts and networks of its own in namespaces; nothing is left. Ends with 1 where
# a limit is missed. docs/reference/performance.md says what is measured.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
if [ "${1:-}" != --inside ]; then
    [ "${1:-}" != --help ] || { sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//'; exit 0; }
    command -v login_duo > /dev/null || { echo "bench: login_duo is missing: apt-get install login-duo" >&2; exit 1; }
    make --silent -C "$here"
    exec unshare --net "$here/sandbox.sh" "$0" --inside "$@"
fi
shift

# sallyport-login asks at the one place where an agent is; a running one of this machine keeps its own.
mount -t tmpfs -o mode=0755 sallyport-run /run
mkdir /run/sallyport
for user in $(seq 0 199); do
    echo "user$user:x:$((62000 + user)):62000::/:/bin/sh"
done >> /etc/passwd

pam_duo=$(find /usr/lib /usr/lib64 -name pam_duo.so 2> /dev/null | head -n 1)
[ -n "$pam_duo" ] || { echo "bench: pam_duo.so is missing: apt-get install libpam-duo" >&2; exit 1; }

distance=14
for ((i = 1; i < $#; i++)); do
    [ "${!i}" != --distance ] || { j=$((i + 1)) && distance=${!j}; }
done
mkdir /dev/net
mknod /dev/net/tun c 10 200
coproc "$root/out/bench/wire" "$distance"
cable=$COPROC_PID
trap 'kill "$cable"' EXIT
read -r _ <&"${COPROC[0]}" || { echo "bench: no tun devices here" >&2; exit 1; }
ip netns add server
ip link set lo up
ip link set wire1 netns server
ip addr add 10.9.0.2/30 dev wire0
ip link set wire0 up
ip -n server addr add 10.9.0.1/30 dev wire1
ip -n server link set lo up
ip -n server link set wire1 up

"$root/artifacts/bin/Bench/release/Sallyport.Bench" --program "$root/out/server/sallyport-server" \
    --host "$root/out/host" --pam-loop "$root/out/bench/pam-loop" --pam-duo "$pam_duo" --distance "$distance" --parts l "$@"
