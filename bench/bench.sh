#!/bin/bash
# bench.sh -- Bastide beside the tunnels that people would take instead: every
# contestant that is there, in one run on one machine, in turns.
#
#	[ROUNDS=5] [CONTESTANTS='bastide raw fips'] [TOPOLOGIES='pair chain ten']
#	[SECS=3] [IDLE=30] [FIPS_BIN=path] [WIREGUARD_GO=path] [YGGDRASIL=path]
#	[NETEM='delay 5ms loss 0.1%'] [OUT=folder] bench/bench.sh
#
# pair: two namespaces and a wire. chain: three, the middle forwards, the ends
# have no other way. ten: a Bastide node in the middle of ten. All contestants
# of a topology stand at once, each in namespaces of its own, and are measured
# one after the other, round after round; what those that wait use is measured
# at the end, when nobody sends. rivals/NAME.sh knows how to set one up.
LEVEL=warn
. "$(dirname "$0")/../tests/net/lib.sh"
. "$(dirname "$0")/stand.sh"
ROUNDS=${ROUNDS:-5} SECS=${SECS:-3} IDLE=${IDLE:-30}
TOPOLOGIES=${TOPOLOGIES:-pair chain ten}
CONTESTANTS=${CONTESTANTS:-bastide raw fips wireguard-go wireguard-go-given nebula tinc
    yggdrasil yggdrasil-given fastd}
OUT=${OUT:-$BASTIDE_BUILD/bench}
mkdir -p "$OUT" || bail "cannot make $OUT"
: >"$tmp/rows"
command -v iperf3 >/dev/null || bail "iperf3 is missing; run: sudo sh scripts/deps.sh bench"


# sample WHO TOPOLOGY ROUND
sample() {
	local key=$1.$2 nodes first last
	nodes=${NODES[$key]} first=${nodes%% *} last=${nodes##* }
	if ! answers "$first" "${TARGET[$key]}" >/dev/null; then
		say "  $key: does not answer any more; set up anew"
		fall "$1" "$2"
		stand "$1" "$2" || return 1
	fi
	# shellcheck disable=SC2046
	python3 "$bench/sample.py" run --build "$BASTIDE_BUILD" --who "$1" --topology "$2" \
	    --round "$3" --secs "$SECS" --from "$(ns "$first")" --to "$(ns "$last")" \
	    --address "${TARGET[$key]}" $(nodes_of "$key") >>"$tmp/rows"  2>"$tmp/sample.err" ||
	    { say "  $key: $(tail -n 1 "$tmp/sample.err")"; return 1; }
	tail -n 1 "$tmp/rows" | python3 "$bench/sample.py" brief
}

say "$(uname -srm), $(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)"
say "$ROUNDS rounds of $SECS s a stream; load $(cut -d' ' -f1-3 /proc/loadavg)"
missing=
for c in $CONTESTANTS; do
	if v=$(mine "$c" version 2>/dev/null) && [ -n "$v" ]; then
		VERSION[$c]=$v
		say "  $c: $v"
	else
		say "  $c: ${v:-no such contestant}; left out"
		missing="$missing $c (${v:-no such contestant});"
	fi
done
[ ${#VERSION[@]} -gt 0 ] || bail "no contestant at all"

began=$SECONDS
for t in $TOPOLOGIES; do
	for c in $CONTESTANTS; do
		[ -n "${VERSION[$c]:-}" ] || continue
		[ "$t" != ten ] || [ "$c" = bastide ] || continue
		stand "$c" "$t" || { fall "$c" "$t"; missing="$missing $c.$t (does not work);"; }
	done
done
say "all stand after $((SECONDS - began)) s"
for ((r = 1; r <= ROUNDS; r++)); do
	say "round $r"
	for t in $TOPOLOGIES; do
		for c in $CONTESTANTS; do
			[ -n "${STANDS[$c.$t]:-}" ] || continue
			sample "$c" "$t" "$r"
		done
	done
done
sleep 3
groups=()
for key in "${!STANDS[@]}"; do
	[ -n "${STANDS[$key]}" ] || continue
	for n in $(nodes_of "$key"); do groups+=("$key/$n"); done
done
say "idle for $IDLE s"
python3 "$bench/sample.py" idle --secs "$IDLE" "${groups[@]}" >"$tmp/idle"
for c in $CONTESTANTS; do [ -z "${VERSION[$c]:-}" ] || printf '%s\t%s\n' "$c" "${VERSION[$c]}"; done >"$tmp/versions"
say "took $((SECONDS - began)) s"
netem_said=none
[ -z "$NETEM" ] || { $netem_works && netem_said=$NETEM || netem_said="none (the kernel has none)"; }
python3 "$bench/table.py" --rows "$tmp/rows" --idle "$tmp/idle" --versions "$tmp/versions" \
    --missing "${missing%;}" --netem "$netem_said" --out "$OUT/bench" --secs "$SECS" &&
    say "as text, JSON and a plot: $OUT/bench.txt $OUT/bench.json $OUT/bench.svg"
