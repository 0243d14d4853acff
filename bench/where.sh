#!/bin/bash
# where.sh -- where the time goes while packets flow: a profile of one
# contestant's processes, by function.
#
#	[TOPOLOGY=pair|chain] [CONTESTANT=bastide] [LOAD=tcp|64] [SECS=5]
#	[LINES=30] bench/where.sh
#
# Samples the whole machine with perf's clock, so it works where no hardware counts,
# and shows what the contestant's own processes did. 64: datagrams of 64 bytes at
# RATE a second instead of a TCP stream.
LEVEL=warn
. "$(dirname "$0")/../tests/net/lib.sh"
. "$(dirname "$0")/stand.sh"
TOPOLOGY=${TOPOLOGY:-pair} c=${CONTESTANT:-bastide} LOAD=${LOAD:-tcp} SECS=${SECS:-5}
LINES=${LINES:-30}
for need in perf iperf3; do
	command -v $need >/dev/null || bail "$need is missing (Debian: linux-perf, iperf3)"
done
stand "$c" "$TOPOLOGY" || bail "$c does not stand"
key=$c.$TOPOLOGY
first=${NODES[$key]%% *} last=${NODES[$key]##* }
background "$last" iperf3 -s -1 -B "$target" >/dev/null 2>&1
sleep 0.5
args=(-t $((SECS + 2)))
[ "$LOAD" = tcp ] || args+=(-u -l 64 -b $((${RATE:-30000} * 512)))
background "$first" iperf3 -c "$target" "${args[@]}" >"$tmp/iperf" 2>&1
sleep 1
pids=
for n in $(nodes_of "$key"); do pids=$pids,${n#*=}; done
perf record -q -o "$tmp/perf" -e cpu-clock -F 2000 -p "${pids#,}" -- sleep "$SECS" >/dev/null 2>&1 ||
    bail "perf does not record"
wait "$bg"
tail -n 3 "$tmp/iperf" | sed 's/^/# /'
note "load $(cut -d' ' -f1-3 /proc/loadavg)"
# Rooms see no file system; perf finds their symbols only when they are gone.
fall "$c" "$TOPOLOGY"
report() { perf report -i "$tmp/perf" --stdio --percentage relative "$@" 2>/dev/null | grep -v '^#' | grep .; }
echo "by program:"
report --sort comm | head -n 8
echo "by program and part of it:"
report --sort comm,dso | head -n 14
echo "by function:"
report --sort comm,dso,symbol | sed 's/  *-  *-  *$//' | head -n "$LINES"
