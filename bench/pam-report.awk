# The tables of bench/pam.sh. Input: case mode module n, then median and p99 of pam_authenticate and of the whole login.

{
    median[$1, $2, $3] = $5
    authenticate[$1, $2, $3] = sprintf("%.0f/%.0f", $5, $6)
    whole[$1, $2, $3] = sprintf("%.0f/%.0f", $7, $8)
    n = $4
}

function cell(table, name, mode, module) {
    return (name, mode, module) in table ? table[name, mode, module] : "-"
}

function row(name, mode, title) {
    printf "%-28s %-6s %6.2f  %11s %11s %11s   %11s %11s %11s\n", title, mode,
        median[name, mode, "ours"] / median[name, mode, "theirs"],
        cell(authenticate, name, mode, "ours"), cell(authenticate, name, mode, "theirs"),
        cell(authenticate, name, mode, "oath"),
        cell(whole, name, mode, "ours"), cell(whole, name, mode, "theirs"), cell(whole, name, mode, "oath")
}

function against_the_usual(name, module) {
    return sprintf("%7.0f us %+6.1f %%", median[name, "mapped", module],
        100 * (median[name, "mapped", module] / median["refused-usual", "mapped", module] - 1))
}

function refused(name, title) {
    printf "%-28s %s   %s\n", title, against_the_usual(name, "ours"), against_the_usual(name, "theirs")
}

END {
    printf "Microseconds, median/p99 of %d logins each. Ratio: median of ours / pam_google_authenticator's.\n\n", n
    printf "%-28s %-6s %6s  %-35s   %s\n", "", "", "", "pam_authenticate", "the whole login"
    printf "%-28s %-6s %6s  %11s %11s %11s   %11s %11s %11s\n", "case", "", "ratio",
        "ours", "google", "oath", "ours", "google", "oath"
    split("mapped forked", modes)
    for (i = 1; i <= 2; i++) {
        row("usual", modes[i], "right code, usual file")
        row("nothing", modes[i], "right code, nothing to save")
        row("wrong", modes[i], "wrong code, skew learning")
        row("noskew", modes[i], "wrong code, noskewadj")
    }

    printf "\n%-28s %19s   %19s\n", "refused: who is it? (mapped)", "ours", "google"
    refused("refused-usual", "enrolled, usual file")
    refused("refused-plain", "enrolled, nothing to save")
    refused("refused-unenrolled", "not enrolled")
    refused("refused-unknown", "no such account")

    printf "\nMemory of the agent: %d KiB before the first login; after %d logins and each %d more: %s KiB",
        start, logins / 10, logins / 10, values
    printf " (%s KiB per 1,000 logins).\n", slope
}
