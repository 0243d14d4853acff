#!/bin/bash
# t_bad_input.sh -- what is malformed, replayed or from the wrong place is
# dropped and counted; what is set up wrongly says so. The house stands.
. "$(dirname "$0")/lib.sh"

net a b
wire a b
identity a b
PEERS[b]=a
# A victim that would rekey by itself would blur the picture.
EXTRA_NODE[a]=$'  rekey:\n    enabled: true\n    after_secs: 600'
EXTRA_NODE[b]=${EXTRA_NODE[a]}
conf a
conf b
$tool people "$tmp/a/hosts" 5000
start a

# A message 1 of this life of b, kept for later.
background a $tool grab eth0 "$tmp/msg1" 114 2>"$tmp/grab"
wait_for 3 grep -q listening "$tmp/grab"
spawn b
check "two nodes find each other" meet a b
began=$SECONDS
check "its message 1 was on the wire" wait_for 3 test -s "$tmp/msg1"
check "ping reaches" reaches a b
in_net b ip addr add 10.99.0.66/24 dev eth0
# from_66 FILE TIMES: an attacker's datagrams; the wrong address, the right bytes.
from_66() { in_net b $tool udp 10.99.0.1 2121 "$1" "$2" 10.99.0.66; }
where() { show a peers 'd["peers"][0]["transport_addr"]'; }

# The pings below must all come back, whatever else arrives.
background a ping -6 -n -q -i 0.05 -W 2 -c 900 "${NPUB[b]}.fips" >"$tmp/pings" 2>&1
pings=$bg

# ---- datagrams
sum() { show a status 'sum(v for k,v in d["refused"].items() if k.startswith(("frame_","link_","hs_")))'; }
before=$(sum)
check "3000 bent datagrams are sent" in_net b $tool garbage 10.99.0.1 2121 3000 1
refused() { [ $(($(sum) - before)) -ge 2000 ]; }
check "and counted by reason" wait_for 5 refused
note "$(show a status '{k:v for k,v in d["refused"].items() if v}')"
for why in frame_short frame_version frame_phase frame_length frame_index; do
	check "some of them as $why" test "$(counter a $why)" -gt 0
done
in_net b $tool strangers 10.99.0.1 2121 500
metered() { [ "$(counter a link_rate)" -gt 0 ]; }
check "a flood of strangers' handshakes is metered" wait_for 3 metered
keyed() { [ $(($(counter a hs_auth) + $(counter a hs_key))) -gt 0 ]; }
check "what passes the meter does not authenticate" wait_for 3 keyed
check "the house stands" is_whole a

# ---- DNS and control
check "500 bent DNS queries are sent" in_net a $tool dns ::1 53 500 1
still_answers() { [ -n "$(in_net a dig +short +time=10 +tries=1 -p 53 @::1 AAAA "${NPUB[b]}.fips")" ]; }
check "the responder still answers" still_answers
check "bad clients of the control socket are answered or cut" $tool ctl "$(sock a)"
check "a crowd of silent clients keeps nobody out" $tool crowd "$(sock a)"
check "a list of 5,000 is whole for each of many readers" $tool lists "$(sock a)" 5000
for why in ctl_malformed ctl_too_large ctl_timeout ctl_busy; do
	check "and counted as $why" test "$(counter a $why)" -gt 0
done
check "the house stands after that" is_whole a

# ---- replays
background a $tool grab eth0 "$tmp/frame" 37 2>"$tmp/grab"
check "a frame of the link was on the wire" wait_for 12 test -s "$tmp/frame"
was=$(where)
replays=$(counter a link_replay)
from_66 "$tmp/frame" 5
more_replays() { [ "$(counter a link_replay)" -gt "$replays" ]; }
check "a replayed frame is counted" wait_for 3 more_replays
check "and does not move the peer" same "$was" "$(where)"

# Only on a link older than 30 s can a message 1 be taken for a rekey.
while [ $((SECONDS - began)) -lt 32 ]; do sleep 0.5; done
from_66 "$tmp/msg1" 3
sleep 3
from_66 "$tmp/msg1" 1
replayed() { [ "$(counter a link_replayed_msg1)" -gt 0 ]; }
check "a replayed message 1 is counted" wait_for 3 replayed
sleep 1
check "and does not move the peer either" same "$was" "$(where)"
check "nor cut over" refuses grep -q 'ekey cutover complete' "$tmp/a/log"
wait $pings
check "not one of 900 pings was lost" grep -q '900 received, 0% packet loss' "$tmp/pings"
note "$(tail -n 2 "$tmp/pings" | tr '\n' ' ')"

# A message 1 of a life before this one looks like a restart.
stop b
start b
check "a restarted peer is found again" wait_for 15 reaches a b
background a ping -6 -n -q -i 0.05 -W 2 -c 80 "${NPUB[b]}.fips" >"$tmp/pings" 2>&1
pings=$bg
sleep 0.5
from_66 "$tmp/msg1" 3
wait $pings
check "a message 1 of an older life tears nothing down" \
    grep -q '80 received, 0% packet loss' "$tmp/pings"
note "$(tail -n 2 "$tmp/pings" | tr '\n' ' ')"
check "the peer is where it was" wait_for 5 connected a b
stop b

# ---- two nodes with one identity
net c
NSEC[c]=${NSEC[a]} NPUB[c]=${NPUB[a]}
ip link add eth1 netns "$(ns a)" type veth peer name eth0 netns "$(ns c)"
ip -n "$(ns a)" addr add 10.98.0.1/24 dev eth1
ip -n "$(ns a)" link set eth1 up
ip -n "$(ns c)" addr add 10.98.0.2/24 dev eth0
ip -n "$(ns c)" link set eth0 up
PEER_ADDR=10.98.0.1:2121 PEERS[c]=a
PEER_ADDR=10.98.0.1:2121 conf c
spawn c
says() { grep -qiE "$2" "$tmp/$1/log"; }
check "two nodes with one identity: the second one says so" \
    wait_for 10 says c 'own (key|identity|npub)|same (key|identity)|share'
[ -z "${PID[c]:-}" ] || stop c >/dev/null
PEERS[c]=

# ---- a house that cannot stand says why, at once, and leaves nothing
identity c
# falls NAME PATTERN: it ends with a status that is not 0 and a line like that.
falls() {
	local rc p
	: >"$tmp/$1/log"
	spawn "$1"
	p=${PID[$1]}
	unset "PID[$1]"
	wait_for 8 gone "$p" || { kill -KILL "$p"; echo "still runs"; cat "$tmp/$1/log"; return 1; }
	wait "$p"
	rc=$?
	cut -c1-300 "$tmp/$1/log" | tail -n 5
	[ $rc -ne 0 ] || { echo "status 0"; return 1; }
	! in_net "$1" ip link show fips0 2>/dev/null || { echo "fips0 is left"; return 1; }
	! [ -e "$(sock "$1")" ] || { echo "the socket is left"; return 1; }
	grep -qiE "$2" "$tmp/$1/log"
}
conf c
f=$tmp/c/fips.yaml
background c $tool echo ::ffff:0.0.0.0 2121 2>"$tmp/busy"
busy=$bg
wait_for 3 grep -q listening "$tmp/busy"
check "a busy port is named" falls c '2121.*(taken|in use)'
end $busy

chmod 666 "$f"
check "a configuration that others may write is refused" falls c 'fips.yaml.*(writ|mode|owner)'
chmod 600 "$f"; chown 65534 "$f"
check "a configuration of another owner is refused" falls c 'fips.yaml.*own'
chown 0 "$f"
echo 'peerz: []' >>"$f"
line=$(wc -l <"$f")
check "an unknown key is named with file, line, column and its neighbour" \
    falls c "fips.yaml:$line:1.*peerz.*peers"
conf c; echo 'node: [' >>"$f"
check "broken YAML is named with file and line" falls c 'fips.yaml:[0-9]+:[0-9]+'
conf c; sed -i 's/mtu: 1280/mtu: 12/' "$f"
check "a number out of range is named" falls c 'fips.yaml:[0-9]+:[0-9]+.*mtu'
conf c; sed -i "s/${NSEC[c]}/nsec1qqqqqqqq/" "$f"
check "a key that is none is an error" falls c 'nsec|identity|key'
check "which does not print it" refuses grep -q nsec1qqqq "$tmp/c/log"
rm "$f"
check "a missing configuration is named" falls c 'fips.yaml'

NSEC[c]=
EXTRA_NODE[c]=$'  identity:\n    persistent: true'
conf c
k=$tmp/c/state/fips.key
start c
stop c
check "a key file is made for a persistent identity" test -s "$k"
chmod 644 "$k"
check "a key file that others may read is refused" falls c 'fips.key.*(0600|600|mode)'
chmod 600 "$k"; mv "$k" "$k.away"; ln -s "$k.away" "$k"
check "a key file behind a symbolic link is refused" falls c 'fips.key'
rm "$k"; echo "nonsense" >"$k"; chmod 600 "$k"
check "a key file that holds no key is refused" falls c 'fips.key|key file'
rm "$k"
EXTRA_NODE[c]=
conf c

grep -v '^bastide:' /etc/group >"/etc/netns/$(ns c)/group"
says_group() {
	: >"$tmp/c/log"
	spawn c
	wait_for 5 says c 'group' || { tail -n 5 "$tmp/c/log"; return 1; }
}
check "a group that is missing is named" says_group
[ -z "${PID[c]:-}" ] || stop c >/dev/null 2>&1
rm "/etc/netns/$(ns c)/group"

# No TUN in this mount namespace, which is the test's own.
no_tun() {
	ip netns exec "$(ns c)" unshare -m sh -c "mount --bind /dev/null /dev/net/tun &&
	    exec timeout 30 '$BASTIDE_BUILD/privd' -c '$f' -r '$tmp/c/run' -s '$tmp/c/state'" \
	    >"$tmp/c/log" 2>&1
	local rc=$?
	tail -n 3 "$tmp/c/log"
	[ $rc -ne 0 ] && [ $rc -ne 124 ] && grep -qiE 'tun' "$tmp/c/log"
}
check "a missing TUN is named" no_tun
in_net c sysctl -qw net.ipv6.conf.all.disable_ipv6=1
check "a machine without IPv6 is told so" falls c 'ipv6'
in_net c sysctl -qw net.ipv6.conf.all.disable_ipv6=0

check "the first node stands to the end" is_whole a
check "and stops cleanly" stop a
finish
