#!/bin/bash
# t_reference.sh -- a FIPS v0.4.1 daemon is just another peer.
#
#	FIPS_BIN=/path/to/fips [MINUTES=10] t_reference.sh
#
# Four pairs side by side: who dials (we, they) times the age of keys (default,
# 35 s). Its fipsctl, beside it, must understand our control socket.
. "$(dirname "$0")/lib.sh"

if [ -z "${FIPS_BIN:-}" ]; then
	skip "a reference node is a peer like any other" "FIPS_BIN is not set"
	finish
fi
[ -x "$FIPS_BIN" ] || bail "FIPS_BIN=$FIPS_BIN is no program"
fipsctl=$(dirname "$FIPS_BIN")/fipsctl
MINUTES=${MINUTES:-2}
young=$'  rekey:\n    after_secs: 35'

# pair OURS THEIRS WHO-DIALS MORE-OF-NODE
pair() {
	net "$1" "$2"
	wire "$1" "$2"
	identity "$1" "$2"
	if [ "$3" = "$1" ]; then PEERS[$1]=$2; else PEERS[$2]=$1; fi
	EXTRA_NODE[$1]=$4
	EXTRA_NODE[$2]=$4$'\n  control:\n    socket_path: '$(sock "$2")
	conf "$1"
	conf "$2"
	start "$1"
	start_reference "$2"
}

pair a ra a ""
pair b rb rb ""
pair c rc c "$young"
pair d rd rd "$young"
declare -A what=([a]="we dial, default keys" [b]="they dial, default keys"
    [c]="we dial, young keys" [d]="they dial, young keys")
address_of_theirs() { # the mesh address, from the name alone
	in_net "$1" getent ahostsv6 "${NPUB[r$1]}.fips" | awk '{ print $1; exit }'
}

for n in a b c d; do
	check "${what[$n]}: the link comes up" wait_for 15 connected $n r$n
	check "${what[$n]}: ping to it" wait_for 10 reaches $n r$n
	check "${what[$n]}: ping from it" wait_for 10 reaches r$n $n
	check "${what[$n]}: its address is what we compute" \
	    in_net $n ping -6 -n -c 1 -W 2 "$(address_of_theirs $n)"
done

for n in a b; do
	check "${what[$n]}: 100 MB to it arrive whole" \
	    stream $n r$n "$(address_of_theirs $n)" 100000000 90
	note "$(cat "$tmp/took")"
	check "${what[$n]}: 100 MB from it arrive whole" stream r$n $n "$(mesh_addr $n)" 100000000 90
	note "$(cat "$tmp/took")"
done

# ---- minutes of quiet traffic, over rekeys that each side begins by itself
count=$((MINUTES * 60 * 5)) waits=()
for n in a b c d; do
	background $n ping -6 -n -q -i 0.2 -W 2 -c $count "${NPUB[r$n]}.fips" >"$tmp/$n.out" 2>&1
	waits+=("$bg")
	background r$n ping -6 -n -q -i 0.2 -W 2 -c $count "${NPUB[$n]}.fips" >"$tmp/r$n.out" 2>&1
	waits+=("$bg")
done
wait "${waits[@]}"

their_bad='Session AEAD decryption failed\|Excessive decrypt\|MMP link teardown\|Peer removed\|Rekey msg2 processing failed\|ERROR\|panicked'
our_bad='Session AEAD decryption failed\|Excessive decrypt\|MMP link teardown\|Peer removed\|Rekey msg2 processing failed\|"level": *"ERROR"'
for n in a b c d; do
	check "${what[$n]}: $MINUTES min of pings to it, none lost" \
	    grep -q ' 0% packet loss' "$tmp/$n.out"
	note "$(grep loss "$tmp/$n.out")"
	check "${what[$n]}: $MINUTES min of pings from it, none lost" \
	    grep -q ' 0% packet loss' "$tmp/r$n.out"
	note "$(grep loss "$tmp/r$n.out")"
	check "${what[$n]}: its log shows no decrypt failure and no teardown" \
	    refuses grep -m 5 "$their_bad" "$tmp/r$n/log"
	check "${what[$n]}: nor does ours" refuses grep -m 5 "$our_bad" "$tmp/$n/log"
	check "${what[$n]}: every room lives" is_whole $n
done
for n in c d; do
	links=$(cat "$tmp/$n/log" "$tmp/r$n/log" | grep -v FSP | grep -c 'Rekey cutover complete')
	sessions=$(cat "$tmp/$n/log" "$tmp/r$n/log" | grep -c 'FSP rekey cutover complete')
	note "${what[$n]}: $links link and $sessions session cutovers"
	check "${what[$n]}: keys of the link were renewed" test "$links" -ge "$MINUTES"
	check "${what[$n]}: keys of the session were renewed" test "$sessions" -ge "$MINUTES"
done

# ---- their tool, our socket
theirs() { "$fipsctl" -s "$(sock a)" show "$1" 2>&1; }
field() { theirs "$1" | tee /dev/stderr | python3 -c \
    "import json,sys; d=json.load(sys.stdin); d=d.get('data',d); assert $2, d"; }
if [ -x "$fipsctl" ]; then
	check "their fipsctl shows our status" field status \
	    "d['npub'] == '${NPUB[a]}' and d['peer_count'] == 1 and d['session_count'] == 1"
	check "their fipsctl shows our peers" field peers \
	    "d['peers'][0]['npub'] == '${NPUB[ra]}' and d['peers'][0]['connectivity'] == 'connected'"
	check "their fipsctl shows our sessions" field sessions \
	    "d['sessions'][0]['state'] == 'established'"
	for w in links transports identity-cache tree bloom mmp cache connections routing; do
		check "their fipsctl shows our $w" field $w 'isinstance(d, dict)'
	done
fi

# ---- they restart, we restart
stop ra
start_reference ra
check "a reference node that restarts is found again" wait_for 30 reaches a ra
stop b
start b
check "a reference node finds us again" wait_for 30 reaches b rb
finish
