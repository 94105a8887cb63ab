#!/usr/bin/env bash
# A throw-away copy of this machine: root may add users, change /etc and start daemons in it, and nothing outside is
# touched. Files are an overlay over / whose changes live in memory; /home, /root, /run, /tmp and /dev start empty;
# processes, network (loopback only) and host name are its own.
#
#   sandbox.sh                      makes one, prints the pid of its first process, keeps it until stdin closes
#   sandbox.sh enter PID COMMAND    runs a command in it
#
# When that first process ends, for whatever reason, the kernel ends all others and drops every mount.
set -euo pipefail

die() {
    echo "sandbox: $*" >&2
    exit 1
}

start() {
    [[ $EUID -eq 0 ]] || die "needs root"
    [[ -e /proc/self/stat ]] || die "needs /proc mounted"
    command -v ip > /dev/null || die "needs ip (package iproute2)"
    local propagation=private
    # In a chroot / is no mount point, so unshare cannot make it private; make_private does it from the real root.
    unshare --mount true 2> /dev/null || propagation=unchanged
    exec unshare --mount --propagation "$propagation" --uts --ipc --net --pid --fork --kill-child \
        "${BASH_SOURCE[0]}" inside "$propagation"
}

make_private() {
    # Entering a mount namespace leads to its real root, also from a chroot.
    [[ $1 == private ]] || nsenter --mount=/proc/self/ns/mnt -- mount --make-rprivate /
}

inside() {
    local holder
    read -r holder _ < /proc/self/stat # still the caller's /proc: our pid as the caller counts
    make_private "$1"

    mount -t tmpfs -o mode=755 sandbox /tmp
    mkdir /tmp/upper /tmp/work /tmp/root
    mount -t overlay -o lowerdir=/,upperdir=/tmp/upper,workdir=/tmp/work sandbox /tmp/root
    cd /tmp/root
    mount -t proc proc proc
    mount -t sysfs -o ro sysfs sys
    mount -t tmpfs -o mode=755 tmpfs run
    mount -t tmpfs -o mode=755 tmpfs home
    mount -t tmpfs -o mode=700 tmpfs root
    mount -t tmpfs -o mode=1777 tmpfs tmp
    devices dev

    ip link set lo up
    hostname sallyport
    printf '127.0.0.1 localhost sallyport\n' > etc/hosts
    rm -f etc/nologin
    mkdir run/sshd run/lock

    # Bash is a good first process: it reaps what others leave behind.
    # shellcheck disable=SC2016
    exec chroot . /bin/bash -c 'trap exit TERM HUP; cd /; echo "$1"; exec > /dev/null; while read -r _; do :; done' \
        sandbox "$holder"
}

devices() {
    mount -t tmpfs -o mode=755 tmpfs "$1"
    local name major minor
    while read -r name major minor; do
        mknod -m 666 "$1/$name" c "$major" "$minor"
    done <<< "null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0"
    mkdir "$1/pts" "$1/shm"
    mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$1/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$1/shm"
    ln -s pts/ptmx "$1/ptmx"
    ln -s /proc/self/fd "$1/fd"
    ln -s fd/0 "$1/stdin"
    ln -s fd/1 "$1/stdout"
    ln -s fd/2 "$1/stderr"
}

enter() {
    local pid=${1:?pid of the sandbox}
    shift
    exec nsenter --target "$pid" --mount --uts --ipc --net --pid --root --wd -- "$@"
}

case ${1-start} in
    start) start ;;
    inside) inside "$2" ;;
    enter) shift && enter "$@" ;;
    *) die "unknown command '$1'" ;;
esac
