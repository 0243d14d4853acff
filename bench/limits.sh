#!/bin/bash
# limits.sh -- a node with many peers that has heard of many nodes: its memory,
# its longest tick and whatever else held packets up, what it costs to have it stand there.
#
#	[CROWD=250] [PLACES=10000] [IDLE=20] bench/limits.sh
LEVEL=info
. "$(dirname "$0")/../tests/net/lib.sh"
CROWD=${CROWD:-250} PLACES=${PLACES:-10000} IDLE=${IDLE:-20}

net a b
wire a b
identity a
# Room for all, and no patience asked of them at the door.
EXTRA_NODE[a]="  limits:
    max_peers: $CROWD
    max_links: $((2 * CROWD))
  rate_limit:
    handshake_burst: 1000
    handshake_rate: 1000.0"
conf a
start a

row() {
	local pss rss
	# shellcheck disable=SC2046
	read -r pss rss < <($tool memory $(rooms a))
	printf '%-34s %8s %8s %12s %13s %8s %8s\n' "$1" "$pss" "$rss" \
	    "$(show a status 'd["tick_max_us"]')" "$(show a status 'd["slice_max_us"]')" "$(show a status 'd["peer_count"]')" \
	    "${2:-0}"
}
echo "$(uname -srm), $(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg)"
printf '%-34s %8s %8s %12s %13s %8s %8s\n' "" "PSS MiB" "RSS MiB" "tick max, us" "slice max, us" peers places
row "alone"
background b "$BASTIDE_BUILD/crowd" "${IP[a]}" 2121 "${NPUB[a]}" "$CROWD" "$PLACES" \
    >"$tmp/crowd" 2>"$tmp/crowd.err"
crowd=$bg
wait_for 60 grep -q up "$tmp/crowd" || bail "not everybody came in: $(tail -n 3 "$tmp/crowd.err")"
sleep 1
row "$CROWD peers"
wait_for 120 grep -q told "$tmp/crowd" || bail "not all was told: $(tail -n 3 "$tmp/crowd.err")"
sleep 2
row "and places heard of" "$PLACES"
# shellcheck disable=SC2046
cpu=$($tool idle $(rooms a) "$IDLE")
row "$IDLE s later" "$PLACES"
# A list of all places is the longest answer that there is.
row "after a list of all places" "$(show a cache 'd["count"]')"
printf 'processor time with %s peers and a trickle: %s %% of a core\n' "$CROWD" "$cpu"
printf 'passed on: %s datagrams; refused: %s\n' \
    "$(show a status 'd["forwarding"]["forwarded_packets"]')" "$(show a status 'd["refused"]')"
printf 'load %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
gone "$crowd" && bail "the crowd went: $(tail -n 3 "$tmp/crowd.err")"
stop a >/dev/null
