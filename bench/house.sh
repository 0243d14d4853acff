#!/bin/bash
# house.sh -- what a node costs: start to first ping of a cold pair, memory,
# idle processor time, handshakes, the end after a death. One run; the reference daemon in the same
# run when FIPS_BIN is given.
#
#	[FIPS_BIN=/path/to/fips] [ROUNDS=9] [IDLE=60] bench/house.sh
LEVEL=info
. "$(dirname "$0")/../tests/net/lib.sh"
ROUNDS=${ROUNDS:-9} IDLE=${IDLE:-60}

# cold SPAWN A B ADDRESS: both start at once; ms until B's first answer to A.
cold() {
	local w t0
	background "$2" $tool first "$4" 20 >"$tmp/first" 2>"$tmp/first.err"
	w=$bg
	wait_for 5 grep -q listening "$tmp/first.err"
	t0=$EPOCHREALTIME
	$1 "$2"
	$1 "$3"
	wait $w || bail "no ping came back within 20 s"
	python3 -c "print(round(($(cat "$tmp/first") - $t0) * 1000))"
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)], v[1], v[NR] }'; }

# house TITLE SPAWN A B ADDRESS-OF-B
house() {
	local i pids
	printf '\n%s\n' "$1"
	for ((i = 0; i < ROUNDS; i++)); do
		cold "$2" "$3" "$4" "$5"
		[ $i -eq $((ROUNDS - 1)) ] || { stop "$3"; stop "$4"; } >/dev/null
	done >"$tmp/cold"
	read -r mid low high < <(median <"$tmp/cold")
	printf '  start to first ping, cold pair   %6s ms   (%s..%s, %s rounds)\n' \
	    "$mid" "$low" "$high" "$ROUNDS"
	sleep 2
	pids=$(rooms "$3")
	# shellcheck disable=SC2086
	read -r pss rss < <($tool memory $pids)
	printf '  resident memory, all processes   %6s MiB  (PSS; RSS %s MiB)\n' "$pss" "$rss"
	# shellcheck disable=SC2086
	printf '  processor time when idle, %s s   %6s %%    of a core\n' "$IDLE" \
	    "$($tool idle $pids "$IDLE")"
	# shellcheck disable=SC2086
	read -r pss rss < <($tool memory $pids)
	printf '  resident memory after that       %6s MiB  (PSS; RSS %s MiB)\n' "$pss" "$rss"
	stop "$3"
	stop "$4"
} 

net a b
wire a b
identity a b
PEERS[a]=b PEERS[b]=a
conf a
conf b
start b
addr=$(mesh_addr b)
stop b
echo "$(uname -srm), $(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)"
house "Bastide" spawn a b "$addr"
"$BASTIDE_BUILD/hs_bench" | sed 's/^/  /'
# death ROOM: ms from kill -9 of it until no process of the house is left.
death() {
	local t0 pids p left
	start a >/dev/null
	pids=$(rooms a)
	t0=$EPOCHREALTIME
	kill -KILL "$(room a "$1")"
	left=yes
	while [ -n "$left" ]; do
		left=
		for p in $pids; do
			case $(cut -d' ' -f3 "/proc/$p/stat" 2>/dev/null) in ''|Z) ;; *) left=yes ;; esac
		done
	done
	python3 -c "print(round(($EPOCHREALTIME - $t0) * 1000))"
	wait "${PID[a]}" 2>/dev/null
	unset "PID[a]"
}
for ((i = 0; i < ROUNDS; i++)); do death netd; death cryptod; done >"$tmp/deaths"
read -r mid low high < <(median <"$tmp/deaths")
printf '  a room killed to house gone      %6s ms   (%s..%s, %s rounds)\n' \
    "$mid" "$low" "$high" $((2 * ROUNDS))

if [ -n "${FIPS_BIN:-}" ]; then
	for n in a b; do
		EXTRA_NODE[$n]=$'  control:\n    socket_path: '$(sock $n)
		conf $n
	done
	house "the reference, $("$FIPS_BIN" --version)" spawn_reference a b "$addr"
fi
