# The tables of bench/pam.sh. Input: case mode module n, then median and p99 of pam_authenticate and of the whole login.

{
    median[$1, $2, $3] = $5
    slow[$1, $2, $3] = $6
    authenticate[$1, $2, $3] = sprintf("%.0f/%.0f", $5, $6)
    whole[$1, $2, $3] = sprintf("%.0f/%.0f", $7, $8)
    n = $4
}

function cell(table, name, mode, module) {
    return (name, mode, module) in table ? table[name, mode, module] : "-"
}

function row(name, mode, title) {
    printf "%-28s %-6s %6.2f  %11s %11s %11s   %11s %11s %11s\n", title, mode,
        ratio(name, mode),
        cell(authenticate, name, mode, "ours"), cell(authenticate, name, mode, "theirs"),
        cell(authenticate, name, mode, "oath"),
        cell(whole, name, mode, "ours"), cell(whole, name, mode, "theirs"), cell(whole, name, mode, "oath")
}

function ratio(name, mode) {
    return median[name, mode, "ours"] / median[name, mode, "theirs"]
}

function limit(what, value, most) {
    printf "%-9s %-40s %7.2f  (limit %.1f)\n", value <= most ? "kept" : "MISSED", what, value, most
    missed += value > most
}

function against(usual, name, module) {
    return (name, "mapped", module) in median ? sprintf("%7.0f us %+6.1f %%", median[name, "mapped", module],
        100 * (median[name, "mapped", module] / median[usual, "mapped", module] - 1)) : ""
}

function refused(usual, name, title,    apart) {
    apart = 100 * (median[name, "mapped", "ours"] / median[usual, "mapped", "ours"] - 1)
    apart = apart < 0 ? -apart : apart
    farthest = apart > farthest ? apart : farthest
    printf "%-28s %s   %s\n", title, against(usual, name, "ours"), against(usual, name, "theirs")
}

END {
    count = split(values, resident, " ")
    for (i = 1; i <= count; i++)
        largest = resident[i] > largest ? resident[i] : largest

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
        row("stored", modes[i], "right code, root-only store")
        row("wrong-stored", modes[i], "wrong code, root-only store")
    }

    printf "\n%-28s %19s   %19s\n", "refused: who is it? (mapped)", "ours", "google"
    refused("refused-usual", "refused-usual", "enrolled, usual file")
    refused("refused-usual", "refused-plain", "enrolled, nothing to save")
    refused("refused-usual", "refused-unenrolled", "not enrolled")
    refused("refused-usual", "refused-unknown", "no such account")

    printf "\n%-28s\n", "the same, root-only store"
    refused("refused-stored", "refused-stored", "enrolled")
    refused("refused-stored", "refused-unenrolled-stored", "not enrolled")
    refused("refused-stored", "refused-unknown-stored", "no such account")

    printf "\nMemory of the agent: %d KiB before the first login; after %d logins and each %d more: %s KiB",
        start, logins / 10, logins / 10, values
    printf " (%s KiB per 1,000 logins).\n", slope

    if (smoke)
        exit
    printf "\n"
    limit("usual file, mapped", ratio("usual", "mapped"), 1.0)
    limit("usual file, forked", ratio("usual", "forked"), 1.0)
    limit("nothing to save, mapped", ratio("nothing", "mapped"), 3.0)
    limit("nothing to save, forked", ratio("nothing", "forked"), 3.0)
    limit("wrong code with skew learning, mapped", ratio("wrong", "mapped"), 0.8)
    limit("wrong code with skew learning, forked", ratio("wrong", "forked"), 0.8)
    limit("root-only store, mapped", ratio("stored", "mapped"), 0.8)
    limit("root-only store, forked", ratio("stored", "forked"), 0.8)
    limit("root-only store, mapped, p99", slow["stored", "mapped", "ours"] / slow["stored", "mapped", "theirs"], 1.0)
    limit("refusals apart by, %", farthest, 10)
    limit("memory of the agent, MiB", largest / 1024, 30)
    if (logins >= 5000) # before that the collector has not settled
        limit("memory more with each 1,000 logins, KiB", slope, 20)
    exit missed > 0
}
