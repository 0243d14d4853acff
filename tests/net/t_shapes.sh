#!/bin/bash
# t_shapes.sh -- every read command of the control socket answers in the shape that the
# reference's answers have: each member, of its type, in every list at least one row.
#
#	[FIPS_BIN=/path/to/fips] t_shapes.sh
#
# shapes.txt says what that is: the shape of v0.4.1 in the place of N below, with + before it
# what is ours alone. With FIPS_BIN a reference node there must have what stands in it, and
# nothing else; but it asks for nobody whom no filter leads to (?).
. "$(dirname "${BASH_SOURCE[0]}")/mesh.sh"
shapes="python3 $here/shapes.py"

# place OURS|REFERENCE: N between B, whom it dials, and C - D; it dials nobody as well,
# looks for somebody who is not there, and a program of its machine listens. All that it
# answers, now and a moment later, is left in $tmp/n.lines.
ask() { "$BASTIDE_BUILD/bastidectl" -S "$(sock n)" --json show "$1" 2>/dev/null; }
has() { ask "$1" | python3 -c 'import json,sys; d=json.load(sys.stdin); sys.exit(not d["'"$2"'"])'; }
asked() { $shapes collect "$(sock n)" "${NPUB[b]}" >>"$tmp/n.lines"; }
place() {
	bridge
	node n b c d
	NPUB[gone]=$(nobody) IP[gone]=10.99.0.251
	EXTRA_NODE[n]=$'  rate_limit:\n    handshake_timeout_secs: 5'
	[ "$1" = ours ] || REFERENCE=n
	[ "$1" = ours ] || EXTRA_NODE[n]+=$'\n  control:\n    socket_path: '$(sock n)
	dials n b
	dials n gone
	dials c n
	dials d c
	for i in n b c d; do conf $i; boot $i; done
	for i in n b c d; do wait_for 20 test -S "$(sock $i)" || bail "node $i does not start"; done
	check "$1: N reaches B, C and D" eval 'wait_for 40 reaches n b && wait_for 40 reaches n c && wait_for 60 reaches n d'
	background n python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", 7009))
time.sleep(300)'
	listens=$bg
	: >"$tmp/n.lines"
	for i in 1 2 3; do reaches n b -c 5 -i 0.2 >/dev/null; reaches n d -c 5 -i 0.2 >/dev/null; done
	check "$1: a dial waits" wait_for 40 has routing retries
	asked || bail "no answer"
	"$BASTIDE_BUILD/bastidectl" -S "$(sock n)" connect "$(nobody)" 10.99.0.252:2121 >/dev/null
	in_net n ping -6 -n -c 1 -W 1 "$(nobody).fips" >/dev/null 2>&1
	PATIENCE=1 wait_for 3 has routing pending_lookups
	PATIENCE=1 wait_for 3 has connections connections
	asked || bail "no answer"
	sleep 2
	asked
	$shapes shape "$tmp/n.lines" >"$tmp/n.shape"
	end "$listens"
	down n b c d
	for i in hub n b c d; do
		ip netns del "$(ns $i)"
		rm -rf "/etc/netns/$(ns $i)"
	done
	nets=() REFERENCE='' last=0
}
has_rows() { grep -q "^$1 .$2\\[\\]" "$tmp/n.shape"; }
rows() { # each list has rows: without one its members could be anything
	local l
	for l in "$@" "show_peers peers" "show_links links" "show_sessions sessions" "show_tree peers" \
	    "show_bloom peer_filters" "show_mmp peers" "show_mmp sessions" "show_cache entries" \
	    "show_connections connections" "show_transports transports" "show_identity_cache entries" \
	    "show_routing retries" "show_listening_sockets sockets" \
	    "show_stats_list metrics" "show_stats_peers peers" "show_stats_history values" \
	    "show_stats_all_history series" "show_stats_history_all_peers peers"; do
		# shellcheck disable=SC2086
		has_rows $l || { echo "$l is empty"; return 1; }
	done
}

place ours
check "every list of ours has a row" rows "show_routing pending_lookups"
check "every answer of ours has the shape of the reference's" $shapes diff "$tmp/n.shape" "$here/shapes.txt"
note "$(wc -l <"$tmp/n.shape") values"
cp "$tmp/n.shape" "${KEEP_SHAPES:-$tmp}/ours.shape"
[ -n "${FIPS_BIN:-}" ] || { skip "the reference has that shape" "FIPS_BIN is not set"; finish; }
place reference
check "every list of the reference has a row" rows
check "the reference has that shape" $shapes reference "$tmp/n.shape" "$here/shapes.txt"
cp "$tmp/n.shape" "${KEEP_SHAPES:-$tmp}/theirs.shape"
finish
