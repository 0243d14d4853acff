#!/bin/bash
# micro.sh -- the steps of the data path: nanoseconds of processor time and
# instructions for each, as a table and as JSON in build/bench/micro.json.
#
# Instructions are callgrind's: those of N repetitions less those of none, over
# N. It shows the processor that valgrind knows, so a library may take another
# path there than in the nanoseconds beside it.
#
#	[INSTRUCTIONS=0] bench/micro.sh
set -eu
cd "$(dirname "$0")/.."
micro=${BASTIDE_BUILD:-$PWD/build}/micro
out=${BASTIDE_BUILD:-$PWD/build}/bench
N=${N:-200}
mkdir -p "$out"

total() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$micro" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
count() { echo $((($(total "$1" "$N") - $(total "$1" 0)) / N)); }

echo "$(uname -srm), $(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), load $(cut -d' ' -f1 /proc/loadavg)"
printf '%-36s %10s %14s\n' step ns instructions
"$micro" >"$out/micro.tsv"
{
    printf '{"machine":"%s","cores":%d,"load":%s,"steps":[' "$(uname -srm)" "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)"
    comma=
    while IFS=$'\t' read -r name ns; do
        n=null
        # What auto chooses in there is not what it chooses here.
        if [[ $name != auto:* ]] && [ "${INSTRUCTIONS:-1}" = 1 ] && command -v valgrind >/dev/null; then n=$(count "$name"); fi
        printf '%-36s %10s %14s\n' "$name" "$ns" "${n/null/-}" >&3
        printf '%s{"step":"%s","ns":%s,"instructions":%s}' "$comma" "$name" "$ns" "$n"
        comma=,
    done <"$out/micro.tsv"
    echo ']}'
} 3>&1 >"$out/micro.json"
echo "also in ${out#"$PWD"/}/micro.json"
