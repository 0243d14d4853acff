#!/bin/bash
# t_faults.sh -- known faults of FIPS v0.4.1, each played against a node by the
# hostile peer. docs/faults.md lists them, and the tests that need no network.
#
#	[FIPS_BIN=/path/to/fips] t_faults.sh
#
# With FIPS_BIN the same is done to a reference node: there the fault must
# show, or the test proves nothing.
. "$(dirname "$0")/lib.sh"
LEVEL=debug

hostile_peer

# on_bridge NAME...: each in its namespace, with an identity.
on_bridge() {
	local n i=0
	net hub "$@"
	ip -n "$(ns hub)" link add br0 type bridge || bail "cannot make a bridge"
	ip -n "$(ns hub)" link set br0 up
	in_net hub sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	for n in "$@"; do
		i=$((i + 1))
		ip link add eth0 netns "$(ns "$n")" type veth peer name "p$i" netns "$(ns hub)" ||
		    bail "cannot make a veth pair"
		ip -n "$(ns hub)" link set "p$i" master br0 up
		address "$n" eth0 $i
		identity "$n"
		PEERS[$n]=
		: >"$tmp/$n/log"
	done
}
off_bridge() {
	local n
	for n in "$@"; do [ -z "${PID[$n]:-}" ] || stop "$n" >/dev/null; done
	for n in hub "$@"; do
		ip netns del "$(ns "$n")"
		rm -rf "/etc/netns/$(ns "$n")"
	done
	nets=()
}
# begin OURS|REFERENCE NAME...: and those nodes, each after the one before it.
begin() {
	local n kind=$1
	shift
	for n in "$@"; do
		EXTRA_NODE[$n]=$'  control:\n    socket_path: '$(sock "$n")${MORE[$n]:-}
		conf "$n"
		[ -z "${PORTS[$n]:-}" ] || sed -i "s/^    bind_addr: \"0.*/$two_ports/" "$tmp/$n/fips.yaml"
		if [ "$kind" = reference ]; then start_reference "$n"; else start "$n"; fi
	done
}
declare -A MORE PORTS
# With PORTS: a wide one and a narrow one, instead of the one.
two_ports='    wide: { bind_addr: "0.0.0.0:2121", mtu: 1472 }\n    narrow: { bind_addr: "0.0.0.0:2122", mtu: 1280 }'
# smaller X Y: the address of X is smaller than that of Y. Before either begins.
smaller() {
	local swap
	[ "$(for n in "$@"; do echo "$n=${NPUB[$n]}"; done | python3 "$root/bench/pairs.py" -s)" = "$2" ] ||
	    return 0
	swap=${NSEC[$1]} NSEC[$1]=${NSEC[$2]} NSEC[$2]=$swap
	swap=${NPUB[$1]} NPUB[$1]=${NPUB[$2]} NPUB[$2]=$swap
}
# evil_joins A B: the hostile peer gets a link with V; those are whom it harms besides.
evil_joins() {
	rm -f "$tmp/orders" "$tmp/evil"
	mkfifo "$tmp/orders"
	exec 7<>"$tmp/orders"
	NSEC=${NSEC[e]} ip netns exec "$(ns e)" "$evil" "${NPUB[v]}" "${IP[v]}" 2121 "${IP[e]}" \
	    "${NPUB[$1]}" "${NPUB[$2]}" <&7 >"$tmp/evil" 2>"$tmp/evil.err" &
	evil_pid=$!
	wait_for 10 grep -q up "$tmp/evil" || bail "the hostile peer gets no link"
	sleep 1
}
evil_goes() {
	end "$evil_pid"
	exec 7>&-
}

# mesh OURS|REFERENCE: A - V - B of one kind, and the hostile peer at V.
mesh() {
	on_bridge a v b e
	PEERS[a]=v PEERS[b]=v
	begin "$1" a v b
	wait_for 20 meet a v && wait_for 20 meet b v || bail "A, V and B do not meet"
	wait_for 60 reaches a b || bail "A does not reach B"
	evil_joins a b
}
apart() {
	evil_goes
	off_bridge a v b e
}
done_with() { [ "$(grep -c "^$1 " "$tmp/evil")" -gt "$2" ]; }
# evil_does KIND RATE SECONDS
evil_does() {
	local was
	was=$(grep -c "^$1 " "$tmp/evil")
	echo "$*" >&7
	wait_for $(($3 + 10)) done_with "$1" "$was"
}
lives() { kill -0 "${PID[$1]}" && ! grep -q 'panicked at' "$tmp/$1/log"; }
refused() { [ "$(counter v "$1")" -gt 0 ]; }
# their NAME WHAT PYTHON: what their fipsctl says, as d; it must hold.
their() {
	"$fipsctl" -s "$(sock "$1")" show "$2" | tee /dev/stderr |
	    python3 -c "import json,sys; d=json.load(sys.stdin); sys.exit(not ($3))"
}
# came: datagrams that V read so far. unopened NAME: frames of it that V dropped for what it sent.
came() { show v transports 'sum(t["stats"]["packets_recv"] for t in d["transports"])'; }
unopened() { show v peers '[p for p in d["peers"] if p["npub"]=="'"${NPUB[$1]}"'"][0]["unopened_frames"]'; }
large() { in_net a ping -6 -n -c 3 -i 0.2 -W 2 -s 900 "$(cat "$tmp/b.addr")"; }

mesh ours
mesh_addr b >"$tmp/b.addr"
evil_does cut 1000 1
check "fault 2: a session frame of 4 to 11 bytes that promises coordinates stops nobody" \
    is_whole v
check "fault 2: it is counted" wait_for 5 refused fsp_short
check "fault 2: A still reaches B" reaches a b -c 3 -i 0.3 -W 5
evil_does ttl 500 1
check "fault 12: what comes without a hop left is dropped" wait_for 5 refused dgram_ttl
worn() { [ "$(counter b dgram_ttl)" -eq 0 ]; }
check "fault 12: nothing leaves without a hop left" worn
evil_does longer 500 1
check "fault 7: a frame that says another length is counted" wait_for 5 refused frame_length
evil_does mtu 500 1
evil_does signals 2000 2
check "fault 6: complaints about nodes that V does not use are refused" wait_for 5 refused fsp_signal
check "fault 6: a path MTU of 0 leaves A its way to B" large
evil_does proof 500 1
check "fault 17: an answer that nobody asked for is refused" wait_for 5 refused lookup_not_open
evil_does setup 2000 2
check "fault 3: session set-ups are metered" wait_for 5 refused fsp_rate
check "fault 3: A and V still talk" reaches a v -c 3 -i 0.3 -W 5
evil_does source 2000 2
opened_nothing() { [ "$(counter b inner_auth)" -gt 0 ]; }
check "fault 19: datagrams with A's source open nothing at B" wait_for 5 opened_nothing
check "fault 19: A and B still talk" reaches a b -c 3 -i 0.3 -W 5
# flooded KIND COUNTER...: three seconds of it, until V reads less than a third of them. What
# comes before V notices waits in its socket, and on a slow machine that is a lot.
flooded() {
	local was_came was_many
	for _ in 1 2 3 4 5; do
		was_came=$(came) was_many=$("${@:2}")
		evil_does "$1" 20000 3
		flood=$(awk -v k="$1" '$1 == k { n = $3 } END { print n }' "$tmp/evil")
		few=$(($(came) - was_came)) many=$(($("${@:2}") - was_many))
		[ $few -ge $((flood / 3)) ] || return
		note "of $flood frames V read $few"
	done
}
flooded nonsense unopened e
note "of $flood frames of nonsense V read $few, with all else, and counts $many that it did not open"
check "fault 19: most frames of a flood wake nobody" test $few -lt $((flood / 3))
check "fault 19: and are counted, by one in 64" test $many -gt $((flood / 2)) -a $many -lt $((flood * 3 / 2))
flooded stray counter v frame_index
note "of $flood frames of nobody V read $few, with all else, and counts $many"
check "fault 19: nor do most frames that are nobody's" test $few -lt $((flood / 3))
check "fault 19: these are counted too" test $many -gt $((flood / 2)) -a $many -lt $((flood * 3 / 2))
check "fault 19: A and B still talk beside both" reaches a b -c 3 -i 0.3 -W 5
check "fault 19: nobody else is blamed" test $(($(unopened a) + $(unopened b))) -eq 0
for n in a v b; do check "after all of it $n stands" is_whole $n; done
apart

metered() { if [ "$1" = ours ]; then refused link_rate; else grep -q 'Msg1 rate limited' "$tmp/v/log"; fi; }
# crowded OURS|REFERENCE: does A come back to V while strangers knock?
crowded() {
	local knocking rc=0
	on_bridge a v e
	PEERS[a]=v
	begin "$1" v a
	wait_for 20 meet a v || bail "A and V do not meet"
	background e timeout 120 $tool strangers "${IP[v]}" 2121 100000000
	knocking=$bg
	wait_for 10 metered "$1" || bail "strangers are not metered"
	stop a KILL >/dev/null
	if [ "$1" = reference ]; then start_reference a; else start a; fi
	wait_for 8 reaches a v || rc=1
	kill -0 "$knocking" || rc=1
	end "$knocking"
	off_bridge a v e
	return $rc
}
# forged: does A come back to V while E writes A's address? E has it, and says so to nobody.
forged() {
	local knocking rc=0
	on_bridge a v e
	PEERS[a]=v
	begin ours v a
	wait_for 20 meet a v || bail "A and V do not meet"
	wait_for 10 measured v || bail "V hears no report of A"
	in_net e sysctl -qw net.ipv4.conf.all.arp_ignore=1
	ip -n "$(ns e)" addr add "${IP[a]}/32" dev lo
	ip -n "$(ns e)" neigh replace "${IP[v]}" dev eth0 nud permanent \
	    lladdr "$(in_net v cat /sys/class/net/eth0/address)"
	background e timeout 120 $tool strangers "${IP[v]}" 2121 100000000 "${IP[a]}"
	knocking=$bg
	wait_for 5 refused link_rate_peer || bail "what comes from A's address is not metered"
	stop a KILL >/dev/null
	start a
	wait_for 20 reaches a v || rc=1
	kill -0 "$knocking" || rc=1
	end "$knocking"
	off_bridge a v e
	return $rc
}
measured() { show "$1" peers 'd["peers"][0]["mmp"]["srtt_ms"] > 0' | grep -qx True; }
port_is_free() { ! in_net a ss -Hlun "sport = :2121" | grep -q .; }
# impostor OURS|REFERENCE WORD: V takes nobody in; a stranger stands where A stood,
# and says that word of how it fared.
impostor() {
	local rc=0
	on_bridge a v
	PEERS[v]=a
	EXTRA[v]=$'    accept_connections: false'
	begin "$1" a v
	wait_for 20 meet a v || bail "A and V do not meet"
	EXTRA[v]=
	identity e
	stop a KILL >/dev/null
	wait_for 5 port_is_free || bail "A's port is not free"
	NSEC=${NSEC[e]} FROM=2121 timeout 20 ip netns exec "$(ns a)" "$evil" "${NPUB[v]}" \
	    "${IP[v]}" 2121 "${IP[v]}" "${NPUB[a]}" "${NPUB[a]}" </dev/null >"$tmp/evil" 2>&1 || :
	grep "$2" "$tmp/evil" || { cat "$tmp/evil"; rc=1; }
	off_bridge a v
	return $rc
}
# replayed OURS|REFERENCE [FORMER]: a message 1 of A, kept for 32 s and sent again by E;
# or kept until A has died and begun anew.
replayed() {
	local rc=0
	on_bridge a v e
	PEERS[a]=v
	begin "$1" v
	background v $tool grab eth0 "$tmp/msg1" 114 2>"$tmp/grab"
	wait_for 3 grep -q listening "$tmp/grab"
	begin "$1" a
	wait_for 20 meet a v || bail "A and V do not meet"
	if [ -z "${2:-}" ]; then
		sleep 32
	else
		stop a KILL >/dev/null
		begin "$1" a
		wait_for 20 meet a v || bail "A and V do not meet again"
	fi
	wait_for 10 reaches a v || bail "A does not reach V"
	in_net e $tool udp "${IP[v]}" 2121 "$tmp/msg1"
	sleep 3
	reaches a v -c 3 -i 0.3 || rc=1
	off_bridge a v e
	return $rc
}
# shaken OURS|REFERENCE COMMAND...: E makes a whole session handshake with V under
# an address that is not its own; then that command must succeed.
shaken() {
	local rc=0
	on_bridge v e
	begin "$1" v
	evil_joins v v
	evil_does shake 1 5
	grep 'messages 3' "$tmp/evil" || bail "V does not answer a session handshake"
	wait_for 3 "${@:2}" || rc=1
	evil_goes
	off_bridge v e
	return $rc
}
# swayed OURS|REFERENCE COMMAND...: E stands under a great root and under none, in
# turns of 0.7 s, for 14 s and for 7 s; then that command must succeed. V must be the
# root without it: so its address is smaller than E's.
moved() { grep -c 'Parent switched' "$tmp/v/log"; }
swayed_twice() { [ "$(grep -c '^sway ' "$tmp/evil")" -eq 2 ]; }
swayed() {
	local rc=0
	on_bridge v e
	smaller v e
	MORE[v]=$'\n  tree:\n    flap_threshold: 2\n    flap_dampening_secs: 1'
	begin "$1" v
	MORE[v]=
	evil_joins v v
	evil_does sway 500 14
	before=$(moved)
	echo "sway 500 7" >&7
	wait_for 17 swayed_twice || bail "E does not sway"
	moves=$(($(moved) - before))
	echo "parent switched $before times in 14 s, and $moves times in 7 s"
	"${@:2}" || rc=1
	evil_goes
	off_bridge v e
	return $rc
}
stands() { [ "$before" -ge 3 ] && [ "$moves" -le 1 ]; }
calmed_once() {
	[ "$before" -ge 6 ] &&
	    grep -c 'Flap dampening engaged' "$tmp/v/log" | tee /dev/stderr | grep -qx 1
}
# misled OURS|REFERENCE: V - M - B, V of that kind and the root (three of theirs need
# luck: M may tell V for ever who is below it as of before B was); E stands below V and says, in a
# frame from B to M, that B stands below E. Does V still reach B?
view() { if [ "$kind" = ours ]; then ctl v --json show "$1"; else "$fipsctl" -s "$(sock v)" show "$1"; fi; }
told_of_b() {
	local at_e
	at_e=$(view peers | python3 -c 'import json,sys
print([p["node_addr"] for p in json.load(sys.stdin)["peers"] if p["npub"] == sys.argv[1]][0])' "${NPUB[e]}")
	view cache | python3 -c 'import json,sys
sys.exit(not any(e["coords"][1:2] == sys.argv[1:] for e in json.load(sys.stdin)["entries"]))' "$at_e"
}
misled() {
	local rc=0 kind=$1
	on_bridge v m b e
	smaller v m
	smaller v b
	smaller v e
	PEERS[m]=v PEERS[b]=m
	begin "$1" v
	begin ours m b
	wait_for 20 meet m v && wait_for 20 meet b m || bail "V, M and B do not meet"
	wait_for 60 reaches v b || bail "V does not reach B"
	evil_joins m b
	evil_does below 64 1
	evil_does astray 500 1
	told_of_b || bail "nobody told V of another place of B"
	reaches v b -c 3 -i 0.3 -W 1 || rc=1
	evil_goes
	off_bridge v m b e
	return $rc
}

# narrowed OURS|REFERENCE COMMAND...: V has a wide way to A and E and a narrow one to B;
# E sends V 500 frames from A to B that only the wide one takes. Then that must succeed.
narrowed() {
	local rc=0
	on_bridge a v b e
	PEERS[a]=v PEERS[b]=v
	PORTS[v]=1
	begin "$1" a v
	PORTS[v]=
	PEER_ADDR=${IP[v]}:2122 begin "$1" b
	wait_for 20 meet a v && wait_for 20 meet b v || bail "A, V and B do not meet"
	wait_for 60 reaches a b || bail "A does not reach B"
	evil_joins a b
	evil_does wide 500 1
	sleep 1
	"${@:2}" || rc=1
	evil_goes
	off_bridge a v b e
	return $rc
}
told_narrow() {
	show a routing 'd["error_signals"]["mtu_exceeded"]' | grep -vqx 0 && refused dgram_too_long &&
	    reaches a b
}

# lagged OURS|REFERENCE SIGN: E's frames are each longer under way than the one before;
# what V's reports say of it has that sign.
lagged() {
	local rc=0
	on_bridge v e
	begin "$1" v
	evil_joins v v
	evil_does lag 100 4
	awk -v sign="$2" '/^lag/ { print; exit !($3 * sign > 0) }' "$tmp/evil" || rc=1
	evil_goes
	off_bridge v e
	return $rc
}

# abandoned OURS|REFERENCE COMMAND...: V asks E for new keys, E answers only when V has
# given up, and twice; then that command must succeed.
abandoned() {
	local rc=0
	on_bridge v e
	MORE[v]=$'\n  rekey:\n    after_messages: 1\n  rate_limit:\n    handshake_resend_interval_ms: 100'
	MORE[v]+=$'\n    handshake_max_resends: 1'
	begin "$1" v
	MORE[v]=
	evil_joins v v
	gave_up() { grep -q 'FMP rekey aborted' "$tmp/v/log"; }
	[ "$1" = reference ] || wait_for 20 ctl v rekey "${NPUB[e]}" link || bail "V asks for no keys"
	wait_for 30 gave_up || bail "V does not give up"
	sleep 3		# by then E has read what V asked
	evil_does answer_late 1 1
	grep -v 'index 00000000' "$tmp/evil" | grep -q answer_late || bail "V asked for nothing"
	sleep 0.5
	"${@:2}" || rc=1
	evil_goes
	off_bridge v e
	return $rc
}
unknown_twice() { [ "$(counter v frame_index)" -eq 2 ]; }

check "fault 16: places that anybody may write lead none of our packets" misled ours
check "fault 24: who is too long for the narrow side hears it" narrowed ours told_narrow
check "fault 29: a delay that grows is reported as growing" lagged ours 1
check "fault 30: an abandoned rekey leaves no index behind" abandoned ours unknown_twice
check "fault 1: nobody holds a session under another's address" shaken ours refused hs_wrong_peer
check "fault 12: a peer that sways soon moves nobody" swayed ours stands
check "fault 4: strangers who knock keep no peer out" crowded ours
check "fault 4: nor does who writes a peer's address" forged
check "fault 5: a stranger at a peer's address is not let in" impostor ours "does not answer"
check "fault 15: a replayed message 1 cuts nobody off" replayed ours
check "fault 15: nor does one of a former run" replayed ours former

[ -n "${FIPS_BIN:-}" ] || { skip "the reference shows the faults" "FIPS_BIN is not set"; finish; }
fipsctl=$(dirname "$FIPS_BIN")/fipsctl
connected_theirs() {
	"$fipsctl" -s "$(sock "$1")" show peers | grep -q "${NPUB[$2]}"
}
mesh reference
in_net a getent ahostsv6 "${NPUB[b]}.fips" | awk '{ print $1; exit }' >"$tmp/b.addr"
check "the reference carries large packets before" large
evil_does ttl 500 1
check "fault 12 shows: B gets datagrams without a hop left" \
    their b routing 'd["forwarding"]["ttl_exhausted_packets"] > 0'
evil_does longer 500 1
check "fault 7 shows: frames that say another length are opened" \
    their v routing 'd["forwarding"]["received_packets"] > 700'
evil_does proof 500 1
check "fault 17 shows: an answer that nobody asked for is verified" \
    their v routing 'd["discovery"]["resp_proof_failed"] > 0'
evil_does setup 2000 2
asked_keys() { [ "$(grep -c 'Failed to send SessionAck' "$tmp/v/log")" -gt 500 ]; }
check "fault 3 shows: every Setup has its key operations" asked_keys
evil_does mtu 500 1
note "the reference after datagrams with a path MTU of 0: $(large 2>&1 | grep received)"
evil_does signals 2000 2
check "fault 6 shows: false complaints cut A off from B" refuses large
evil_does cut 1000 1
check "fault 2 shows: the reference panics at that frame" refuses lives v
note "$(grep -h -A1 'panicked' "$tmp/v/log" | head -n 2 | cut -c1-200)"
check "fault 2 shows: A no longer reaches B" refuses reaches a b -c 3 -W 1
unset 'PID[v]'
apart
as_another() {
	their v sessions 'any(s["remote_addr"] == "ff" * 16 and s["state"] == "established"
	    and s["npub"] == "'"${NPUB[e]}"'" for s in d["sessions"])'
}
check "fault 1 shows: a stranger holds a session under another's address" \
    shaken reference as_another
check "fault 12 shows: flaps are dampened once, and not again" swayed reference calmed_once
check "fault 4 shows: strangers who knock keep a peer out" refuses crowded reference
check "fault 5 shows: a stranger at a peer's address is let in" impostor reference "^up"
check "fault 15 shows: a replayed message 1 cuts A off" refuses replayed reference
check "fault 15 shows: so does one of a former run" refuses replayed reference former

check "fault 16 shows: what anybody writes leads V astray" refuses misled reference
unheard() {
	their a routing 'd["error_signals"]["mtu_exceeded"] == 0' &&
	    their v routing 'd["forwarding"]["forwarded_packets"] >= 300
	    and d["forwarding"]["drop_mtu_exceeded_packets"] == 0'
}
check "fault 24 shows: what is too long goes out, and nobody hears" narrowed reference unheard
check "fault 29 shows: a delay that grows is reported as falling" lagged reference -1
found_once() { grep -c 'No pending outbound handshake for index' "$tmp/v/log" | tee /dev/stderr | grep -qx 1; }
check "fault 30 shows: the index of an abandoned rekey is still there" abandoned reference found_once

# ---- fault 18: R, theirs, with the smaller address, begins new keys with O while
# the way is cut; its Setup is lost, and then O dies. R - M - O.
on_bridge r m o
smaller r o
PEERS[r]=m PEERS[o]=m
MORE[r]=$'\n  rekey:\n    enabled: true\n    after_secs: 600\n    after_messages: 150'
MORE[o]=$'\n  rekey:\n    enabled: false'
begin ours m o
begin reference r
check "fault 18: R reaches O" wait_for 20 reaches r o
# What R sends goes nowhere, and nobody tells it.
lost_way() { ip -n "$(ns r)" neigh "$1" "${IP[m]}" dev eth0 ${2:+lladdr "$2" nud permanent}; }
asks() { sed 's/\x1b\[[0-9;]*m//g' "$tmp/r/log" | grep 'FSP rekey initiated' | tee /dev/stderr | grep -qv 'peer=m$'; }
lost_way replace 02:00:00:00:00:99
in_net r ping -6 -n -q -i 0.01 -c 200 -W 1 "${NPUB[o]}.fips" >/dev/null
check "fault 18: R asks for new keys while the way is cut" wait_for 5 asks
stop o KILL >/dev/null
lost_way del
start o
wait_for 20 meet o m || bail "O does not come back"
check "fault 18: O is heard again within a quarter of a minute" \
    eval 'PATIENCE=1 wait_for 15 reaches o r'
check "fault 18 shows: R dropped what O began" \
    grep -q 'Dual FSP rekey initiation: we win' "$tmp/r/log"
off_bridge r m o

# ---- fault 29: R has no key in its file and none is kept; each start makes another.
on_bridge r
NSEC[r]=
begin reference r
own_key() { "$fipsctl" -s "$(sock r)" show status | python3 -c 'import json,sys; print(json.load(sys.stdin)["npub"])'; }
first=$(own_key)
check "fault 29 shows: a key that nobody keeps is called persistent" their r status 'd["persistent"] is True'
stop r >/dev/null
start_reference r
check "fault 29: it was not" refuses same "$first" "$(own_key)"
off_bridge r

# ---- fault 11: where R would put its key there is a link, to a file that all may read.
on_bridge r
NSEC[r]=
echo "of somebody else" >"$tmp/other"
chmod 644 "$tmp/other"
ln -sf "$tmp/other" "$tmp/r/fips.key"
begin reference r
check "fault 11 shows: a key is written through a link" grep -q '^nsec1' "$tmp/other"
check "fault 11 shows: and left for all to read" same 644 "$(stat -c %a "$tmp/other")"
rm "$tmp/r/fips.key"
off_bridge r

# ---- fault 12: keys for no frame at all. Ours refuses that figure (test_conf.c).
on_bridge a v
PEERS[a]=v
MORE[a]=$'\n  rekey:\n    after_messages: 0'
begin reference v a
MORE[a]=
wait_for 20 meet a v && wait_for 20 reaches a v || bail "A and V do not meet"
renewed() {
	in_net a ping -6 -n -c 1 -W 1 "${NPUB[v]}.fips"
	[ "$(grep -c 'FSP rekey cutover complete (initiator)' "$tmp/a/log")" -ge 4 ]
}
check "fault 12 shows: the keys of a session are renewed all the time" wait_for 20 renewed
off_bridge a v
finish
