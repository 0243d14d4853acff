#!/bin/bash
# t_order.sh -- packets of one flow arrive in the order in which they were sent,
# though several workers of cryptod share the frames and keys change meanwhile.
. "$(dirname "$0")/lib.sh"

net a b
long_wire a b
identity a b
PEERS[a]=b
PEERS[b]=a
EXTRA[a]='bastide: {cryptod: {workers: 2}}'
EXTRA[b]='bastide: {cryptod: {workers: 3}}'
conf a
conf b
start a b
check "two nodes with several workers meet" meet a b
check "and have names for each other" reaches a b
addr_b=$(mesh_addr b)

# changes: both layers get new keys as often as they may, until both ends have taken new
# ones of the link and some of the session; how often they began it is in $tmp/changed.
# Those of a link may be changed by hand six seconds after they came, and what asks for
# them can be lost among the datagrams, of which nine in ten are: then it is sent again,
# later each time, and after half a minute anew.
took_new() { grep -c 'K-bit flip promoting' "$tmp/b/log"; }
took_at_first=$(took_new)		# of crossed handshakes
switched() {
	grep -q 'Rekey cutover complete (initiator)' "$tmp/a/log" &&
	    grep -q 'FSP rekey cutover complete (initiator)' "$tmp/a/log" &&
	    [ "$(took_new)" -gt "$took_at_first" ]
}
changes() {
	local until=$((SECONDS + 150)) links=0 sessions=0
	until switched || [ $SECONDS -ge $until ]; do
		ctl a rekey "${NPUB[b]}" link && links=$((links + 1))
		ctl a rekey "${NPUB[b]}" session && sessions=$((sessions + 1))
		sleep 0.2
	done >/dev/null 2>&1
	echo "$links $sessions" >"$tmp/changed"
	sleep 1
}
# numbered COMMAND: from a to b while that runs, more than they can take, so that frames
# wait for every worker; what came and how many were late, in $tmp/order.
numbered() {
	background b $tool order "$addr_b" 7200 >"$tmp/order" 2>"$tmp/order.err"
	local taker=$bg sender
	wait_for 5 grep -q listening "$tmp/order.err" || return 1
	background a $tool number "$addr_b" 7200 1000 >"$tmp/sent" 2>"$tmp/sent.err"
	sender=$bg
	wait_for 5 grep -q sending "$tmp/sent.err" || return 1
	"$@"
	end $sender
	kill -TERM $taker
	wait $taker
	cat "$tmp/order"
}
many_came() { [ "$(awk '{ print $2 }' "$tmp/order")" -gt 10000 ]; }
none_passed() { same 0 "$(awk '{ print $4 }' "$tmp/order")"; }

check "numbered datagrams go while keys change" numbered changes
note "$(cat "$tmp/sent") sent, $(cat "$tmp/order"); new keys of link and session: $(cat "$tmp/changed")"
check "many arrive" many_came
check "no datagram passes another" none_passed
check "the link had new keys meanwhile" test "$(cut -d' ' -f1 "$tmp/changed")" -ge 1
check "and so had the session" test "$(cut -d' ' -f2 "$tmp/changed")" -ge 1
check "both ends switched" switched

# ---- and the look does see disorder when there is some
weather 0 10 0
numbered sleep 1 >/dev/null
check "datagrams that pass each other on the wire are seen to" refuses none_passed
check "both houses stand" eval 'is_whole a && is_whole b'
finish
