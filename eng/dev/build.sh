# shellcheck shell=bash
# Builds the host programs into out/host and the server into out/server. What has not changed since the last time is not built again.

HOST=$ROOT/out/host
SERVER=$ROOT/out/server

build_host() {
    mkdir -p "$HOST"
    # Two builds at once would publish over each other.
    exec 9>"$ROOT/out/build.lock"
    flock 9
    local shared=(src/Protocol src/Host Directory.Build.props Directory.Packages.props global.json .editorconfig
        eng/BannedSymbols.txt)
    build_part sallyport-agent "sallyport-agent: compiling to native code (about half a minute)" publish_agent \
        src/Agent "${shared[@]}"
    build_part sallyport "sallyport: compiling to native code (about half a minute)" publish_sallyport \
        src/Cli "${shared[@]}"
    build_part sallyport-login "sallyport-login: compiling to native code (about half a minute)" publish_login \
        src/Login "${shared[@]}"
    build_part pam_sallyport.so "pam_sallyport.so" make_module \
        src/Pam/Makefile src/Pam/pam_sallyport.c
    exec 9>&-
    say "Built: out/host/sallyport-agent, out/host/sallyport, out/host/sallyport-login, out/host/pam_sallyport.so"
}

# One file, and SQLite's library beside it: they need nothing from the machine but libssl. The runtime is in it, and most
# code is compiled already.
build_server() {
    mkdir -p "$SERVER"
    exec 9>"$ROOT/out/build.lock"
    flock 9
    HOST=$SERVER build_part sallyport-server "sallyport-server: compiling (about a minute)" publish_server \
        src/Protocol src/Server Directory.Build.props Directory.Packages.props global.json .editorconfig \
        eng/BannedSymbols.txt
    exec 9>&-
    say "Built: out/server/sallyport-server"
}

# build_part FILE TEXT FUNCTION INPUT...: runs FUNCTION unless FILE was made from these very inputs.
build_part() {
    local file=$1 text=$2 function=$3 digest
    shift 3
    digest=$(digest_of "$@")
    if [ -e "$HOST/$file" ] && [ "$(cat "$HOST/.$file.inputs" 2>/dev/null)" = "$digest" ]; then
        return 0
    fi
    step "$text"
    rm -f "$HOST/.$file.inputs"
    local begun=$SECONDS
    # Compiler servers outlive the build: one that inherited the lock would hold up every build after it.
    $function 9>&-
    [ -e "$HOST/$file" ] || fail "The build ended well, but out/host/$file is not there."
    say "done in $((SECONDS - begun)) s"
    printf '%s\n' "$digest" >"$HOST/.$file.inputs"
}

digest_of() {
    { "$DOTNET" --version && find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; } |
        sha256sum
}

publish_agent() { publish sallyport-agent src/Agent; }

publish_sallyport() { publish sallyport src/Cli; }

publish_login() { publish sallyport-login src/Login; }

publish_server() {
    # Not composite: one image of everything would be in memory whole, whatever of it is used.
    publish sallyport-server src/Server --self-contained -p:PublishSingleFile=true \
        -p:IncludeNativeLibrariesForSelfExtract=false -p:PublishReadyToRun=true -p:PublishReadyToRunComposite=false
}

# publish PROGRAM PROJECT [OPTION...]
publish() {
    local program=$1 project=$2 published=$ROOT/out/publish/$1
    shift 2
    "$DOTNET" publish "$project" -c Release -r "$(runtime_identifier)" -p:CppCompilerAndLinker=gcc -o "$published" "$@" ||
        fail "$program did not build (the reason is above)." \
            "If packages could not be restored: check the network, then run the same command again."
    # A native library cannot be in the one file; it is found beside the program, also through a link to that.
    local library
    for library in "$published"/*.so; do
        [ ! -e "$library" ] || install -m 755 "$library" "$HOST/"
    done
    # Renamed into place, so that a running program keeps its own file.
    install -m 755 "$published/$program" "$HOST/.$program.new"
    [ ! -e "$published/$program.dbg" ] || install -m 644 "$published/$program.dbg" "$HOST/$program.dbg"
    mv -f "$HOST/.$program.new" "$HOST/$program"
}

make_module() {
    make --always-make -C src/Pam OUT="$HOST" || fail "pam_sallyport.so did not build (the compiler's words are above)."
}

runtime_identifier() {
    case $(uname -m) in
        x86_64) echo linux-x64 ;;
        aarch64) echo linux-arm64 ;;
        *) fail "Sallyport builds on x86_64 and aarch64; this machine is $(uname -m)." ;;
    esac
}
