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

# ran NAME SECONDS COMMAND...: a program of tests, its words and its status into files.
ran() {
    local limit=$2 log=$logs/${1//\//-}.log
    shift 2
    timeout -k 5 "$limit" "$@" >"$log" 2>&1 </dev/null
    echo $? >"$log.status"
}
told_of() { tally "$1" "$logs/${1//\//-}.log" "$(cat "$logs/${1//\//-}.log.status")"; }
try() {
    ran "$@"
    told_of "$1"
}
# room_for_one: wait until fewer than $jobs run.
room_for_one() { while [ "$(jobs -pr | wc -l)" -ge "$jobs" ]; do wait -n; done; }

# crowd SECONDS COMMAND FILE...: that command with each, in this order, $jobs at a time.
crowd() {
    local limit=$1 command=$2 t
    shift 2
    for t in "$@"; do
        room_for_one
        ran "${t##*tests/}" "$limit" "$command" "$t" &
    done
    wait
    for t in "$@"; do told_of "${t##*tests/}"; done
}

# told NAME SECONDS COMMAND...: a command that is one test, into a TAP file.
told() {
    local name=$1 limit=$2 log=$logs/${1//[\/ ]/-}.log
    shift 2
    if timeout -k 5 "$limit" "$@" >"$log" 2>&1 </dev/null; then echo "ok - $name" >"$log.tap"
    else { echo "not ok - $name"; tail -n 20 "$log"; } >"$log.tap"; fi
}
one() {
    told "$@"
    tally "$1" "$logs/${1//[\/ ]/-}.log.tap" 0
}

started=$(date +%s)
one "gcc builds every program" 300 make -j"$jobs" all
one "gcc builds every program with sanitizers" 300 make -j"$jobs" sanitized
one "clang builds every program" 300 make -j"$jobs" clang
one "gcc builds every test" 600 make -j"$jobs" tests
one "clang builds every fuzz target" 600 make -j"$jobs" fuzzers
one "documents match the tables" 60 bash tests/docs_match.sh
one "units start what PREFIX installs" 60 bash tests/units.sh
try tables 120 bash tests/tables.sh
try apparmor 60 bash tests/apparmor.sh

programs=()
for t in "$BASTIDE_BUILD"/tests/unit/* "$BASTIDE_BUILD"/tests/liar/*; do
    [ -x "$t" ] && [ -f "$t" ] && programs+=("$t")
done
crowd 300 env "${programs[@]}"
# A fuzz target keeps one core busy: as many at a time as there are.
fuzz() {
    local target=${1##*/}
    mkdir -p "$BASTIDE_BUILD/corpus/$target"
    told "fuzz $target" 120 "$1" -max_total_time="${FUZZ_SECONDS:-6}" \
        -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$logs/$target-" \
        "$BASTIDE_BUILD/corpus/$target" "tests/fuzz/seeds/${target#fuzz_}"
}
for t in "$BASTIDE_BUILD"/fuzz/*; do
    [ -x "$t" ] && [ -f "$t" ] || continue
    room_for_one
    fuzz "$t" &
done
wait
for t in "$BASTIDE_BUILD"/fuzz/*; do
    [ -x "$t" ] && [ -f "$t" ] && tally "fuzz ${t##*/}" "$logs/fuzz-${t##*/}.log.tap" 0
done
if [ "$(id -u)" -ne 0 ]; then
    echo "not root: the drills and the tests in namespaces need it; run: sudo make check"
    failed=$((failed + 1))
else
    # Each has namespaces of its own, and most of them wait most of the time: one more
    # than there are cores. What takes longest begins first, so that nothing long is
    # left to run alone.
    jobs=$((jobs + 1))
    scripts=()
    for t in tests/net/t_{grant,faults,directory,hostile,bad_input,mmp,weather,lending,ecn,mesh}.sh \
        tests/drill/*.sh tests/net/t_*.sh; do
        case " ${scripts[*]} " in *" $t "*) ;; *) scripts+=("$t") ;; esac
    done
    crowd "${NET_SECONDS:-420}" bash "${scripts[@]}"
fi
echo "took $(($(date +%s) - started)) s; logs in ${logs#"$PWD"/}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
