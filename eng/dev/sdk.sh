# shellcheck shell=bash
# Finds a .NET SDK that satisfies global.json, or gets one. Leaves its path in DOTNET.

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# No build nodes that stay behind, as root's processes after sudo.
export MSBUILDDISABLENODEREUSE=1
# The SDK itself wants ICU, which a minimal machine has not got; nothing here depends on a culture.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

SDK_PACKAGE=dotnet-sdk-10.0
SDK_CHANNEL=10.0
SDK_FOLDER=$ROOT/out/dotnet
# Only a test or a mirror sets this: where Microsoft's install script is fetched from.
SDK_SCRIPT_URL=${SALLYPORT_SDK_SCRIPT_URL:-https://dot.net/v1/dotnet-install.sh}

need_sdk() {
    find_sdk || sdk_from_packages || sdk_from_script
    export DOTNET_ROOT=${DOTNET%/*} PATH=${DOTNET%/*}:$PATH
}

# `dotnet --version` fails in this folder if no SDK of that installation satisfies global.json.
find_sdk() {
    local candidate
    for candidate in "${DOTNET_ROOT:+$DOTNET_ROOT/dotnet}" "$(command -v dotnet || true)" "$SDK_FOLDER/dotnet"; do
        if [ -x "$candidate" ] && "$candidate" --version >/dev/null 2>&1; then
            DOTNET=$(readlink -f "$candidate")
            return 0
        fi
    done
    return 1
}

sdk_from_packages() {
    command -v apt-get >/dev/null || return 1
    [ -n "$(candidate $SDK_PACKAGE)" ] || return 1
    step "The .NET SDK is missing; this distribution has it as $SDK_PACKAGE."
    apt_install $SDK_PACKAGE
    find_sdk
}

sdk_from_script() {
    step "The .NET SDK is missing, and this distribution has no package $SDK_PACKAGE."
    say "Fetching Microsoft's install script: $SDK_SCRIPT_URL"
    say "It puts the SDK (about 200 MB to fetch) into $SDK_FOLDER; nothing outside that folder changes."
    command -v curl >/dev/null || need_packages download
    mkdir -p "$ROOT/out"
    local script=$ROOT/out/dotnet-install.sh
    curl --fail --silent --show-error --location --retry 3 --output "$script" "$SDK_SCRIPT_URL" || sdk_failed
    bash "$script" --channel "$SDK_CHANNEL" --install-dir "$SDK_FOLDER" --no-path || sdk_failed
    find_sdk || fail "The install script ended well, but $SDK_FOLDER/dotnet does not satisfy global.json." \
        "Remove $SDK_FOLDER and run the same command again."
    say "The .NET SDK $("$DOTNET" --version) is in $SDK_FOLDER."
}

sdk_failed() {
    fail "The .NET SDK could not be fetched from $SDK_SCRIPT_URL." \
        "Check the network (a proxy goes into https_proxy) and run the same command again," \
        "or install the .NET SDK $SDK_CHANNEL yourself and put its folder into DOTNET_ROOT."
}
