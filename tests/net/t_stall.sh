#!/bin/bash
# t_stall.sh -- a room that stands still holds up whoever needs it, and nobody
# else: a neighbour's netd and cryptod while we send it all we can, and our own
# rooms that no packet passes. A third box talks to us all the while.
. "$(dirname "$0")/mesh.sh"
LEVEL=info

bridge
node v a b
dials a v
dials b v
# A house that lends has one room more, which can stand still too.
EXTRA[v]='bastide: {lending: {allow: "tor-exit=tcp/9050"}}'
up v a b
check "a box has one neighbour" meet v a
check "and another" meet v b
check "the three have names for each other" eval 'reaches a v && reaches v b && reaches b v'
addr_v=$(mesh_addr v) addr_b=$(mesh_addr b)

stall() { kill -STOP "$1"; stalled=$1; }
go_on() { kill -CONT "$stalled"; }
stands() { same T "$(ps -o state= -p "$stalled" | tr -d ' ')"; }
# pings: a hundred in a second, from a to v. What a kernel's queue keeps for who stands
# still comes late and counts as lost; late is what no busy machine makes of a few ms.
pings() {
	in_net a ping -6 -n -i 0.01 -c 100 -W 3 "$addr_v" | awk -F 'time=' '
	    /time=/ && $2 + 0 < 1500 { got++ }
	    END { print got + 0, "of 100 came soon"; exit got < 95 }'
}
# talks: these, and a stream meanwhile that comes to its end.
talks() {
	local rc
	pings >"$tmp/pings" &
	transfer a v 8000000 20
	rc=$?
	wait $! || rc=1
	cat "$tmp/pings"
	return $rc
}
check "with nothing wrong the third box talks to us" talks

# ---- the neighbour stands still, room by room, while it is sent all we have
for r in netd cryptod; do
	background b $tool sink "$addr_b" 7100 >"$tmp/far" 2>"$tmp/far.err"
	sink=$bg
	wait_for 5 grep -q listening "$tmp/far.err"
	background v $tool source "$addr_b" 7100 60000000 >"$tmp/near" 2>"$tmp/near.err"
	source=$bg
	# The stream's sender stops when nothing is acknowledged; this one does not.
	background v $tool pace "$addr_b" 7101 4000 1000
	flood=$bg
	sleep 0.2
	stall "$(room b $r)"
	sleep 0.3
	check "b's $r stands still: the third box talks to us all the same" talks
	check "all that while it stood still" stands
	check "with a stream on its way to it" kill -0 $source
	check "and our own people are answered" is_up v
	end $flood
	go_on
	rc=0
	wait $source || rc=1
	wait $sink
	check "b's $r goes on: the stream to it ends whole" same "0 $(cat "$tmp/near")" "$rc $(cat "$tmp/far")"
	check "and it talks to us again" wait_for 10 reaches b v
done

# ---- rooms of our own that are in no packet's way
asks() { # many ask the directory of v, which does not answer
	local i
	for i in 1 2 3 4; do
		background "$1" curl -gsS -m 20 -o /dev/null "http://[$addr_v]:8443/v1/checkpoint"
		askers+=("$bg")
	done
}
for r in dird macroctl; do
	stall "$(room v $r)"
	askers=()
	[ $r = macroctl ] || { asks a; asks b; }
	check "our own $r stands still: the third box talks to us all the same" talks
	check "all that while it stood still too" stands
	go_on
	rc=0
	for p in "${askers[@]}"; do wait "$p" || rc=$?; done
	[ $r = macroctl ] || check "who asked it meanwhile is answered" same 0 "$rc"
done

# ---- and the look does see a stall when there is one
( sleep 0.2; kill -STOP "$(room v netd)"; sleep 2.5; kill -CONT "$(room v netd)" ) &
check "what we look at tells when our own netd stands still" refuses pings
wait $!
check "after which the third box talks to us again" talks
check "nobody's house fell" healthy v a b
finish
