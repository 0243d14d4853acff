#!/bin/bash
# fuzz.sh SECONDS -- every fuzz target for that long, one after the other. The
# corpus grows in $B/corpus; a crash is kept in $B/log and ends the run.
set -eu
cd "$(dirname "$0")/.."
B=${BASTIDE_BUILD:-build}
seconds=${1:-60}
mkdir -p $B/log
for t in $B/fuzz/*; do
    name=${t##*/}
    mkdir -p "$B/corpus/$name"
    echo "== $name, $seconds s"
    "$t" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$B/log/$name-" "$B/corpus/$name" "tests/fuzz/seeds/${name#fuzz_}"
done
