# shellcheck shell=bash
# How the scripts speak: what happens now, and what to do when it went wrong.

say() {
    printf '%s\n' "$*"
}

step() {
    printf '\n==> %s\n' "$*"
}

# fail PROBLEM [WHAT TO DO NEXT]...
fail() {
    printf '\nerror: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '       %s\n' "$@" >&2
    exit 1
}

# Users, namespaces and mounts need root. Asks sudo for it once and gives the built files back to their owner afterwards.
as_root() {
    [ "$(id -u)" -ne 0 ] || return 0
    command -v sudo >/dev/null ||
        fail "'./dev $1' makes users and network namespaces of its own, so it needs root." "Run it as root: ./dev $*"
    say "'./dev $1' makes users and network namespaces of its own, so it needs root: asking sudo."
    local rc=0
    sudo env PATH="$PATH" DOTNET_ROOT="${DOTNET_ROOT:-}" "$ROOT/dev" "$@" || rc=$?
    sudo chown -R "$(id -u):$(id -g)" out artifacts 2>/dev/null || true
    exit "$rc"
}
