#!/bin/sh
# sandbox.sh [--homes FOLDER|IMAGE] COMMAND...
#
# Runs COMMAND as root where two throw-away accounts exist, ada (uid 61001) and bob (61002), and where /dev/log is
# free to be bound. All of it is in a private mount namespace: the machine keeps its accounts and its /dev as they
# are, and nothing is left when COMMAND ends.
#
# The homes are /dev/home/ada and /dev/home/bob: /dev is private anyway, and no checkout lives there that they would
# hide. They are empty and in memory; or in FOLDER, or on the file system in IMAGE, where fsync has to count.
set -eu

if [ -z "${SALLYPORT_SANDBOX:-}" ]; then
    [ "$(id -u)" = 0 ] || { echo "sandbox.sh: must run as root: it makes mounts and accounts" >&2; exit 1; }
    # In a chroot / is no mount point, so unshare cannot make it private; nsenter below does, from the real root.
    propagation=private
    unshare --mount true 2> /dev/null || propagation=unchanged
    exec env SALLYPORT_SANDBOX=$propagation unshare --mount --propagation $propagation "$0" "$@"
fi
[ "$SALLYPORT_SANDBOX" = private ] || nsenter --mount=/proc/self/ns/mnt -- mount --make-rprivate /
unset SALLYPORT_SANDBOX

homes=
if [ "$1" = --homes ]; then
    homes=$(realpath "$2")
    shift 2
fi

dev=/mnt
mount -t tmpfs -o mode=0755 sallyport-sandbox $dev
for node in null zero full random urandom tty; do
    : > $dev/$node
    mount --bind /dev/$node $dev/$node
done

# Last in the file, where people's accounts are, and in the place of accounts of the machine with the same name.
mkdir $dev/etc
for file in passwd group shadow; do
    grep -v -e '^ada:' -e '^bob:' /etc/$file > $dev/etc/$file
done
printf '%s:x:%s:%s::/dev/home/%s:/bin/sh\n' ada 61001 61001 ada bob 61002 61002 bob >> $dev/etc/passwd
printf '%s:x:%s:\n' ada 61001 bob 61002 >> $dev/etc/group
printf '%s:!:20000::::::\n' ada bob >> $dev/etc/shadow
chmod 0600 $dev/etc/shadow
for file in passwd group shadow; do
    mount --bind $dev/etc/$file /etc/$file
done

mkdir $dev/home
if [ -f "$homes" ]; then
    loop=$(losetup --find --show --direct-io=on "$homes")
    mount "$loop" $dev/home
    losetup --detach "$loop" # takes effect when the mount ends, which is when this namespace does
elif [ -n "$homes" ]; then
    mount --bind "$homes" $dev/home
fi
for user in ada bob; do
    mkdir -p $dev/home/$user
    chown $user:$user $dev/home/$user
    chmod 0755 $dev/home/$user
done

mount --move $dev /dev
exec "$@"
