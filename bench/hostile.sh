#!/bin/bash
# hostile.sh -- a peer with an identity and a link floods its neighbour
# with everything that a peer can say. A and B talk through the victim V all
# the while.
#
#	[RATE=50000] [SECS=3] [KINDS='filter cut'] [BULK='nonsense transit'] [TAKES=6] bench/hostile.sh
#
# All share this machine, so what the sending costs by itself is measured too:
# each flood goes to a neighbour that has nobody listening first.
. "$(dirname "$0")/../tests/net/lib.sh"
RATE=${RATE:-50000} SECS=${SECS:-3} PPS=${PPS:-3000}
# talk: a session of its own, for what follows. Of deeper and wide links here have no room, and
# after last none of the peer's filters would be news.
KINDS=${KINDS-heartbeat ancestry badsig deep crooked sway filter filters hashes lookup lookup_v \
    lookup_b proof source source_v mtu nowhere ttl cut coords lure setup far acks msg3s signals \
    report nonsense below astray transit longer knock answer unsealed stray talk inner_mtu \
    inner_warm inner_report inner_port inner_ip6 inner_type inner_again inner_place bent}
BULK=${BULK-nonsense filters transit lookup unsealed stray} TAKES=${TAKES:-6} BYTES=${BYTES:-80000000}

net hub a v b e d
ip -n "$(ns hub)" link add br0 type bridge || bail "cannot make a bridge"
ip -n "$(ns hub)" link set br0 up
in_net hub sysctl -qw net.ipv6.conf.all.disable_ipv6=1
i=0
for n in a v b e d; do
	i=$((i + 1))
	ip link add eth0 netns "$(ns $n)" type veth peer name "p$i" netns "$(ns hub)" ||
	    bail "cannot make a veth pair"
	ip -n "$(ns hub)" link set "p$i" master br0 up
	address $n eth0 $i
done
identity a v b e
PEERS[a]=v PEERS[b]=v LEVEL=info
for n in a v b; do conf $n; done
start v a b
meet a v || bail "A and V do not meet"
meet b v || bail "B and V do not meet"

hostile_peer
mkfifo "$tmp/orders"
exec 7<>"$tmp/orders"
# Its own stdin: background() would give it none. First of all: what floods a node is
# a machine that has not to share with it.
NSEC=${NSEC[e]} nice -n -20 ip netns exec "$(ns e)" "$evil" "${NPUB[v]}" "${IP[v]}" 2121 "${IP[d]}" \
    "${NPUB[a]}" "${NPUB[b]}" <&7 >>"$tmp/evil" 2>"$tmp/evil.err" &
check "the hostile peer is a peer" wait_for 10 connected v e

# ---- honest traffic for all of the test
to_b=$(mesh_addr b)
got=0 alone=0
check "A reaches B through V" wait_for 20 reaches a b
background b $tool count "$to_b" 7100 >"$tmp/count" 2>"$tmp/count.err"
wait_for 5 grep -q listening "$tmp/count.err"
background a $tool pace "$to_b" 7100 "$PPS" 1000
pacer=$bg
sleep 2
# arrived FROM UNTIL: datagrams a second between those times.
arrived() {
	awk -v f="$1" -v u="$2" '$1 >= f && $1 <= u { if (!t) { t = $1; n = $2 } T = $1; N = $2 }
	    END { print (T > t) ? int((N - n) / (T - t)) : 0 }' "$tmp/count"
}
done_with() { grep -q "^$1 " "$tmp/evil"; }
talks() { echo "talk 1 5" >&7; wait_for 15 done_with talk && grep '^talk messages 3' "$tmp/evil"; }
# Each message 1 costs itself four key operations.
rate_of() { case $1 in *knock) echo 1000 ;; *) echo "$RATE" ;; esac; }
# flood WHAT: and leave in $got what of the honest traffic arrived meanwhile.
flood() {
	local began=$EPOCHREALTIME
	echo "$1 $(rate_of "$1") $SECS" >&7
	wait_for $((SECS + 10)) done_with "$1" || { cat "$tmp/evil.err"; return 1; }
	sleep 0.2
	got=$(arrived "$began" "$EPOCHREALTIME")
}
memory() { $tool memory $(rooms v) | awk '{ print $NF }'; }
# cpu: seconds of processor time of V's rooms so far; what the host steals is not in it.
cpu() { cat $(printf '/proc/%s/task/*/schedstat ' $(rooms v)) | awk '{ s += $1 } END { print s / 1e9 }'; }
holds() { [ "$alone" -gt 0 ] && [ "$got" -ge $((alone * 9 / 10)) ]; }

note "honest traffic without any flood: $(arrived "$(($(date +%s) - 2))" "$EPOCHREALTIME") of $PPS a second"
before=$(memory)
note "kind: honest datagrams a second beside the sending alone, beside the flood; processor seconds of V; MiB of V"
for kind in $KINDS; do
	[ "$kind" != talk ] || { check "the hostile peer has a session with V" talks; continue; }
	flood "away:$kind"
	alone=$got
	was=$(cpu)
	flood "$kind"
	check "$kind at $(rate_of "$kind") a second leaves honest traffic its rate" holds
	note "$kind: $alone $got; $(echo "$(cpu) $was" | awk '{ printf "%.2f", $1 - $2 }'); $(memory); $(grep "^$kind " "$tmp/evil" | tail -n 1)"
	is_whole v && is_whole a && is_whole b || break
done
# ---- as much as TCP can get, which leaves the machine nothing to spare
# The same frames at the same rate, four ways; each costs the machine a part more:
#	none	no frame is made
#	held	made and sent, and dropped where they leave the sender: the flooder itself,
#		which in life is another machine
#	away	carried to a neighbour where nobody listens: and the way there
#	flood	to V: and what V does with them
# In turns, there and back, so that what others do on this machine meets all of them.
in_net e nft 'add table netdev wire; add chain netdev wire out { type filter hook egress device "eth0" priority 0; }' ||
    bail "cannot hold frames at their sender"
hold() { in_net e nft "add rule netdev wire out ip daddr ${IP[v]} udp dport 2121 counter drop"; }
held() { in_net e nft list chain netdev wire out | awk '{ for (i = 1; i < NF; i++) if ($i == "packets") n = $(i + 1) } END { print n + 0 }'; }
let_go() { in_net e nft flush chain netdev wire out; }
# take WAY KIND: a line "ms, processor ms of V, frames a second, frames that were dropped
# at the sender" more in tmp/WAY.
take() {
	local order=$2 was took="" dropped=0
	# Who says nothing true for ten seconds is no peer any more.
	echo "heartbeat 2000 0.1" >&7
	wait_for 5 done_with heartbeat
	: >"$tmp/evil"		# it appends
	[ "$1" = away ] && order=away:$2
	[ "$1" = held ] && hold
	[ "$1" = none ] || echo "$order $RATE 0" >&7
	sleep 0.3
	was=$(cpu)
	transfer a b "$BYTES" 20 >"$tmp/out" && took=$(awk '{ print int($1 * 1000); exit }' "$tmp/took")
	was=$(echo "$(cpu) $was" | awk '{ print int(($1 - $2) * 1000) }')
	if [ "$1" != none ]; then
		echo "stop 0 0" >&7
		wait_for 5 done_with "$order"
	fi
	[ "$1" = held ] && dropped=$(held) && let_go
	echo "${took:-99999} $was $(awk '{ print int($3 / $5), $3; exit }' "$tmp/evil") $dropped" >>"$tmp/$1"
}
# median WAY COLUMN
median() { sort -n -k "$2,$2" "$tmp/$1" | awk -v c="$2" '{ v[NR] = $c } END { print int((v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2) }'; }
# of_rate WAY: the part of its rate beside that which the stream keeps beside the flood.
of_rate() { echo "$(median "$1" 1) $(median flood 1)" | awk '{ printf "%.2f", $1 / $2 }'; }
keeps() { [ $(($(median flood 1) * 9)) -le $(($(median held 1) * 10)) ]; }
as_ordered() { # all that was sent while held was dropped, and nobody sent much less than RATE
	awk -v rate="$RATE" '$3 < rate * 0.95 || $4 - $5 > 64 || $4 > $5 + 64 { print FILENAME, $0; bad = 1 } END { exit bad }' "$tmp/held" &&
	    awk -v rate="$RATE" '$3 < rate * 0.95 { print FILENAME, $0; bad = 1 } END { exit bad }' "$tmp/away" "$tmp/flood"
}
end "$pacer"
for kind in $BULK; do
	rm -f "$tmp"/{none,held,away,flood}
	for ((i = 0; i < TAKES; i++)); do
		for way in $([ $((i % 2)) -eq 0 ] && echo none held away flood || echo flood away held none); do
			take $way "$kind"
		done
	done
	check "$kind: all was sent as ordered, and held where it should be" as_ordered
	check "beside $kind a stream keeps nine tenths of its speed" keeps
	note "$kind: $BYTES bytes, medians of $TAKES in ms (processor ms of V): $(for way in none held away flood; do
		printf '%s %s (%s) ' $way "$(median $way 1)" "$(median $way 2)"; done)"
	note "$kind: keeps $(of_rate held) of its rate beside the flooder, $(of_rate away) beside frames for others, $(of_rate none) of its rate alone; dropped at the sender $(awk '{ n += $5 } END { print n }' "$tmp/held")"
	note "$kind: ms of each: $(for way in none held away flood; do printf '%s %s ' $way "$(awk '{ printf "%s ", $1 }' "$tmp/$way")"; done)"
done

check "the victim stands" is_whole v
check "its neighbours too" is_whole a
check "both of them" is_whole b
after=$(memory)
note "MiB of V: $before before, $after after"
check "memory stays bounded" test "$(echo "$after $before" | awk '{ print ($1 - $2 < 16) }')" = 1
note "$(show v status '{k:v for k,v in d["refused"].items() if v}')"
# of PEER KEY: what V says of it.
of() { show v peers '[p for p in d["peers"] if p["npub"]=="'"${NPUB[$1]}"'"][0]["'"$2"'"]'; }
for n in a b e; do note "$n: refused messages $(of $n refused_messages), unopened frames $(of $n unopened_frames)"; done
kinds=$(echo $KINDS $BULK | tr ' ' '\n' | sort -u)
# Nobody can be shown for a frame with an index of nobody's.
if echo "$kinds" | grep -qx stray; then
	check "frames that are nobody's are counted" test "$(counter v frame_index)" -gt "$RATE"
fi
if [ "$kinds" != stray ]; then
	check "the offender is shown" test "$(of e unopened_frames)" -gt "$RATE"
fi
check "nobody else is blamed" test "$(($(of a refused_messages) + $(of b refused_messages)))" -lt 10
heard() { # 99 of 100 frames of it
	[ $(($(of $1 unopened_frames) * 100)) -le "$(show v peers '[p for p in d["peers"] if p["npub"]=="'"${NPUB[$1]}"'"][0]["stats"]["packets_recv"]')" ]
}
for n in a b; do check "$n is heard" heard $n; done
finish
