#!/bin/bash
# t_offload.sh -- whatever the kernels and the wire do, the bytes are the same:
# segments in one piece on both sides, on one, on none; a wire that loses,
# doubles and changes its MTU under each of these; a neighbour that stalls.
#
#	[SIZE=10000000000] tests/net/t_offload.sh
. "$(dirname "$0")/lib.sh"
SIZE=${SIZE:-24000000}
LONG=$((SIZE / 200000 + 60))

net a b
long_wire a b
identity a b
PEERS[a]=b
# offload NAME true|false: of TUN and UDP.
offload() { EXTRA[$1]=$'bastide:\n  tun:\n    offload: '$2$'\n  udp:\n    offload: '$2; conf "$1"; }
# Trains stay trains on this wire: what is lost or doubled is many at once.
trains() { ip -n "$(ns a)" link set eth0 gso_max_segs "$1"; ip -n "$(ns b)" link set eth0 gso_max_segs "$1"; }
mode() { show "$1" status 'd["tun_offload"]'; }
trains_sent() { show "$1" transports 'd["transports"][0]["stats"]["trains_sent"]'; }
both() {
	offload a "$1"
	offload b "$2"
	start a b
	meet a b && wait_for 20 reaches a b
}
again() { stop a; stop b; }
# The wire's MTU changes under a stream: a frame then goes in fragments, which
# no train can.
wire_mtu() { local n; for n in a b; do ip -n "$(ns $n)" link set eth0 mtu "$1"; done; }
narrow() { sleep 0.4; wire_mtu 1300; sleep 0.6; wire_mtu 1500; }
# hard_ways: over a wire that is not good, whatever the two nodes have.
hard_ways() {
	trains 64
	weather 1 2 2
	check "through loss, disorder and doubles of whole trains" transfer a b $((SIZE / 8)) "$LONG"
	note "$(cat "$tmp/took")"
	trains 1
	weather 3 10 5
	check "and of single frames" transfer a b $((SIZE / 4)) "$LONG"
	note "$(cat "$tmp/took")"
	weather 0 0 0
	trains 64
	narrow &
	check "while the wire's MTU changes" transfer a b $((SIZE * 2)) "$LONG"
	note "$(cat "$tmp/took")"
	wait $!
}

# ---- both
check "two nodes with offloads meet" both true true
check "TUN gives segments in one piece" refuses same plain "$(mode a)"
trains 64
check "a stream arrives whole" transfer a b "$SIZE" "$LONG"
note "$(cat "$tmp/took")"
check "as trains" test "$(trains_sent a)" -gt 50
check "and back" transfer b a "$SIZE" "$LONG"
note "$(cat "$tmp/took")"
hard_ways

# ---- datagrams of one program: in one piece, or not, they are the same
burst() {
	background b $tool gather "$(mesh_addr b)" 7400 400 >"$tmp/gather" 2>"$tmp/gather.err"
	local sink=$bg rc
	wait_for 5 grep -q listening "$tmp/gather.err" || return 1
	in_net a $tool burst "$(mesh_addr b)" 7400 400 1000 >"$tmp/burst"
	wait $sink
	rc=$?
	[ $rc -eq 0 ] && same "$(cat "$tmp/burst")" "$(cat "$tmp/gather")"
}
check "datagrams that a program sends in one piece arrive one by one, to the byte" burst
sizes_pass() { # every size of packet, echoed
	background b $tool echo "$(mesh_addr b)" 7500 2>"$tmp/echo.err"
	local echo=$bg rc
	wait_for 5 grep -q listening "$tmp/echo.err"
	in_net a $tool sizes "$(mesh_addr b)" 7500 1200 1280
	rc=$?
	end $echo
	return $rc
}
check "packets of every size up to the MTU arrive" sizes_pass

# ---- a neighbour that stops reading holds up itself and nobody else
stall() { kill -STOP "$(room b "$1")"; }
go_on() { kill -CONT "$(room b "$1")"; }
for r in netd cryptod; do
	background b $tool sink "$(mesh_addr b)" 7000 >"$tmp/sink" 2>"$tmp/sink.err"
	sink=$bg
	wait_for 5 grep -q listening "$tmp/sink.err"
	background a $tool source "$(mesh_addr b)" 7000 "$SIZE" >"$tmp/source" 2>"$tmp/took"
	source=$bg
	sleep 0.2
	stall $r
	sleep 1.5
	check "a answers people while b's $r stalls" is_up a
	go_on $r
	rc=0; wait $source || rc=1; wait $sink
	check "and the stream ends whole" same "$rc $(cat "$tmp/source")" "0 $(cat "$tmp/sink")"
done
again

# ---- one side, none
check "one node with offloads, one without" both true false
check "the other reads packet by packet" same plain "$(mode b)"
check "a stream arrives whole where offloads end" transfer a b "$SIZE" "$LONG"
note "$(cat "$tmp/took")"
check "and where they begin" transfer b a "$SIZE" "$LONG"
note "$(cat "$tmp/took")"
check "datagrams too" burst
hard_ways
again
check "two nodes without" both false false
check "a stream arrives whole" transfer a b "$SIZE" "$LONG"
note "$(cat "$tmp/took")"
check "and back" transfer b a "$SIZE" "$LONG"
note "$(cat "$tmp/took")"
check "no train left" same 0 "$(trains_sent a)"
check "datagrams that a program sends in one piece arrive here too" burst
hard_ways
check "both houses stand" eval 'is_whole a && is_whole b'
finish
