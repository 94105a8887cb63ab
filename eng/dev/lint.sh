# shellcheck shell=bash
# Formatting, scripts and documents. Each check counts as one test.

LINT_PASSED=0 LINT_FAILED=0

run_lint() {
    step "lint"
    mkdir -p "$ROOT/out/logs"
    check "the C# code is formatted" format
    check "the scripts pass shellcheck" scripts
    check "README.md has at most 120 lines" at_most 120 README.md
    check "the shim has fewer than 400 lines" at_most 399 src/Pam/pam_sallyport.c
    check "links between documents lead somewhere" links
    check "nothing is left for later" left_for_later
}

check() {
    local text=$1
    shift
    if "$@"; then
        say "passed $text"
        LINT_PASSED=$((LINT_PASSED + 1))
    else
        say "failed $text" | tee -a "$ROOT/out/logs/lint.log"
        LINT_FAILED=$((LINT_FAILED + 1))
    fi
}

# The build enforces the style rules; this looks at white space alone, which takes seconds instead of a minute.
format() {
    "$DOTNET" format whitespace . --folder --verify-no-changes --include src tests ||
        { say "./dev dotnet format whitespace . --folder --include src tests    mends it"; return 1; }
}

scripts() {
    local file files=()
    while IFS= read -r file; do
        if [[ $file == *.sh ]] || head -n 1 "$file" | grep -q '^#!.*sh$'; then
            files+=("$file")
        fi
    done < <(tracked)
    shellcheck -x "${files[@]}"
}

at_most() {
    local lines
    lines=$(wc -l <"$2") || return 1
    [ "$lines" -le "$1" ] || { say "$2 has $lines lines"; return 1; }
}

links() {
    local file target broken=0
    while IFS= read -r file; do
        while IFS= read -r target; do
            target=${target%%#*}
            [ -z "$target" ] || [ -e "$(dirname "$file")/$target" ] || { say "$file: $target is not there"; broken=1; }
        done < <(grep -oE '\]\([^)]+\)' "$file" | sed 's/^](//; s/)$//' | grep -vE '^[a-z]+:' || true)
    done < <(tracked | grep '\.md$')
    return $broken
}

left_for_later() {
    local words='TO''DO|FIX''ME|XX''X|for ''now|NotImplemented''Exception'
    ! tracked | grep -E '\.(cs|c|h|sh|md)$|^dev$' | xargs -d '\n' grep -nE "\\b($words)\\b"
}

# The files of the repository; in a copy without git, everything but what was built.
tracked() {
    if [ -e .git ] && command -v git >/dev/null; then
        git -c safe.directory="$ROOT" ls-files --cached --others --exclude-standard | while IFS= read -r file; do
            [ ! -f "$file" ] || printf '%s\n' "$file"
        done
    else
        find . -type f -not -path './out/*' -not -path './artifacts/*' -not -path './.git/*' | sed 's#^\./##'
    fi
}
