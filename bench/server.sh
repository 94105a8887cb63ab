#!/usr/bin/env bash
# What a login costs the server, and how many it takes, in one run.
#
#   bench/server.sh [--parts abcdep] [--databases sqlite,postgres] [--users 1,10000,1000000] [--rounds N]
#                   [--connections N] [--program FILE] [--smoke yes]
#
# a: a headless login_duo with and without TCP_QUICKACK on the server's side, in turns. b: passcode logins a second.
# c: start-up and idle memory. d: (b) with so many users, in turns.
# e: backup, restore and check with the most users, on SQLite; only where it is asked for. p: logins that wait for a
# phone, and how soon they hear of their approval; that is ./dev bench push. Everything is made anew in a
# temporary folder (TMPDIR), on loopback, with a PostgreSQL of its own; nothing is left. --program measures another
# build, a .dll too.
# Ends with 1 where a limit is missed. docs/reference/performance.md says what is measured and what the limits are.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
program=$root/out/server/sallyport-server
[ "${1:-}" != --help ] || { sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//'; exit 0; }

postgres=$(find /usr/lib/postgresql -name initdb 2>/dev/null | sort -V | tail -n 1)
[ -n "$postgres" ] || { echo "bench: PostgreSQL is missing: apt-get install postgresql" >&2; exit 1; }
bench=$root/artifacts/bin/Bench/release/Sallyport.Bench
[ -x "$bench" ] || { echo "bench: $bench is missing: run ./dev bench server" >&2; exit 1; }
exec "$bench" --program "$program" --postgres "$(dirname "$postgres")" "$@"
