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

evil=$BASTIDE_BUILD/net/evil O=$BASTIDE_BUILD/obj
mkdir -p "$BASTIDE_BUILD/net"
"${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O2 -I"$root/common" -I"$root/netd" -I"$root/cryptod" \
    -o "$evil" "$here/evil.c" "$O/libnetd.a" "$O/libcryptod.a" "$O/libcommon.a" \
    -lsodium -lsecp256k1 -lcrypto || bail "cannot build the hostile peer"

# mesh OURS|REFERENCE: A - V - B of one kind, and the hostile peer at V.
mesh() {
	local n i=0
	net hub a v b e
	ip -n "$(ns hub)" link add br0 type bridge || bail "cannot make a bridge"
	ip -n "$(ns hub)" link set br0 up
	in_net hub sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	for n in a v b e; do
		i=$((i + 1))
		ip link add eth0 netns "$(ns $n)" type veth peer name "p$i" netns "$(ns hub)" ||
		    bail "cannot make a veth pair"
		ip -n "$(ns hub)" link set "p$i" master br0 up
		address $n eth0 $i
	done
	identity a v b e
	PEERS[a]=v PEERS[b]=v
	for n in a v b; do
		EXTRA_NODE[$n]=$'  control:\n    socket_path: '$(sock $n)
		conf $n
		: >"$tmp/$n/log"
		if [ "$1" = reference ]; then start_reference $n; else start $n; fi
	done
	wait_for 20 meet a v && wait_for 20 meet b v || bail "A, V and B do not meet"
	wait_for 30 reaches a b || bail "A does not reach B"
	rm -f "$tmp/orders"
	mkfifo "$tmp/orders"
	exec 7<>"$tmp/orders"
	NSEC=${NSEC[e]} ip netns exec "$(ns e)" "$evil" "${NPUB[v]}" "${IP[v]}" 2121 "${IP[e]}" \
	    "${NPUB[a]}" "${NPUB[b]}" <&7 >"$tmp/evil" 2>"$tmp/evil.err" &
	evil_pid=$!
	wait_for 10 grep -q up "$tmp/evil" || bail "the hostile peer gets no link"
	sleep 1
}
apart() {
	local n
	end "$evil_pid"
	exec 7>&-
	for n in a v b; do [ -z "${PID[$n]:-}" ] || stop $n >/dev/null; done
	for n in hub a v b e; do
		ip netns del "$(ns $n)"
		rm -rf "/etc/netns/$(ns $n)"
	done
	nets=()
}
done_with() { grep -q "^$1 " "$tmp/evil"; }
# evil_does KIND RATE SECONDS
evil_does() {
	echo "$*" >&7
	wait_for $(($3 + 10)) done_with "$1"
}
lives() { kill -0 "${PID[$1]}" && ! grep -q 'panicked at' "$tmp/$1/log"; }
refused() { [ "$(counter v "$1")" -gt 0 ]; }
large() { in_net a ping -6 -n -c 3 -i 0.2 -W 2 -s 900 "$(cat "$tmp/b.addr")"; }

mesh ours
mesh_addr b >"$tmp/b.addr"
evil_does cut 1000 1
check "fault 2: a session frame of 4 to 11 bytes that promises coordinates stops nobody" \
    is_whole v
check "fault 2: it is counted" refused fsp_short
check "fault 2: A still reaches B" reaches a b
evil_does ttl 500 1
check "fault 12: what comes without a hop left is dropped" refused dgram_ttl
worn() { [ "$(counter b dgram_ttl)" -eq 0 ]; }
check "fault 12: nothing leaves without a hop left" worn
evil_does mtu 500 1
evil_does signals 2000 2
check "fault 6: complaints about nodes that V does not use are refused" refused fsp_signal
check "fault 6: a path MTU of 0 leaves A its way to B" large
evil_does proof 500 1
check "fault 17: an answer that nobody asked for is refused" refused lookup_not_open
evil_does setup 2000 2
check "fault 3: session set-ups are metered" refused fsp_rate
check "fault 3: A and V still talk" reaches a v
evil_does source 2000 2
check "fault 19: datagrams with A's source open nothing at B" \
    test "$(counter b inner_auth)" -gt 0
check "fault 19: A and B still talk" reaches a b
for n in a v b; do check "after all of it $n stands" is_whole $n; done
apart

[ -n "${FIPS_BIN:-}" ] || { skip "the reference shows the faults" "FIPS_BIN is not set"; finish; }
mesh reference
in_net a getent ahostsv6 "${NPUB[b]}.fips" | awk '{ print $1; exit }' >"$tmp/b.addr"
check "the reference carries large packets before" large
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
finish
