#!/usr/bin/env bash
# A small machine with systemd as its first process: what is installed in it runs under its real units.
#
#   booted-root.sh make             makes the root once, in out/roots, from this machine's own package sources
#   booted-root.sh boot [TREE]      boots it with TREE laid over it; prints the pid of its systemd, keeps it until stdin
#                                   closes, then powers it off; a line "reboot" there boots it anew, with its files as
#                                   they are, and prints the new pid
#   booted-root.sh run PID COMMAND  runs a command in it
#   booted-root.sh stop PID         powers it off
#
# SALLYPORT_RELEASE names another release of the same distribution, such as trixie for its newer sshd.
#
# Changes live in memory, and mounts in a namespace that ends with this script: nothing is left behind.
set -euo pipefail

PACKAGES=systemd,systemd-sysv,dbus,openssh-server,openssh-client,libpam-google-authenticator,sudo,rsync,login-duo,libpam-duo,curl

die() {
    echo "booted-root: $*" >&2
    exit 1
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
SELF=$PWD/eng/booted-root.sh

# The same release as this machine, so that what was built here runs there; it also runs on a later one.
# shellcheck source=/dev/null
HERE=$(. /etc/os-release && echo "$VERSION_CODENAME")
RELEASE=${SALLYPORT_RELEASE:-$HERE}
ROOTS=$PWD/out/roots
BASE=$ROOTS/$RELEASE

make() {
    local made wanted="$RELEASE $PACKAGES" mirror
    mkdir -p "$ROOTS"
    exec 9>"$BASE.lock"
    flock 9
    made=$(cat "$BASE.packages" 2>/dev/null || true)
    [ "$made" != "$wanted" ] || return 0
    # shellcheck disable=SC2016  # apt's own fields
    mirror=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' |
        awk -v release="$HERE" '$1 == release && $2 == "main" { print $3; exit }')
    [ -n "$mirror" ] || die "apt knows no source for $HERE main: look at /etc/apt/sources.list*, then apt-get update"
    echo "booted-root: making $BASE from $mirror (about a minute, once)" >&2
    rm -rf "$BASE" "$BASE.new"
    debootstrap --variant=minbase --components=main,universe --include="$PACKAGES" "$RELEASE" "$BASE.new" "$mirror" \
        >"$BASE.log" 2>&1 || die "debootstrap failed, see $BASE.log"
    chroot "$BASE.new" apt-get clean
    mv "$BASE.new" "$BASE"
    echo "$wanted" >"$BASE.packages"
}

boot() {
    [ -d "$BASE" ] || die "there is no root yet: run eng/booted-root.sh make"
    command -v systemd-nspawn >/dev/null || die "systemd-nspawn is missing: run ./dev test, which installs it"
    # In a chroot / is no mount point, so unshare cannot make it private; own_root does it.
    local propagation=private
    unshare --mount true 2>/dev/null || propagation=unchanged
    exec unshare --mount --propagation "$propagation" --net --uts "$SELF" inside "${1:-}"
}

# nspawn insists on / being a mount point, which it is not in a chroot. Entering a mount namespace leads to its real
# root, from where / has a path that can be made one; then this script starts again in it.
own_root() {
    if mountpoint -q /; then
        return
    fi
    # shellcheck disable=SC2016  # the inner shell's own
    exec nsenter --mount=/proc/self/ns/mnt -- /bin/sh -ec '
        mount --make-rprivate /
        here=$(readlink /proc/self/fd/9)
        mount --rbind "$here" "$here"
        cd "$here"
        pivot_root . .
        umount -l .
        exec chroot . "$@"' sh "$SELF" inside "$1" 9</
}

inside() {
    own_root "$1"
    # A chroot has seldom got these, and systemd wants them.
    [ -d /sys/fs/cgroup ] || mount -t sysfs sysfs /sys
    [ -n "$(ls /sys/fs/cgroup)" ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
    ip link set lo up
    # On top of the cached roots' folder, where this namespace alone sees it.
    mkdir -p "$ROOTS/booted"
    mount -t tmpfs -o mode=755 tmpfs "$ROOTS/booted"
    cd "$ROOTS/booted"
    mkdir upper work root
    mount -t overlay -o "lowerdir=${1:+$1:}$BASE,upperdir=upper,workdir=work" overlay root

    boot_up
    while read -r _; do
        power_off
        boot_up
    done
    power_off
}

# On a busy machine nspawn's systemd now and then ends before it has begun; that is not what is tried here.
boot_up() {
    local attempt
    for attempt in 1 2 3 4; do
        if start_up; then
            echo "$LEADER"
            return
        fi
        kill -KILL "$NSPAWN" 2>/dev/null || true
        wait "$NSPAWN" || true
    done
    die "systemd did not start in $attempt attempts: $(cat console)"
}

# The network is this namespace's, with nothing in it but loopback.
start_up() {
    setpriv --pdeathsig KILL systemd-nspawn --quiet --directory=root --boot --machine=sallyport \
        --register=no --keep-unit --console=read-only </dev/null >console 2>&1 &
    NSPAWN=$!
    LEADER=$(leader_of "$NSPAWN") || return 1
    until [ -S "/proc/$LEADER/root/run/dbus/system_bus_socket" ]; do
        [ -d "/proc/$LEADER" ] || return 1
        sleep 0.05
    done
    # Waits until everything is started. A unit that failed is the business of who asks for it.
    "$SELF" run "$LEADER" systemctl is-system-running --wait >state 2>&1 || true
}

power_off() {
    stop "$LEADER"
    wait "$NSPAWN" || true
}

# The pid of the systemd that nspawn has started.
leader_of() {
    local child
    for _ in $(seq 400); do
        for child in $(pgrep -P "$1"); do
            if [ "$(readlink "/proc/$child/ns/pid")" != "$(readlink /proc/self/ns/pid)" ]; then
                echo "$child"
                return 0
            fi
        done
        [ -d "/proc/$1" ] || return 1
        sleep 0.05
    done
    return 1
}

run() {
    local leader=$1
    shift
    exec nsenter -t "$leader" --mount --uts --ipc --net --pid --cgroup --root --wd -- "$@"
}

stop() {
    local
    [ -d "/proc/$1" ] || return 0
    # What systemd takes for an orderly power-off.
    kill -s RTMIN+4 "$1"
    for _ in $(seq 200); do
        [ -d "/proc/$1" ] || return 0
        sleep 0.05
    done
    kill -KILL "$1"
}

[ "$(id -u)" -eq 0 ] || die "needs root"
case ${1:-} in
    make | boot | inside | run | stop) "$@" ;;
    *) die "usage: booted-root.sh make | boot [TREE] | run PID COMMAND | stop PID" ;;
esac
