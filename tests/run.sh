#!/bin/bash
# run.sh -- builds everything in every variant and runs every test.
# Each test program prints TAP; the last line here is "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
export BASTIDE_BUILD=${BASTIDE_BUILD:-$PWD/build}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
jobs=$(nproc)
logs=$BASTIDE_BUILD/log
passed=0 failed=0
mkdir -p "$logs"

# tally NAME FILE STATUS: count what a program said; one that failed without
# saying which test failed counts as a failed test itself.
tally() {
    local ok bad
    ok=$(grep -c '^ok ' "$2") bad=$(grep -c '^not ok ' "$2")
    if [ "$3" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    if [ "$3" -eq 0 ] && [ "$ok" -eq 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    passed=$((passed + ok)) failed=$((failed + bad))
    if [ "$bad" -gt 0 ]; then
        printf 'FAIL %s: %d passed, %d failed (status %d)\n' "$1" "$ok" "$bad" "$3"
        grep -A6 '^not ok ' "$2" | head -n 40
        [ "$3" -eq 0 ] || tail -n 25 "$2"
    else
        printf 'ok   %s: %d passed\n' "$1" "$ok"
    fi
}

# try NAME SECONDS COMMAND...: run a program of tests.
try() {
    local name=$1 limit=$2 log=$logs/${1//\//-}.log status
    shift 2
    timeout -k 5 "$limit" "$@" >"$log" 2>&1 </dev/null
    status=$?
    tally "$name" "$log" "$status"
}

# one NAME SECONDS COMMAND...: a command that is one test.
one() {
    local name=$1 limit=$2 log=$logs/${1//[\/ ]/-}.log status
    shift 2
    timeout -k 5 "$limit" "$@" >"$log" 2>&1 </dev/null
    status=$?
    if [ $status -eq 0 ]; then echo "ok - $name" >"$log.tap"
    else { echo "not ok - $name"; tail -n 20 "$log"; } >"$log.tap"; fi
    tally "$name" "$log.tap" 0
}

started=$(date +%s)
one "gcc builds every program" 300 make -j"$jobs" all
one "gcc builds every program with sanitizers" 300 make -j"$jobs" sanitized
one "clang builds every program" 300 make -j"$jobs" clang
one "gcc builds every test" 600 make -j"$jobs" tests
one "clang builds every fuzz target" 600 make -j"$jobs" fuzzers
one "documents match the tables" 60 bash tests/docs_match.sh
try tables 120 bash tests/tables.sh

for t in "$BASTIDE_BUILD"/tests/unit/*; do
    [ -x "$t" ] && [ -f "$t" ] && try "unit/${t##*/}" 120 "$t"
done
for t in "$BASTIDE_BUILD"/tests/liar/*; do
    [ -x "$t" ] && [ -f "$t" ] && try "liar/${t##*/}" 180 "$t"
done
for t in "$BASTIDE_BUILD"/fuzz/*; do
    [ -x "$t" ] && [ -f "$t" ] || continue
    name=${t##*/} work=$BASTIDE_BUILD/corpus/$name
    mkdir -p "$work"
    one "fuzz $name for ${FUZZ_SECONDS:-6} s" 120 "$t" -max_total_time="${FUZZ_SECONDS:-6}" \
        -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$logs/$name-" \
        "$work" "tests/fuzz/seeds/${name#fuzz_}"
done
if [ "$(id -u)" -ne 0 ]; then
    echo "not root: the drills and the tests in namespaces need it; run: sudo make check"
    failed=$((failed + 1))
else
    for t in tests/drill/*.sh tests/net/t_*.sh; do
        [ -f "$t" ] && try "${t#tests/}" "${NET_SECONDS:-420}" bash "$t"
    done
fi
echo "took $(($(date +%s) - started)) s; logs in ${logs#"$PWD"/}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
