#!/bin/bash
# t_ecn.sh -- congestion is marked on the way and told to the far end's kernel.
# A chain a-b-c; the wire from b to c loses frames, so b marks what it passes on.
. "$(dirname "$0")/lib.sh"

# send FROM TO TCLASS COUNT, tclasses NAME COUNT: UDP with that traffic class,
# fifty a second; and the classes it arrives with, each with its number, of so many or of
# what came when nothing has come for a while.
send() {
	in_net "$1" python3 - "$(mesh_addr "$2")" "$3" "$4" <<-'END'
	import socket, sys, time
	s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, int(sys.argv[2]))
	for i in range(int(sys.argv[3])):
	    s.sendto(b'x' * 200, (sys.argv[1], 7007))
	    time.sleep(0.02)
	END
}
tclasses() {
	background "$1" timeout 90 python3 -u -c '
import socket, sys
from collections import Counter
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
s.bind(("::", 7007))
print("listening", file=sys.stderr)
seen = Counter()
try:
    s.settimeout(20)
    while sum(seen.values()) < int(sys.argv[1]):
        anc = s.recvmsg(2048, 64)[1]
        s.settimeout(4)
        seen[anc[0][2][0] if anc else -1] += 1
except TimeoutError:
    pass
print(dict(seen))
' "$2" >"$tmp/tclasses" 2>"$tmp/tclasses.err"
	wait_for 5 grep -q listening "$tmp/tclasses.err"
}
# arrives FROM TO TCLASS COUNT PYTHON: send, and what must hold of seen.
arrives() {
	tclasses "$2" "$4"
	local pid=$bg
	send "$1" "$2" "$3" "$4"
	wait "$pid"
	cat "$tmp/tclasses"
	python3 -c "seen = $(cat "$tmp/tclasses"); import sys; sys.exit(not ($5))"
}
congestion() { show "$1" routing 'd["congestion"]["'"$2"'"]'; }
# losing NAME: it has measured that a link of its own loses. lossy, good: at the latest
# after some more frames.
losing() { show "$1" mmp 'any(p["link_layer"]["loss_rate"] >= 0.05 or p["link_layer"]["etx"] >= 3 for p in d["peers"])' | grep -qx True; }
lossy() { send a c 2 50; losing b; }
good() { send a c 2 50; ! losing b; }
some() { [ "$(congestion "$@")" -gt 0 ]; }

net a b c
long_wire b c
ip link add eth1 netns "$(ns b)" type veth peer name eth0 netns "$(ns a)" ||
    bail "cannot make a veth pair"
for e in "b eth1 1" "a eth0 2"; do
	set -- $e
	ip -n "$(ns "$1")" addr add "10.98.0.$3/24" dev "$2"
	ip -n "$(ns "$1")" link set "$2" up
done
identity a b c
PEERS[a]=b
PEERS[c]=b
PEER_ADDR=10.98.0.1:2121 conf a
conf b
conf c
start a b c
check "the near end is a peer" meet a b
check "the far end is a peer" meet b c
check "the ends reach each other" wait_for 20 reaches a c

check "a good way marks nothing" arrives a c 2 100 "seen.get(2, 0) >= 99 and 3 not in seen"
check "nor does it count congestion" same 0 "$(congestion b congestion_detected)"

weather 25 0 0
check "the node before a lossy way measures it" wait_for 20 lossy
check "a lossy way marks what can be marked" arrives a c 2 200 \
    "seen.get(3, 0) > seen.get(2, 0)"
check "and leaves alone what cannot" arrives a c 0 150 "set(seen) == {0}"
check "the node before it has detected congestion" some b congestion_detected
check "and forwarded marks" some b ce_forwarded
check "the far end has received them" some c ce_received
check "the near end has not" same 0 "$(congestion a ce_forwarded)"
check "the log says so" grep -q '"level":"DEBUG".*fips::node::handlers::forwarding.*Congestion detected, CE flag set on forwarded packet' "$tmp/b/log"
reported() { show b mmp '[p for p in d["peers"] if p["link_layer"]["ecn_ce_count"] > 0] != []' | grep -qx True; }
check "the far end reports the marks back" wait_for 5 reported

weather 0 0 0
check "it measures that the way is good again" wait_for 20 good
check "when the way is good again nothing is marked" arrives a c 2 100 "3 not in seen"

# ---- switched off
stop b
EXTRA_NODE[b]=$'  ecn:\n    enabled: false'
conf b
start b
meet a b
meet b c
wait_for 20 reaches a c
weather 25 0 0
wait_for 20 lossy || bail "nobody measures the loss"
check "a node that shall not mark does not" arrives a c 2 150 "3 not in seen"
finish
