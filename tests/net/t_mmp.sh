#!/bin/bash
# t_mmp.sh -- links and sessions are measured: round trip, loss, and how quiet
# a node is that has nothing to say. With FIPS_BIN also beside a reference node.
. "$(dirname "$0")/lib.sh"

# Everything that happens seldom happens often here.
brisk=$'  heartbeat_interval_secs: 1\n  mmp:\n    log_interval_secs: 2\n  session_mmp:\n    log_interval_secs: 2'

# of NAME LAYER PYTHON: of the only link (link_layer) or session, as m.
of() {
	local list=peers
	[ "$2" = link_layer ] || list=sessions
	show "$1" mmp "(lambda m: $3)(d['$list'][0]['$2'])"
}
holds() { of "$@" | tee /dev/stderr | grep -qx True; }
sent() { show "$1" transports 'd["transports"][0]["stats"]["packets_sent"]'; }
# pings FROM TO COUNT: how many ms the longest of them took is left in $tmp/longest.
pings() {
	in_net "$1" ping -6 -n -q -i 0.02 -c "$3" -W 1 "${NPUB[$2]}.fips" >"$tmp/pings.$1"
	local rc=$?
	cat "$tmp/pings.$1"
	sed -n 's#^rtt .*/\([0-9]*\)[.0-9]*/[0-9.]* ms.*#\1#p' "$tmp/pings.$1" >"$tmp/longest"
	return $rc
}
# short NAME LAYER [MORE]: the round trip of a wire, and of a machine that may stand still
# for a moment: then pings show it, too.
short() { holds "$1" "$2" "0 <= m['srtt_ms'] < 50 + ${3:-0}"; }
# soon_short NAME LAYER: what the machine did before wears off with each report.
soon_short() { local i; for i in {1..12}; do short "$1" "$2" && return; pings a b 60; done; return 1; }
# lost NAME WINDOW LOW HIGH: the mean loss of its link in that time.
lost() {
	ctl "$1" --json show stats loss_rate "$2" | python3 -c "
import json,sys
v = [x for x in json.load(sys.stdin)['values'] if x is not None]
print(m := sum(v) / len(v), file=sys.stderr)
sys.exit(not $3 <= m <= $4)"
}

waits=()
net a b
long_wire a b
identity a b
PEERS[a]=b
EXTRA_NODE[a]=$brisk EXTRA_NODE[b]=$brisk
conf a
conf b
start a b
check "two nodes are peers" meet a b

has_rtt() { holds "$1" "$2" "'srtt_ms' in m"; }
check "who dialled knows the round trip at once" wait_for 2 has_rtt a link_layer
check "and so does the other" wait_for 2 has_rtt b link_layer
check "it is short on a wire" soon_short a link_layer
check "nothing is lost" holds a link_layer "m['loss_rate'] == 0 and m['etx'] == 1"
check "one turns the spin bit" holds a link_layer "m['spin_bit_role'] == 'initiator'"
check "the other returns it" holds b link_layer "m['spin_bit_role'] == 'responder'"

# ---- nothing to say. What is told at the start is told again after 2, 6, 20 and 60 s, and
# each such frame has a report for an answer; who hears nothing of its peer for long, on a
# machine that stands still, asks with closer heartbeats. Between all that there is quiet.
told() {
	show "$1" metrics '*(d[k][s] for k in ("tree", "bloom") for s in ("sent", "received"))'
}
# quiet_spell NAME: in ten seconds it told and heard nothing, and sent not more frames than
# heartbeats are due, but these.
quiet_spell() {
	local before was began=${EPOCHREALTIME/[.,]/}
	before=$(sent "$1") was=$(told "$1")
	sleep 10
	idle=$(($(sent "$1") - before)) tenths=$(((${EPOCHREALTIME/[.,]/} - began) / 100000))
	echo "$idle frames in $tenths tenths of a second; tree and filters sent, received: $was, then $(told "$1")"
	[ "$was" = "$(told "$1")" ] && [ $((idle * 10)) -le $((tenths + 10)) ] &&
	    [ $((idle * 20)) -ge "$tenths" ]
}
quiet() { local i; for i in 1 2 3 4 5 6 7 8; do quiet_spell "$1" && return; done; }
check "an idle node sends heartbeats and nothing else" quiet a
note "$(cat "$tmp/out")"

# ---- something to say
check "pings arrive" pings a b 200
check "the session has a round trip at its beginning" has_rtt a session_layer
check "and at its end" has_rtt b session_layer
check "and a path MTU" holds a session_layer "256 <= m['path_mtu'] <= 1500"
check "the link has a quality" holds a link_layer "m['lqi'] >= 1"
check "and goodput" holds a link_layer "m['goodput_bps'] > 0"

weather 20 0 0
for n in a b; do pings $n $([ $n = a ] && echo b || echo a) 400 >"$tmp/p.$n" 2>&1 & waits+=($!); done
wait "${waits[@]}"
check "a measures the loss of its link" lost a 6s 0.1 0.3
check "b measures the loss of its own" lost b 6s 0.1 0.3
check "the session measures it too" holds a session_layer "0.02 < m['smoothed_loss'] < 0.4"
check "and ETX grows with it" holds a link_layer "m['smoothed_etx'] > 1.05"
weather 0 0 0
check "pings arrive again" pings a b 250
check "the loss is over" wait_for 3 holds a link_layer "m['loss_rate'] == 0"
check "both houses still stand" eval 'is_whole a && is_whole b'

# ---- keys are renewed: counters begin anew, the estimates do not jump
check "both round trips are short before that" eval 'soon_short a link_layer && soon_short a session_layer'
ctl a rekey "${NPUB[b]}" link >/dev/null
ctl a rekey "${NPUB[b]}" session >/dev/null
check "pings arrive while keys are renewed" pings a b 250
longest=$(cat "$tmp/longest")
for l in link session; do
	check "new keys are no loss on the $l" holds a ${l}_layer "m['loss_rate'] == 0"
	check "nor a longer round trip" short a ${l}_layer "2 * $longest"
done

# ---- people
check "show mmp has both tables" eval "ctl a show mmp | grep -q 'LINK TO' &&
    ctl a show mmp | grep -q 'SESSION WITH'"
note "$(ctl a show mmp)"
check "show stats knows its metrics" grep -q 'srtt_ms.*peer' <(ctl a show stats)
check "show stats draws a line" grep -q 'highest' <(ctl a show stats loss_rate "${NPUB[b]}" 1m)
note "$(ctl a show stats loss_rate "${NPUB[b]}" 1m)"
check "show stats-peers names the peer" grep -q "${NPUB[b]}" <(ctl a show stats-peers)
check "an unknown metric is refused" refuses ctl a show stats nonsense
history_has() { show_history "$1" | grep -qx True; }
show_history() {
	ctl a --json show stats "$1" "${NPUB[b]}" 30s | python3 -c "
import json,sys; print(any(x is not None for x in json.load(sys.stdin)['values']))"
}
for m in srtt_ms loss_rate ecn_ce bytes_in packets_out; do
	check "the history of a peer holds $m" history_has $m
done
check "the link is logged now and then" grep -q 'MMP link metrics peer=' "$tmp/a/log"
check "the session as well" grep -q 'MMP session metrics session=' "$tmp/a/log"
check "no link ended" refuses grep 'MMP link teardown' "$tmp/a/log"
ctl a disconnect "${NPUB[b]}" >/dev/null
check "a link that ends is summed up" wait_for 2 grep -q 'MMP link teardown peer=' "$tmp/a/log"
stop a
stop b

# ---- beside a reference node
if [ -z "${FIPS_BIN:-}" ]; then
	skip "a reference node measures the same" "FIPS_BIN is not set"
	finish
fi
fipsctl=$(dirname "$FIPS_BIN")/fipsctl
rm -f "$(sock b)"
EXTRA_NODE[b]=$brisk$'\n  control:\n    socket_path: '$(sock b)
conf b
start a
start_reference b
theirs() { "$fipsctl" -s "$(sock "$1")" show "$2" 2>&1; }
# their NAME WHAT PYTHON: what their tool says, as d.
their() {
	theirs "$1" "$2" | tee /dev/stderr | python3 -c \
	    "import json,sys; d=json.load(sys.stdin); d=d.get('data',d); sys.exit(not ($3))"
}
check "a reference node is a peer" wait_for 15 connected a b
check "we know the round trip" wait_for 3 has_rtt a link_layer
their_rtt() { their b peers "0 < d['peers'][0]['mmp']['srtt_ms'] < 50"; }
check "pings arrive there" pings a b 300
check "it knows the round trip" their_rtt
check "it has lost nothing" their b peers "d['peers'][0]['mmp']['loss_rate'] == 0"
check "nor have we" holds a link_layer "m['loss_rate'] == 0"
check "its session has a round trip" their b mmp "d['sessions'][0]['session_layer']['srtt_ms'] < 50"
check "ours has one" has_rtt a session_layer
keys="sorted(d['peers'][0]['link_layer']) + sorted(d['sessions'][0]['session_layer'])"
check "its tool reads our numbers as its own" same \
    "$(theirs b mmp | python3 -c "import json,sys; d=json.load(sys.stdin); d=d.get('data',d); print($keys)")" \
    "$(theirs a mmp | python3 -c "import json,sys; d=json.load(sys.stdin); d=d.get('data',d); print($keys)")"
members="sorted(d['peers'][0]['mmp'])"
check "in its list of peers too" same \
    "$(theirs b peers | python3 -c "import json,sys; d=json.load(sys.stdin); d=d.get('data',d); print($members)")" \
    "$(theirs a peers | python3 -c "import json,sys; d=json.load(sys.stdin); d=d.get('data',d); print($members)")"
weather 20 0 0
pings a b 400 >/dev/null 2>&1
check "it measures the loss of its link to us" their b mmp \
    "0.02 < d['peers'][0]['link_layer']['smoothed_loss'] < 0.4"
check "and we of ours to it" lost a 6s 0.1 0.3
weather 0 0 0
check "pings arrive there again" pings a b 300
check "we tell it nothing that it cannot read" refuses grep -i 'malformed' "$tmp/b/log"
note "theirs: $(theirs b mmp | tr -d ' \n' | cut -c1-700)"
note "ours: $(theirs a mmp | tr -d ' \n' | cut -c1-700)"
finish
