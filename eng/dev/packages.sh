# shellcheck shell=bash
# What each command needs from the distribution. apt is asked only where something is really missing.

packages_for() {
    case $1 in
        build) echo gcc make libc6-dev libpam0g-dev ca-certificates ;;
        demo) echo openssh-server openssh-client iproute2 util-linux procps oathtool qrencode socat login-duo ;;
        bench) echo pamtester libpam-google-authenticator libpam-oath oathtool e2fsprogs mount ;;
        bench-server) echo login-duo postgresql ;;
        bench-login) echo libpam-duo iproute2 util-linux ;;
        fuzz) echo clang "$(clang_runtime)" ;;
        lint) echo shellcheck git ;;
        test)
            echo openssh-server openssh-client sudo rsync expect procps util-linux iproute2
            echo pamtester libpam-google-authenticator libpam-oath oathtool qrencode faketime libfaketime strace
            echo debootstrap systemd systemd-container dbus curl socat e2fsprogs xfsprogs mandoc zsh fish
            echo checkpolicy selinux-policy-dev cloud-init ansible-core postgresql
            echo login-duo libpam-duo sqlite3
            # Node.js from elsewhere brings npm along, and does not go with the distribution's.
            command -v npm >/dev/null || echo nodejs npm
            ;;
        download) echo curl ca-certificates ;;
        *) fail "There is no list of packages for '$1'." ;;
    esac
}

# The sanitizers' runtime carries clang's version in its name, and the unversioned package is not in every release.
clang_runtime() {
    if have_package libclang-rt-dev || [ -n "$(candidate libclang-rt-dev)" ]; then
        echo libclang-rt-dev
        return
    fi
    local version
    version=$(apt-cache depends clang 2>/dev/null | sed -n 's/^ *Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
    if [ -n "$version" ] && [ -n "$(candidate "libclang-rt-$version-dev")" ]; then
        echo "libclang-rt-$version-dev"
    else
        echo "libclang-common-${version:-14}-dev"
    fi
}

have_package() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The version that apt would install, or nothing.
candidate() {
    apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: \([^(].*\)$/\1/p'
}

# need_packages LIST...
need_packages() {
    local list package wanted=() missing=()
    if ! command -v apt-get >/dev/null; then
        need_commands "$@"
        return
    fi
    for list in "$@"; do
        # shellcheck disable=SC2207  # package names hold no blanks
        wanted+=($(packages_for "$list"))
    done
    for package in "${wanted[@]}"; do
        have_package "$package" || [[ " ${missing[*]} " == *" $package "* ]] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"
}

apt_install() {
    step "Installing with apt: $*"
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "That needs root." "Run as root: apt-get install $*"
        sudo=(sudo)
    fi
    if [[ " $* " == *" postgresql "* ]]; then
        # Its package would make a cluster and run it; tests make their own.
        local folder=/etc/postgresql-common/createcluster.d
        "${sudo[@]}" mkdir -p $folder
        echo "create_main_cluster = false" | "${sudo[@]}" tee $folder/sallyport.conf >/dev/null
    fi

    local had_sshd=yes
    [ -e /usr/sbin/sshd ] || had_sshd=no

    # Tests want its schema alone. Where it finds a data source it would set this machine up as a new one at the next boot.
    if [[ " $* " == *" cloud-init "* ]]; then
        "${sudo[@]}" mkdir -p /etc/cloud
        "${sudo[@]}" touch /etc/cloud/cloud-init.disabled
        say "cloud-init is installed for its schema; /etc/cloud/cloud-init.disabled keeps it from running."
    fi

    # A test machine's packages must not start daemons, and an archive folder of our own keeps a second apt from
    # deleting what this one has fetched.
    local archives policy=/usr/sbin/policy-rc.d made_policy=no rc=0
    archives=$(mktemp -d)
    chmod 755 "$archives"
    "${sudo[@]}" mkdir -p "$archives/partial"
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee $policy >/dev/null
        "${sudo[@]}" chmod 755 $policy
        made_policy=yes
    fi
    {
        "${sudo[@]}" apt-get -q -o DPkg::Lock::Timeout=900 update &&
            "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
                -o DPkg::Lock::Timeout=900 -o Dir::Cache::archives="$archives" install "$@"
    } || rc=$?
    [ $made_policy = no ] || "${sudo[@]}" rm -f $policy
    "${sudo[@]}" rm -rf "$archives"
    [ $rc -eq 0 ] || fail "apt could not install what is missing (its own words are above)." \
        "Check the network and /etc/apt/sources.list*, then run the same command again."

    if [ $had_sshd = no ] && [ -e /usr/sbin/sshd ] && command -v systemctl >/dev/null; then
        "${sudo[@]}" systemctl -q disable ssh.service ssh.socket 2>/dev/null || true
        say "openssh-server is now installed; it was neither started nor enabled."
    fi
}

# The official Node SDK that the server is tested with, into out/node, in the versions of the lock file and no others.
need_node_sdk() {
    local from=$ROOT/tests/EndToEnd/Server/node to=$ROOT/out/node
    if cmp -s "$from/package-lock.json" "$to/package-lock.json" && [ -d "$to/node_modules" ]; then
        return 0
    fi
    step "Fetching with npm: @duosecurity/duo_api"
    rm -rf "$to"
    mkdir -p "$to"
    cp "$from/package.json" "$from/package-lock.json" "$to/"
    npm ci --prefix "$to" --ignore-scripts --no-audit --no-fund ||
        fail "npm could not fetch it (its own words are above)." "Check the network, then run the same command again."
}

# Without apt the names of packages differ, so this only says what to look for.
need_commands() {
    local list program missing=()
    for list in "$@"; do
        for program in $(commands_for "$list"); do
            command -v "$program" >/dev/null || missing+=("$program")
        done
    done
    [ ${#missing[@]} -eq 0 ] || fail "These programs are missing, and there is no apt-get to install them: ${missing[*]}" \
        "On Amazon Linux and Fedora: dnf install gcc make pam-devel clang compiler-rt openssh-server openssh-clients"
}

commands_for() {
    case $1 in
        build) echo gcc make ;;
        demo) echo sshd ssh ip unshare oathtool qrencode socat login_duo ;;
        bench) echo pamtester oathtool ;;
        fuzz) echo clang ;;
        lint) echo shellcheck git ;;
        test) echo sshd ssh sudo rsync ip unshare expect pamtester oathtool debootstrap systemd-nspawn socat mkfs.ext4
            echo checkmodule cloud-init ansible-playbook login_duo sqlite3 node npm ;;
        download) echo curl ;;
    esac
}
