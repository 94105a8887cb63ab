# shellcheck shell=bash
# Runs every suite to its end, whatever the others said, and closes with one line over all of them.

PASSED=0 FAILED=0 SKIPPED=0

run_tests() {
    need_packages build fuzz bench lint test
    need_sdk
    # shellcheck source=eng/dev/lint.sh
    . eng/dev/lint.sh
    local begun=$SECONDS project projects logs=$ROOT/out/logs
    rm -rf "$logs"
    mkdir -p "$logs"

    # A part that does not build is a failure like any other: the suites that need it will say so too.
    (build_host) || count_failure "the host programs did not build"
    (build_server) || count_failure "the server did not build"
    (need_node_sdk) || count_failure "the Node SDK could not be fetched"
    step "The tests: compiling"
    "$DOTNET" build Sallyport.slnx -c Release || count_failure "the solution did not build"

    mapfile -t projects < <(sed -n 's/.*Path="\(tests\/[^"]*\)".*/\1/p' Sallyport.slnx)
    for project in "${projects[@]}"; do
        run_suite "$project" "$logs/$(basename "$project" .csproj).log"
    done
    run_lint
    PASSED=$((PASSED + LINT_PASSED))
    FAILED=$((FAILED + LINT_FAILED))

    step "All suites, in $((SECONDS - begun)) s (logs: out/logs)"
    grep -h '^failed ' "$logs"/*.log || true
    [ $PASSED -gt 0 ] || count_failure "no test ran"
    say "$PASSED passed, $FAILED failed, $SKIPPED skipped"
    [ $FAILED -eq 0 ]
}

# run_suite PROJECT LOG
run_suite() {
    local project=$1 log=$2 rc=0 total failed succeeded skipped
    step "$project"
    set +e
    timeout --kill-after=30 2700 "$DOTNET" test --project "$project" --no-build -c Release --output Detailed 2>&1 |
        tee "$log" | grep --line-buffered -v '^  from /'
    rc=${PIPESTATUS[0]}
    set -e
    total=$(summary total "$log") failed=$(summary failed "$log")
    succeeded=$(summary succeeded "$log") skipped=$(summary skipped "$log")
    PASSED=$((PASSED + succeeded)) FAILED=$((FAILED + failed)) SKIPPED=$((SKIPPED + skipped))
    if [ "$total" -eq 0 ]; then
        count_failure "$project ran no test (exit code $rc)"
    elif [ "$failed" -eq 0 ] && [ "$rc" -ne 0 ]; then
        count_failure "$project ended with exit code $rc although no test failed"
    fi
}

# One number of the summary at the end of a log; 0 if the suite did not get that far.
summary() {
    local number
    number=$(sed -n '/^Test run summary/,$ s/^ *'"$1"': \([0-9]*\)$/\1/p' "$2" | tail -n 1)
    echo "${number:-0}"
}

count_failure() {
    say "failed $1" | tee -a "$ROOT/out/logs/dev.log"
    FAILED=$((FAILED + 1))
}
