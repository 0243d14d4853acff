#!/bin/bash
# t_reference_weather.sh -- a bad wire to a FIPS v0.4.1 daemon, in both roles.
#
#	FIPS_BIN=/path/to/fips t_reference_weather.sh
#
# Loss, disorder, doubles, an address that changes in mid-transfer, restarts of
# either side and rekeys that we force, all on one wire.
. "$(dirname "$0")/lib.sh"

if [ -z "${FIPS_BIN:-}" ]; then
	skip "a bad wire to a reference node" "FIPS_BIN is not set"
	finish
fi
[ -x "$FIPS_BIN" ] || bail "FIPS_BIN=$FIPS_BIN is no program"

net a ra
long_wire a ra
identity a ra
move() {
	ip -n "$(ns a)" addr flush dev eth0 scope global
	ip -n "$(ns a)" addr add "10.99.0.$1/24" dev eth0
}
wander() {
	sleep 0.4; move 11
	sleep 0.5; move 12
}
theirs() { in_net a getent ahostsv6 "${NPUB[ra]}.fips" | awk '{ print $1; exit }'; }
bad_lines='Session AEAD decryption failed\|Excessive decrypt\|MMP link teardown\|Rekey msg2 processing failed\|panicked'

# try ROLE: everything, with the one that dials configured so.
try() {
	local role=$1 there here_addr forced walk
	weather 0 0 0
	start a
	start_reference ra
	check "$role: the link comes up" wait_for 15 connected a ra
	check "$role: ping by npub" wait_for 10 reaches a ra
	check "$role: and back" wait_for 10 reaches ra a
	there=$(theirs) here_addr=$(mesh_addr a)
	weather 10 0 0
	check "$role: 5 MB to it arrive whole at 10 % loss" stream a ra "$there" 5000000 60
	check "$role: 5 MB from it arrive whole at 10 % loss" stream ra a "$here_addr" 5000000 60
	weather 0 20 0
	check "$role: 100 MB to it arrive whole out of order" stream a ra "$there" 100000000 90
	weather 0 0 20
	check "$role: 20 MB from it arrive whole with doubles" stream ra a "$here_addr" 20000000 60
	weather 0 0 0

	# A reference node answers a rekey once its keys are 30 s old.
	sleep 31
	pinging a "${NPUB[ra]}.fips"
	forced=0
	for _ in 1 2 3 4 5; do
		wait_for 10 ctl a rekey "${NPUB[ra]}" session && forced=$((forced + 1))
		sleep 3
	done
	check "$role: five rekeys of the session could be forced" same 5 $forced
	check "$role: and one of the link" wait_for 35 ctl a rekey "${NPUB[ra]}" link
	sleep 3
	stop_pings
	check "$role: not one ping was lost meanwhile" unbroken 200
	note "$(grep loss "$tmp/pings")"

	wander &
	walk=$!
	check "$role: 100 MB arrive whole while our address changes" \
	    stream a ra "$there" 100000000 90
	wait "$walk"
	move 1
	check "$role: and pings after the way back" wait_for 10 reaches a ra
	check "$role: its log shows no decrypt failure and no teardown" \
	    refuses grep -m 5 "$bad_lines" "$tmp/ra/log"
	check "$role: nor does ours" refuses grep -m 5 "$bad_lines" "$tmp/a/log"
	kill -KILL "${PID[ra]}"
	wait "${PID[ra]}" 2>/dev/null
	unset "PID[ra]"
	start_reference ra
	# Whoever does not dial learns of it when the link is dead: 30 s, and 10 s.
	check "$role: killed and started again, it is found" wait_for 60 reaches a ra
	stop a
	start a
	check "$role: stopped and started again, we are found" wait_for 45 reaches ra a
	check "$role: every room lives" is_whole a
	stop a
	stop ra
}

EXTRA_NODE[ra]=$'  control:\n    socket_path: '$(sock ra)
PEERS[a]=ra PEERS[ra]=
conf a
conf ra
try "we dial"
rm -f "$tmp/a/log" "$tmp/ra/log"
PEERS[a]= PEERS[ra]=a
conf a
conf ra
try "they dial"
finish
