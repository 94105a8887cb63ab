# shellcheck shell=bash
# Puts the built programs where a package would. With DESTDIR the tree is made there, and this machine stays as it is.

install_host() {
    local destdir='' argument
    for argument in "$@"; do
        case $argument in
            DESTDIR=/*) destdir=${argument#DESTDIR=} ;;
            *) fail "'$argument' is not understood." "Usage: ./dev install [DESTDIR=/absolute/folder]" ;;
        esac
    done
    destdir=${destdir%/}
    [ -n "$destdir" ] || as_root install
    need_packages build
    need_sdk
    build_host
    build_server

    step "Installing into ${destdir:-/}"
    local modules page unit
    modules=$(module_folder)
    put 755 out/host/sallyport-agent "$destdir/usr/libexec/sallyport/sallyport-agent"
    put 755 out/host/sallyport "$destdir/usr/bin/sallyport"
    put 755 out/host/sallyport-login "$destdir/usr/sbin/sallyport-login"
    put 644 out/host/pam_sallyport.so "$destdir$modules/pam_sallyport.so"
    put 644 eng/systemd/sallyport-agent.socket "$destdir/usr/lib/systemd/system/sallyport-agent.socket"
    put 644 eng/systemd/sallyport-agent.service "$destdir/usr/lib/systemd/system/sallyport-agent.service"
    for unit in sallyport-setup-undo.service sallyport-setup-undo.timer sallyport-setup-boot.service; do
        put 644 "eng/systemd/$unit" "$destdir/usr/lib/systemd/system/$unit"
    done
    put 644 eng/systemd/home-files.conf "$destdir/usr/share/sallyport/home-files.conf"
    put 644 eng/systemd/duo.conf "$destdir/usr/share/sallyport/duo.conf"
    for page in eng/man/*; do
        put 644 "$page" "$destdir/usr/share/man/man${page##*.}/${page##*/}"
    done
    put 644 eng/completion/sallyport "$destdir/usr/share/bash-completion/completions/sallyport"
    put 644 eng/completion/sallyport.zsh "$destdir/usr/share/zsh/vendor-completions/_sallyport"
    put 644 eng/completion/sallyport.fish "$destdir/usr/share/fish/vendor_completions.d/sallyport.fish"
    if [ -e "$destdir/etc/sallyport/sallyport.conf" ]; then
        say "kept       $destdir/etc/sallyport/sallyport.conf"
    else
        put 600 eng/sallyport.conf "$destdir/etc/sallyport/sallyport.conf"
    fi
    install_server "$destdir"
    [ -n "$destdir" ] || installed_here
}

# The program finds SQLite's library beside itself, so the two have a folder of their own and the path a link.
install_server() {
    local destdir=$1 library folder=/usr/lib/sallyport-server
    for library in out/server/*.so; do
        put 755 "$library" "$destdir$folder/${library##*/}"
    done
    put 755 out/server/sallyport-server "$destdir$folder/sallyport-server"
    mkdir -p "$destdir/usr/bin"
    ln -sfn ../lib/sallyport-server/sallyport-server "$destdir/usr/bin/sallyport-server"
    say "installed  $destdir/usr/bin/sallyport-server"
    put 644 eng/completion/sallyport-server "$destdir/usr/share/bash-completion/completions/sallyport-server"
    put 644 eng/systemd/sallyport-server.socket "$destdir/usr/lib/systemd/system/sallyport-server.socket"
    put 644 eng/systemd/sallyport-server.service "$destdir/usr/lib/systemd/system/sallyport-server.service"
    put 644 eng/systemd/sallyport-server.sysusers "$destdir/usr/lib/sysusers.d/sallyport-server.conf"
    put 644 eng/systemd/sallyport-server.tmpfiles "$destdir/usr/lib/tmpfiles.d/sallyport-server.conf"
}

# put MODE FROM TO: renamed into place, because sshd has the module mapped and a login may come at any moment.
put() {
    mkdir -p "$(dirname "$3")"
    install -m "$1" "$2" "$3.new"
    mv -f "$3.new" "$3"
    say "installed  $3"
}

# The distribution's module folder is where its own pam_unix.so lies.
module_folder() {
    local folder
    for folder in "/usr/lib/$(gcc -print-multiarch)/security" "/lib/$(gcc -print-multiarch)/security" \
        /usr/lib64/security /lib64/security /usr/lib/security /lib/security; do
        if [ -e "$folder/pam_unix.so" ]; then
            readlink -f "$folder"
            return
        fi
    done
    fail "No folder with pam_unix.so was found, so it is not known where PAM looks for modules here."
}

installed_here() {
    if [ -d /run/systemd/system ]; then
        systemd-sysusers /usr/lib/sysusers.d/sallyport-server.conf
        systemd-tmpfiles --create /usr/lib/tmpfiles.d/sallyport-server.conf
        systemctl daemon-reload
        systemctl try-restart sallyport-agent.service sallyport-server.service
    fi
    say ""
    say "Nothing asks the agent yet. What to do next: docs/how-to/key-and-passcode.md"
}
